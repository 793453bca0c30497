import { stat } from 'node:fs/promises';
import type { PipelineError } from '../../contracts/errors.ts';
import type { ByteSource } from '../../engine/byte-source.ts';
import { LOCAL_READS_AT_ONCE, listFolder } from '../../engine/local-source.ts';
import { readIntoSlab } from '../../engine/shared-slab.ts';
import type { Slice } from '../../imaging/dicom/slice.ts';
import { UsageError } from '../exit-codes.ts';
import { type ImageFile, readImageFile } from './read-image-file.ts';

/** One file of a series, its bytes in shared memory. */
export interface SeriesFile {
  readonly path: string;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** None of a file that was refused. */
  readonly slices: readonly Slice[];
  readonly refusal: PipelineError | null;
}

export interface FolderSeries {
  readonly seriesUid: string;
  /** The files in the order of their paths, read again at each call for a folder larger than memory. */
  files(): Promise<readonly SeriesFile[]>;
}

/** The image series below a folder, and what else was there. */
export interface DicomFolder {
  /** In the order of their UIDs. */
  readonly series: readonly FolderSeries[];
  /** Images whose series cannot be told, because they are damaged. */
  readonly lost: readonly { readonly path: string; readonly error: PipelineError }[];
  /** Contours, segmentations, reports and the like. */
  readonly otherObjects: number;
  readonly notDicom: number;
}

export interface OpenFolderOptions {
  /** Folders of at most this many bytes are read once; of larger ones each series is read when it is asked for. */
  readonly readAtOnceBytes?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

const READ_AT_ONCE_BYTES = 1024 ** 3;

interface ReadFile {
  readonly source: ByteSource;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly content: ImageFile;
}

/**
 * Finds the image series below a folder.
 *
 * @throws UsageError when there is no such folder; VolumeTooLarge when a series does not fit into memory
 */
export async function openDicomFolder(
  folder: string,
  { readAtOnceBytes = READ_AT_ONCE_BYTES, onProgress = () => {} }: OpenFolderOptions = {},
): Promise<DicomFolder> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory())
    throw new UsageError(`there is no folder ${folder}; give the folder of the DICOM files`);
  const sources = await listFolder(folder);
  const total = sources.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (total > readAtOnceBytes) return indexFolder(sources, onProgress);
  const files = await readFiles(sources, onProgress);
  return describe(files, (read) => Promise.resolve(read.map(seriesFile)));
}

/** Each file is read on its own and forgotten, but for the series that it belongs to. */
async function indexFolder(
  sources: readonly ByteSource[],
  onProgress: (done: number, total: number) => void,
): Promise<DicomFolder> {
  const files: ReadFile[] = [];
  for (const [index, source] of sources.entries()) {
    const [file] = await readFiles([source], () => {});
    if (file !== undefined)
      files.push({ ...file, bytes: new Uint8Array(new SharedArrayBuffer(0)), content: withoutPixels(file) });
    onProgress(index + 1, sources.length);
  }
  return describe(files, async (known) => {
    const read = await readFiles(
      known.map(({ source }) => source),
      () => {},
    );
    return read.map(seriesFile);
  });
}

function withoutPixels({ content }: ReadFile): ImageFile {
  return content.kind === 'image' ? { ...content, slices: [] } : content;
}

async function readFiles(
  sources: readonly ByteSource[],
  onProgress: (done: number, total: number) => void,
): Promise<ReadFile[]> {
  const files: ReadFile[] = new Array(sources.length);
  let done = 0;
  await readIntoSlab(sources, {
    atOnce: LOCAL_READS_AT_ONCE,
    onRead: (bytes, index) => {
      files[index] = { source: sources[index] as ByteSource, bytes, content: readImageFile(bytes) };
      done += 1;
      onProgress(done, sources.length);
    },
  });
  return files;
}

function describe(
  files: readonly ReadFile[],
  read: (files: readonly ReadFile[]) => Promise<readonly SeriesFile[]>,
): DicomFolder {
  const series = new Map<string, ReadFile[]>();
  const lost: DicomFolder['lost'][number][] = [];
  for (const file of files) {
    const { content, source } = file;
    if (content.kind === 'object' || content.kind === 'not-dicom') continue;
    const uid = content.seriesUid;
    const known = series.get(uid ?? '');
    if (uid === undefined) lost.push({ path: source.name, error: content.error });
    else if (known === undefined) series.set(uid, [file]);
    else known.push(file);
  }
  const count = (kind: ImageFile['kind']): number =>
    files.filter(({ content }) => content.kind === kind).length;
  return {
    series: [...series]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([seriesUid, members]) => ({ seriesUid, files: () => read(members) })),
    lost,
    otherObjects: count('object'),
    notDicom: count('not-dicom'),
  };
}

function seriesFile({ source, bytes, content }: ReadFile): SeriesFile {
  return {
    path: source.name,
    bytes,
    slices: content.kind === 'image' ? content.slices : [],
    refusal: content.kind === 'refused' ? content.error : null,
  };
}
