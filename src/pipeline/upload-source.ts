import { PipelineError } from '../contracts/errors.ts';
import type { UploadManifest } from '../contracts/events.ts';
import type { ObjectKey, ObjectRef } from '../contracts/identifiers.ts';
import type { Ports } from '../ports/index.ts';
import { inParallel } from './in-parallel.ts';
import { readUploadManifest, uploadFolder } from './read-upload-manifest.ts';
import { readSeriesHeader, type SeriesHeader } from './series-header.ts';
import type { SessionSource, SourceContour, SourceSeries } from './session-source.ts';

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
  let grouping: Promise<Map<string, StoredImage[]>> | null = null;
  return {
    subject: manifest.subject,
    contours: () =>
      inParallel(manifest.structures, FILES_AT_ONCE, (file) =>
        readContour(folder, file, listed?.modifiedAt ?? '', ports),
      ),
    async findSeries(seriesUid) {
      grouping ??= storeImages(manifest.images, folder, project, ports);
      const images = (await grouping).get(seriesUid);
      return images ? seriesOf(seriesUid, images) : null;
    },
    close: async () => undefined,
  };
}

interface StoredImage {
  readonly header: SeriesHeader;
  readonly ref: ObjectRef;
}

async function storeImages(
  images: readonly ListedFile[],
  folder: string,
  project: string,
  ports: UploadPorts,
): Promise<Map<string, StoredImage[]>> {
  const stored = await inParallel(images, FILES_AT_ONCE, async (file) => {
    const bytes = await ports.objects.read({ key: `${folder}${file.key}` });
    requireDigest(file, bytes, ports);
    const header = readHeader(file, bytes);
    return { header, ref: await ports.objects.writeBlob(project, bytes, DICOM) };
  });
  const bySeries = new Map<string, StoredImage[]>();
  for (const image of stored) {
    const { seriesUid } = image.header;
    bySeries.set(seriesUid, [...(bySeries.get(seriesUid) ?? []), image]);
  }
  return bySeries;
}

function seriesOf(seriesUid: string, images: StoredImage[]): SourceSeries {
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

/** Names the file, because a series of hundreds is searched for the one. */
function readHeader(file: ListedFile, bytes: Uint8Array): SeriesHeader {
  try {
    return readSeriesHeader(bytes);
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    throw new PipelineError(error.code, `${file.key}: ${error.message}`, error.details, { cause: error });
  }
}

function requireDigest(file: ListedFile, bytes: Uint8Array, ports: UploadPorts): void {
  const problem = digestProblem(file, bytes, ports);
  if (problem) throw problem;
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
