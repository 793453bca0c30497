import { stat } from 'node:fs/promises';
import type { PipelineError } from '../../contracts/errors.ts';
import type { ByteSource } from '../../engine/byte-source.ts';
import { LOCAL_READS_AT_ONCE, listFolder } from '../../engine/local-source.ts';
import type { Slice } from '../../imaging/dicom/slice.ts';
import { UsageError } from '../exit-codes.ts';
import { type ImageFile, readImageFile } from '../imaging/read-image-file.ts';

/** Slices whose pixels must not be decoded: only what comes before them was read, where that was possible. */
export interface SliceHeaders {
  readonly slices: readonly Slice[];
  /** Images that cannot be part of a volume. */
  readonly leftOut: readonly LeftOut[];
}

interface LeftOut {
  readonly file: string;
  /** Undefined when the file is too damaged to tell. */
  readonly seriesUid: string | undefined;
  readonly error: PipelineError;
}

/** Holds the attributes of nearly every classic image. */
const HEAD_BYTES = 16 * 1024;
const RESERVED_AT_ONCE_BYTES = 1024 ** 3;

/**
 * Reads the attributes of every DICOM image below a folder; other files are passed over.
 *
 * @throws UsageError when there is no such folder
 */
export async function readSliceHeaders(folder: string): Promise<SliceHeaders> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory())
    throw new UsageError(`there is no folder ${folder}; give the folder of the DICOM files`);
  const sources = await listFolder(folder);
  const memoryFor = reserve(sources);
  const slices = new Array<readonly Slice[]>(sources.length).fill([]);
  const leftOut: LeftOut[] = [];
  let next = 0;
  const readNext = async (): Promise<void> => {
    for (let index = next++; index < sources.length; index = next++) {
      const source = sources[index] as ByteSource;
      const content = await readAttributes(source, memoryFor(source, index));
      if (content.kind === 'image') slices[index] = content.slices;
      if (content.kind === 'refused')
        leftOut.push({ file: source.name, seriesUid: content.seriesUid, error: content.error });
    }
  };
  await Promise.all(Array.from({ length: LOCAL_READS_AT_ONCE }, readNext));
  return { slices: slices.flat(), leftOut };
}

/**
 * Memory of each file's size, in one piece where that is reasonable: hundreds of large buffers would keep the garbage
 * collector busy. Nothing of it is used until it is touched.
 */
function reserve(sources: readonly ByteSource[]): (source: ByteSource, index: number) => Uint8Array {
  const places: number[] = [];
  let total = 0;
  for (const { sizeBytes } of sources) {
    places.push(total);
    total += Math.ceil(sizeBytes / 8) * 8;
  }
  if (total > RESERVED_AT_ONCE_BYTES) return ({ sizeBytes }) => new Uint8Array(sizeBytes);
  const memory = new ArrayBuffer(total);
  return ({ sizeBytes }, index) => new Uint8Array(memory, places[index], sizeBytes);
}

/**
 * The file's beginning is read into a buffer of the file's size, whose rest costs no memory until it is touched. When
 * the attributes turn out to reach beyond it, or pixels are needed to understand them, the rest is read as well.
 */
async function readAttributes(source: ByteSource, bytes: Uint8Array): Promise<ImageFile> {
  if (source.sizeBytes > HEAD_BYTES) {
    await source.readInto(bytes.subarray(0, HEAD_BYTES));
    const content = readImageFile(bytes);
    if (content.kind === 'image' && content.slices.every((slice) => isWithinHead(slice, bytes)))
      return content;
  }
  await source.readInto(bytes);
  return readImageFile(bytes);
}

/** One native frame that begins within what was read: everything before it was there. */
function isWithinHead({ encoded }: Slice, bytes: Uint8Array): boolean {
  const [pixels] = encoded.parts;
  const inFile = pixels?.buffer === bytes.buffer;
  return inFile && encoded.tile === undefined && pixels.byteOffset - bytes.byteOffset <= HEAD_BYTES;
}
