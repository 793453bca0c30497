import { PipelineError } from '../contracts/errors.ts';
import { UPLOAD_ARCHIVE_ID } from '../contracts/identifiers.ts';
import { objectKeys } from '../contracts/object-keys.ts';
import type {
  AutomationSnapshot,
  FetchScansOutput,
  PrepareSessionInput,
  Problem,
  SeriesTarget,
} from '../contracts/stages/prepare-session.ts';
import type { Ports } from '../ports/index.ts';
import { openArchiveSource } from './archive-source.ts';
import { type ContourTarget, chooseContours, readContour } from './contour-targets.ts';
import { dueCases, snapshotOf } from './due-cases.ts';
import { everyRecord } from './every-record.ts';
import { isDataProblem, type SessionSource, type SourceSeries } from './session-source.ts';
import { jsonBytes } from './stored-json.ts';
import { openUploadSource } from './upload-source.ts';

type FetchPorts = Pick<Ports, 'records' | 'objects' | 'archives' | 'hasher'>;

const STAGE = 'FetchScans';
const MAX_DESCRIPTION = 256;
const MAX_MODALITY = 16;

/**
 * Reads a session as it is now and lists the cases to make of it.
 *
 * Contours and the series they were drawn on are stored as blobs of the project. What is wrong with the data (a series
 * that is not there, an empty RTSTRUCT, a digest that differs) becomes a target with a problem, so that it is seen as a
 * quarantined case; what is wrong with the archive is thrown.
 *
 * @throws ArchiveUnavailable, UpstreamError (try again), ArchiveRejected, SessionNotFound, NotFound
 */
export async function fetchScans(input: PrepareSessionInput, ports: FetchPorts): Promise<FetchScansOutput> {
  const source = await openSource(input, ports);
  try {
    const automations = await everyRecord(ports.records, 'automation', input.project, 'enabled');
    const snapshots = automations.map(snapshotOf);
    const contours = snapshots.length > 0 ? await storeContours(input, source, ports) : [];
    const targets: SeriesTarget[] = [];
    for (const contour of contours) {
      const target = await seriesTarget(contour, snapshots, { input, source, ports });
      if (target) targets.push(target);
    }
    const { schemaVersion: _, ...context } = input;
    return {
      session: { ...context, subject: source.subject },
      targets,
    };
  } finally {
    await source.close();
  }
}

async function openSource(input: PrepareSessionInput, ports: FetchPorts): Promise<SessionSource> {
  const { archiveId, project, uploadManifestKey } = input;
  if (archiveId !== UPLOAD_ARCHIVE_ID) {
    return openArchiveSource(await ports.archives.open(archiveId), input, ports.objects);
  }
  if (uploadManifestKey !== null) return openUploadSource(uploadManifestKey, project, ports);
  throw new PipelineError(
    'InvalidRequest',
    `session ${input.session} came by upload, but no manifest is known for it; upload it again`,
  );
}

async function storeContours(
  { project }: PrepareSessionInput,
  source: SessionSource,
  { objects }: FetchPorts,
): Promise<ContourTarget[]> {
  const contours = await source.contours();
  const stored = await Promise.all(
    contours.map(async (contour) => {
      const { bytes, companion } = contour;
      const content = await objects.writeBlob(project, bytes);
      return readContour(contour, {
        content,
        companion: companion && (await objects.writeBlob(project, companion)),
      });
    }),
  );
  return chooseContours(stored);
}

interface Fetching {
  readonly input: PrepareSessionInput;
  readonly source: SessionSource;
  readonly ports: FetchPorts;
}

/** The series with its files stored, or null when every case of it is there already. */
async function seriesTarget(
  contour: ContourTarget,
  automations: readonly AutomationSnapshot[],
  fetching: Fetching,
): Promise<SeriesTarget | null> {
  const cases = await dueCases(contour, automations, fetching.input, fetching.ports);
  if (cases.length === 0) return null;
  const base = { seriesUid: contour.seriesUid, roi: contour.roi, cases };
  if (contour.problem || contour.seriesUid === null) return { ...base, ...noSeries(contour.problem) };
  try {
    const series = await fetching.source.findSeries(contour.seriesUid);
    if (!series) return { ...base, ...noSeries(notInSession(contour.seriesUid)) };
    return { ...base, ...(await storeSeries(series, fetching)), problem: null };
  } catch (error) {
    if (!isDataProblem(error)) throw error;
    return { ...base, ...noSeries(error) };
  }
}

async function storeSeries(
  series: SourceSeries,
  { input, ports }: Fetching,
): Promise<Pick<SeriesTarget, 'scanId' | 'seriesDescription' | 'modality' | 'slices' | 'voxelCount'>> {
  const { slices, voxelCount } = await series.store();
  if (slices.length === 0) {
    throw new PipelineError(
      'TooFewSlices',
      `scan ${series.scanId ?? series.seriesUid} holds no DICOM file; transfer the series again`,
    );
  }
  const key = objectKeys.work(input.project, input.execution, `${series.seriesUid}/slices.json`);
  return {
    scanId: series.scanId,
    seriesDescription: series.seriesDescription.slice(0, MAX_DESCRIPTION),
    modality: series.modality.slice(0, MAX_MODALITY),
    slices: await ports.objects.write(key, jsonBytes(slices), 'application/json'),
    voxelCount,
  };
}

function noSeries(
  problem: PipelineError | null,
): Omit<SeriesTarget, 'seriesUid' | 'roi' | 'cases'> & { problem: Problem | null } {
  return {
    scanId: null,
    seriesDescription: '',
    modality: '',
    slices: null,
    voxelCount: 0,
    problem: problem && { code: problem.code, message: problem.message, stage: STAGE },
  };
}

function notInSession(seriesUid: string): PipelineError {
  return new PipelineError(
    'ReferencedSeriesMissing',
    'the contours were drawn on a series that is not in this session; send that series to the session, or draw on one that is there',
    { seriesUid },
  );
}
