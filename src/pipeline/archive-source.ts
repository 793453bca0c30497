import type { ObjectRef } from '../contracts/identifiers.ts';
import type {
  ArchiveFile,
  ArchiveRoiCollection,
  ArchiveScan,
  ArchiveSession,
  ImagingArchive,
} from '../ports/archive.ts';
import type { Ports } from '../ports/index.ts';
import { inParallel } from './in-parallel.ts';
import { readSeriesHeader } from './series-header.ts';
import {
  isDataProblem,
  type SessionSource,
  type SourceContour,
  type StoredSeries,
} from './session-source.ts';

const CONTOURS_AT_ONCE = 4;
const FILES_AT_ONCE = 8;
const DICOM = 'application/dicom';

/** A session of an XNAT as it is now. */
export async function openArchiveSource(
  archive: ImagingArchive,
  at: { project: string; session: string },
  objects: Pick<Ports['objects'], 'writeBlob'>,
): Promise<SessionSource> {
  const session = await readOrClose(archive, at);
  return {
    subject: session.subject,
    contours: () =>
      inParallel(session.roiCollections.filter(canBeRead), CONTOURS_AT_ONCE, (collection) =>
        readContour(archive, at, collection),
      ),
    async findSeries(seriesUid) {
      const scan = session.scans.find((candidate) => candidate.seriesUid === seriesUid);
      if (!scan) return null;
      const { scanId, seriesDescription, modality } = scan;
      const store = () => storeScan(archive, at, scan, objects);
      return { seriesUid, scanId, seriesDescription, modality, store };
    },
    close: () => archive.close(),
  };
}

/** XNAT keeps a server session for each client that does not end it, and a read that fails is tried again many times. */
async function readOrClose(
  archive: ImagingArchive,
  { project, session }: { project: string; session: string },
): Promise<ArchiveSession> {
  try {
    return await archive.readSession(project, session);
  } catch (error) {
    // What went wrong first is what counts.
    await archive.close().catch(() => undefined);
    throw error;
  }
}

/**
 * Contours are read from RTSTRUCT, segmentations from SEG. A collection without its file is left to a later generation:
 * the viewer saves AIM, and the RTSTRUCT that XNAT derives from it comes with an event of its own.
 */
function canBeRead({ resourceLabels }: ArchiveRoiCollection): boolean {
  return resourceLabels.includes('RTSTRUCT') || resourceLabels.includes('SEG');
}

async function readContour(
  archive: ImagingArchive,
  { project, session }: { project: string; session: string },
  { assessorId, savedAt, resourceLabels }: ArchiveRoiCollection,
): Promise<SourceContour> {
  const download = async (label: 'RTSTRUCT' | 'AIM' | 'SEG') =>
    (await archive.downloadRoi(project, session, assessorId, label)).bytes;
  const drawn = resourceLabels.includes('RTSTRUCT') ? 'RTSTRUCT' : 'SEG';
  const bytes = await download(drawn);
  const hasCompanion = drawn === 'RTSTRUCT' && resourceLabels.includes('AIM');
  return {
    assessorId,
    savedAt,
    bytes,
    companion: hasCompanion ? await download('AIM') : null,
    problem: null,
  };
}

async function storeScan(
  archive: ImagingArchive,
  { project, session }: { project: string; session: string },
  { scanId }: ArchiveScan,
  objects: Pick<Ports['objects'], 'writeBlob'>,
): Promise<StoredSeries> {
  let voxelCount = 0;
  const slices = await storeStream(archive.downloadScan(project, session, scanId), (file) => {
    voxelCount += pixelsOf(file.bytes);
    return objects.writeBlob(project, file.bytes, DICOM);
  });
  return { slices: slices.sort(byDigest), voxelCount };
}

/** Writes while it reads, a few files ahead: a series never has to fit into memory. */
async function storeStream(
  files: AsyncIterable<ArchiveFile>,
  write: (file: ArchiveFile) => Promise<ObjectRef>,
): Promise<ObjectRef[]> {
  const stored: ObjectRef[] = [];
  const failures: unknown[] = [];
  const inFlight = new Set<Promise<void>>();
  for await (const file of files) {
    const writing = write(file)
      .then(
        (ref) => void stored.push(ref),
        (error: unknown) => void failures.push(error),
      )
      .finally(() => inFlight.delete(writing));
    inFlight.add(writing);
    if (inFlight.size >= FILES_AT_ONCE) await Promise.race(inFlight);
    if (failures.length > 0) break;
  }
  await Promise.all(inFlight);
  if (failures.length > 0) throw failures[0];
  return stored;
}

/** Only a hint of the size: a damaged file is ConvertSeries' to report. */
function pixelsOf(bytes: Uint8Array): number {
  try {
    return readSeriesHeader(bytes).pixels;
  } catch (error) {
    if (isDataProblem(error)) return 0;
    throw error;
  }
}

function byDigest(a: ObjectRef, b: ObjectRef): number {
  return a.sha256 < b.sha256 ? -1 : 1;
}
