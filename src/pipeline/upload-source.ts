import { PipelineError } from '../contracts/errors.ts';
import type { UploadManifest } from '../contracts/events.ts';
import type { ObjectKey, ObjectRef } from '../contracts/identifiers.ts';
import type { Ports } from '../ports/index.ts';
import { inParallel } from './in-parallel.ts';
import { readUploadManifest, uploadFolder } from './read-upload-manifest.ts';
import { readSeriesHeader, readSeriesUid, type SeriesHeader } from './series-header.ts';
import {
  isDataProblem,
  type SessionSource,
  type SourceContour,
  type SourceSeries,
} from './session-source.ts';

type UploadPorts = Pick<Ports, 'objects' | 'hasher'>;
type ListedFile = UploadManifest['images'][number];

const FILES_AT_ONCE = 16;
const ASSESSOR_CHARACTERS = 16;
const DICOM = 'application/dicom';

/** A session whose files were put below `incoming/`; each is held to the digest that its manifest gives. */
export async function openUploadSource(
  manifestKey: ObjectKey,
  project: string,
  ports: UploadPorts,
): Promise<SessionSource> {
  const manifest = await readUploadManifest(manifestKey, ports.objects);
  const folder = uploadFolder(manifestKey);
  const [listed] = await ports.objects.list(manifestKey, 1);
  let grouping: Promise<Grouping> | null = null;
  return {
    subject: manifest.subject,
    contours: () =>
      inParallel(manifest.structures, FILES_AT_ONCE, (file) =>
        readContour(folder, file, listed?.modifiedAt ?? '', ports),
      ),
    async findSeries(seriesUid) {
      grouping ??= storeImages(manifest.images, folder, project, ports);
      return seriesOf(seriesUid, await grouping);
    },
    close: async () => undefined,
  };
}

interface StoredImage {
  readonly header: SeriesHeader;
  readonly ref: ObjectRef;
}

interface Grouping {
  readonly bySeries: ReadonlyMap<string, StoredImage[]>;
  /** By series, what is wrong with a file of it. */
  readonly damaged: ReadonlyMap<string, PipelineError>;
  /** Of a file of which nobody can say to which series it belongs: it may be missing from any. */
  readonly unplaced: PipelineError | null;
}

type Placed =
  | (StoredImage & { readonly problem: null })
  | { readonly problem: PipelineError; readonly seriesUid: string | null };

async function storeImages(
  images: readonly ListedFile[],
  folder: string,
  project: string,
  ports: UploadPorts,
): Promise<Grouping> {
  const bySeries = new Map<string, StoredImage[]>();
  const damaged = new Map<string, PipelineError>();
  const placed = await inParallel(images, FILES_AT_ONCE, (file) => storeImage(file, folder, project, ports));
  for (const image of placed) {
    if (image.problem === null) {
      const { seriesUid } = image.header;
      bySeries.set(seriesUid, [...(bySeries.get(seriesUid) ?? []), image]);
    } else damaged.set(image.seriesUid ?? '', image.problem);
  }
  // What names a series that no sound file is of may have been cut off in the name.
  const unplaced = [...damaged].find(([seriesUid]) => !bySeries.has(seriesUid))?.[1] ?? null;
  return { bySeries, damaged, unplaced };
}

/** A file whose digest differs is not believed what series it names. */
async function storeImage(
  file: ListedFile,
  folder: string,
  project: string,
  ports: UploadPorts,
): Promise<Placed> {
  const bytes = await ports.objects.read({ key: `${folder}${file.key}` });
  const changed = digestProblem(file, bytes, ports);
  if (changed) return { problem: changed, seriesUid: null };
  const header = readHeader(file, bytes);
  if (header instanceof PipelineError) return { problem: header, seriesUid: readSeriesUid(bytes) };
  return { header, problem: null, ref: await ports.objects.writeBlob(project, bytes, DICOM) };
}

/** @throws what is wrong with a file of the series, or with one that may be of it */
function seriesOf(seriesUid: string, { bySeries, damaged, unplaced }: Grouping): SourceSeries | null {
  const problem = damaged.get(seriesUid) ?? unplaced;
  if (problem) throw problem;
  const images = bySeries.get(seriesUid);
  if (!images) return null;
  const [first] = images;
  const slices = images.map(({ ref }) => ref).sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
  const voxelCount = images.reduce((sum, { header }) => sum + header.pixels, 0);
  return {
    seriesUid,
    scanId: null,
    seriesDescription: first?.header.seriesDescription ?? '',
    modality: first?.header.modality ?? '',
    store: async () => ({ slices, voxelCount }),
  };
}

/** The collection's id is its place in the upload, so that a later upload of the same file replaces it. */
async function readContour(
  folder: string,
  file: ListedFile,
  savedAt: string,
  ports: UploadPorts,
): Promise<SourceContour> {
  const bytes = await ports.objects.read({ key: `${folder}${file.key}` });
  const assessorId = `upload-${ports.hasher.sha256(file.key).slice(0, ASSESSOR_CHARACTERS)}`;
  return { assessorId, savedAt, bytes, companion: null, problem: digestProblem(file, bytes, ports) };
}

/** The header, or why it cannot be read; names the file, because a series of hundreds is searched for the one. */
function readHeader(file: ListedFile, bytes: Uint8Array): SeriesHeader | PipelineError {
  try {
    return readSeriesHeader(bytes);
  } catch (error) {
    if (!isDataProblem(error)) throw error;
    return new PipelineError(error.code, `${file.key}: ${error.message}`, error.details, { cause: error });
  }
}

function digestProblem(file: ListedFile, bytes: Uint8Array, { hasher }: UploadPorts): PipelineError | null {
  const actual = hasher.sha256(bytes);
  if (actual === file.sha256) return null;
  return new PipelineError(
    'DigestMismatch',
    `${file.key} has SHA-256 ${actual}, the manifest says ${file.sha256}; upload it again and write _COMPLETE.json anew`,
    { expected: file.sha256, actual },
  );
}
