import { stat } from 'node:fs/promises';
import type { ByteSource } from '../../engine/byte-source.ts';
import { LOCAL_READS_AT_ONCE, type LocalSource, listFolder } from '../../engine/local-source.ts';
import type { Slice } from '../../imaging/dicom/slice.ts';
import { UsageError } from '../exit-codes.ts';
import type { SeriesMember } from '../imaging/plan-folder-series.ts';
import { type ImageFile, readImageFile } from '../imaging/read-image-file.ts';
import { headReader, type ReadHead } from './read-head.ts';

/** Images whose pixels must not be decoded: only what comes before them was read, where that was possible. */
export interface SliceHeaders {
  /** In the order of their paths. */
  readonly files: readonly HeaderFile[];
}

/** One image file. */
export interface HeaderFile extends SeriesMember {
  readonly file: string;
  /** Undefined when the file is too damaged to tell. */
  readonly seriesUid: string | undefined;
}

/** An image file with the memory its slices are views of. */
interface ReadHeader extends HeaderFile {
  readonly source: ByteSource;
  readonly bytes: Uint8Array;
}

/** Holds the attributes of nearly every classic image. */
const HEAD_BYTES = 16 * 1024;
const RESERVED_AT_ONCE_BYTES = 1024 ** 3;

/**
 * Reads the attributes of every DICOM image below a folder; other files are passed over.
 *
 * @throws UsageError when there is no such folder
 */
export async function readSliceHeaders(
  folder: string,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<SliceHeaders> {
  const there = await stat(folder).catch(() => undefined);
  if (!there?.isDirectory())
    throw new UsageError(`there is no folder ${folder}; give the folder of the DICOM files`);
  const sources = await listFolder(folder);
  const memoryFor = reserve(sources);
  const found = new Array<ReadHeader | undefined>(sources.length);
  const readHead = headReader();
  let [next, done] = [0, 0];
  const readNext = async (): Promise<void> => {
    for (let index = next++; index < sources.length; index = next++) {
      const source = sources[index] as LocalSource;
      const bytes = memoryFor(source, index);
      found[index] = headerFile(await readAttributes(source, bytes, readHead), source, bytes);
      onProgress(++done, sources.length);
    }
  };
  await Promise.all(Array.from({ length: LOCAL_READS_AT_ONCE }, readNext));
  const files = found.filter((file) => file !== undefined);
  await readRepeated(files);
  return { files };
}

function headerFile(content: ImageFile, source: ByteSource, bytes: Uint8Array): ReadHeader | undefined {
  if (content.kind === 'object' || content.kind === 'not-dicom') return undefined;
  const { seriesUid } = content;
  const [slices, refusal] = content.kind === 'image' ? [content.slices, null] : [[], content.error];
  return { file: source.name, seriesUid, slices, refusal, source, bytes };
}

/** Whether two files of one SOP instance are copies, which planning drops, only their pixels tell. */
async function readRepeated(files: readonly ReadHeader[]): Promise<void> {
  const byInstance = new Map<string, ReadHeader[]>();
  for (const file of files) {
    const uid = file.slices[0]?.sopInstanceUid ?? '';
    const known = byInstance.get(uid);
    if (known === undefined) byInstance.set(uid, [file]);
    else known.push(file);
  }
  byInstance.delete('');
  for (const repeated of byInstance.values()) {
    if (repeated.length === 1) continue;
    for (const { source, bytes } of repeated) await source.readInto(bytes);
  }
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
async function readAttributes(
  source: LocalSource,
  bytes: Uint8Array,
  readHead: ReadHead,
): Promise<ImageFile> {
  if (source.sizeBytes > HEAD_BYTES) {
    await readHead(source, bytes.subarray(0, HEAD_BYTES));
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
