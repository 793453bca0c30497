import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { PipelineError } from '../contracts/errors.ts';
import { decodeNifti } from '../imaging/nifti/decode-nifti.ts';
import { isGzip } from '../imaging/nifti/gzip.ts';
import type { NiftiValues } from '../imaging/nifti/nifti-header.ts';
import {
  LONGEST_HEADER,
  malformed,
  type NiftiHeader,
  niftiFileBytes,
  readNiftiHeader,
} from '../imaging/nifti/read-header.ts';

/** A NIfTI file while it is read: its header is there, its voxels are on their way into shared memory. */
export interface ArrivingNifti {
  readonly header: NiftiHeader;
  /** Stored or scaled values, i fastest; filled up to the slices that have arrived. */
  readonly values: NiftiValues;
  readonly arrival: SliceArrival;
  /** @throws MalformedNifti when the file is damaged or cut off */
  readonly complete: Promise<void>;
}

/** Lets threads wait for slices; plain data. */
export interface SliceArrival {
  /** One number: slices that are there, or -1 when no more will come. */
  readonly slices: Int32Array<SharedArrayBuffer>;
}

const FAILED = -1;
const CHUNK_BYTES = 1 << 20;
/** Extensions and rounding may follow the voxels; more is no NIfTI file. */
const MOST_TRAILING_BYTES = 16 * CHUNK_BYTES;
/** No deflate stream expands further. */
const MOST_EXPANSION = 1032;

/**
 * Opens a `.nii` or `.nii.gz` file, whatever its name, and reads on while the caller works.
 *
 * Values that are stored as they are count as there slice by slice; scaled, big endian and 64-bit ones all at the end.
 *
 * @throws MalformedNifti, UnsupportedNifti, VolumeTooLarge for what the header says
 */
export async function openNifti(path: string): Promise<ArrivingNifti> {
  const { stream, mostExpansion } = await openExpanded(path);
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const start = await readStart(chunks);
  const header = readNiftiHeader(start);
  const bytes = new Uint8Array(new SharedArrayBuffer(await plausibleBytes(header, path, mostExpansion)));
  const arrival = { slices: new Int32Array(new SharedArrayBuffer(4)) };
  const inPlace = holdsValuesAsStored(header);
  const complete = fill(bytes, start, chunks, (filled) => {
    if (inPlace) announce(arrival, slicesIn(header, filled));
  }).catch((error: unknown) => {
    announce(arrival, FAILED);
    throw error;
  });
  if (inPlace) {
    // Whoever works on the values awaits it; until then a failure is not unhandled.
    complete.catch(() => undefined);
    return { header, values: decodeNifti(bytes).values, arrival, complete };
  }
  await complete;
  announce(arrival, header.geometry.sizeIjk[2]);
  return { header, values: shared(decodeNifti(bytes).values), arrival, complete };
}

/** Blocks a worker thread until the first `count` slices are there. */
export function waitForSlices({ slices }: SliceArrival, count: number): void {
  for (let there = Atomics.load(slices, 0); there < count; there = Atomics.load(slices, 0)) {
    if (there === FAILED) throw malformed('its data is damaged or cut off');
    Atomics.wait(slices, 0, there);
  }
}

function announce({ slices }: SliceArrival, count: number): void {
  if (Atomics.exchange(slices, 0, count) !== count) Atomics.notify(slices, 0);
}

interface Expanded {
  readonly stream: Readable;
  readonly mostExpansion: number;
}

async function openExpanded(path: string): Promise<Expanded> {
  const file = await open(path);
  const { buffer } = await file.read(new Uint8Array(2), 0, 2, 0).finally(() => file.close());
  const raw = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  if (!isGzip(buffer)) return { stream: raw, mostExpansion: 1 };
  const expanded = createGunzip({ chunkSize: CHUNK_BYTES });
  raw.on('error', (error) => expanded.destroy(error));
  return { stream: raw.pipe(expanded), mostExpansion: MOST_EXPANSION };
}

async function readStart(chunks: AsyncIterator<Buffer>): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let length = 0;
  while (length < LONGEST_HEADER) {
    const next = await nextChunk(chunks);
    if (next === undefined) break;
    parts.push(next);
    length += next.length;
  }
  return Buffer.concat(parts);
}

async function nextChunk(chunks: AsyncIterator<Buffer>): Promise<Buffer | undefined> {
  try {
    const { done, value } = await chunks.next();
    return done ? undefined : value;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    if (!code.startsWith('Z_')) throw cause;
    throw malformed('its gzip data is damaged or cut off');
  }
}

/** Bytes of the file's content up to its last voxel, unless no file of this size can hold them. */
async function plausibleBytes(header: NiftiHeader, path: string, mostExpansion: number): Promise<number> {
  const needed = niftiFileBytes(header);
  const { size } = await stat(path);
  if (needed > size * mostExpansion)
    throw malformed(`its voxels end at byte ${needed}, which ${size} bytes of file cannot hold`);
  return needed;
}

function holdsValuesAsStored({
  littleEndian,
  bytesPerVoxel,
  dataOffset,
  slope,
  intercept,
}: NiftiHeader): boolean {
  const plain = slope === 1 && intercept === 0 && bytesPerVoxel < 8;
  return plain && (bytesPerVoxel === 1 || (littleEndian && dataOffset % bytesPerVoxel === 0));
}

function slicesIn({ geometry: { sizeIjk }, bytesPerVoxel, dataOffset }: NiftiHeader, filled: number): number {
  return Math.max(0, Math.floor((filled - dataOffset) / (sizeIjk[0] * sizeIjk[1] * bytesPerVoxel)));
}

async function fill(
  bytes: Uint8Array,
  start: Uint8Array,
  chunks: AsyncIterator<Buffer>,
  onFilled: (filled: number) => void,
): Promise<void> {
  let filled = 0;
  for (let chunk: Uint8Array | undefined = start; chunk !== undefined; chunk = await nextChunk(chunks)) {
    if (filled < bytes.length) bytes.set(chunk.subarray(0, bytes.length - filled), filled);
    filled += chunk.length;
    if (filled > bytes.length + MOST_TRAILING_BYTES) throw trailing(bytes.length);
    onFilled(Math.min(filled, bytes.length));
  }
  if (filled < bytes.length)
    throw malformed(`its voxels end at byte ${bytes.length}, the file has ${filled} bytes`);
}

function trailing(needed: number): PipelineError {
  return new PipelineError(
    'DecompressionBomb',
    `more than ${MOST_TRAILING_BYTES} bytes follow the ${needed} bytes that the header states; write the file again`,
    { needed, allowed: MOST_TRAILING_BYTES },
  );
}

function shared(values: NiftiValues): NiftiValues {
  if (values.buffer instanceof SharedArrayBuffer) return values;
  const Type = values.constructor as new (buffer: SharedArrayBuffer) => NiftiValues;
  const copy = new Type(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}
