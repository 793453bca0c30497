import { CertificateThresholds } from '../../../src/contracts/certificate.ts';
import { PipelineError } from '../../../src/contracts/errors.ts';
import type { SessionHint } from '../../../src/contracts/events.ts';
import { objectKeys } from '../../../src/contracts/object-keys.ts';
import { Processing } from '../../../src/contracts/processing.ts';
import type {
  ArchiveFile,
  ArchiveRoiCollection,
  ArchiveScan,
  ImagingArchive,
} from '../../../src/ports/archive.ts';
import type { NewRecord } from '../../../src/ports/index.ts';
import { ctSlice, rtStruct, TEST_SERIES_UID } from '../../helpers/dicom-writer.ts';
import { sha256Hex } from '../../helpers/memory-object-store.ts';
import { createMemoryPorts, type MemoryPorts } from '../../helpers/memory-ports.ts';

export const PROJECT = 'P1';
export const ARCHIVE = 'xnat';
export const SESSION = 'XNAT_E1';
export const AUTOMATION = 'organs';

const COLUMNS = 12;
const ROWS = 10;
const SLICES = 6;
const CONTOURED = [1, 2, 3, 4];

/** One CT series of 12 x 10 x 6 voxels of 1 x 1 x 2 mm. */
export function ctSeries(seriesUid = TEST_SERIES_UID): ArchiveFile[] {
  return Array.from({ length: SLICES }, (_, k) => ({
    name: `${k}.dcm`,
    bytes: ctSlice({
      columns: COLUMNS,
      rows: ROWS,
      pixels: Array.from({ length: COLUMNS * ROWS }, (_value, index) => index + k),
      position: [0, 0, 2 * k],
      seriesUid,
      sopInstanceUid: sopUid(seriesUid, k),
      instanceNumber: k + 1,
    }),
  }));
}

function sopUid(seriesUid: string, k: number): string {
  return `${seriesUid}.${k + 1}`;
}

/** A box drawn on the four inner slices: `width` x 6 voxels of each. */
export function boxContours(
  options: { name?: string; width?: number; seriesUid?: string; regions?: number } = {},
): Uint8Array {
  const { name = 'Liver', width = 6, seriesUid = TEST_SERIES_UID, regions = 1 } = options;
  const [x0, x1, y0, y1] = [1.5, 1.5 + width, 1.5, 7.5];
  const contours = CONTOURED.map((k) => {
    const z = 2 * k;
    return { points: [x0, y0, z, x1, y0, z, x1, y1, z, x0, y1, z], sopInstanceUid: sopUid(seriesUid, k) };
  });
  return rtStruct({ seriesUid, rois: regions === 0 ? [] : [{ number: 1, name, contours }] });
}

export interface FakeCollection {
  collectionType?: ArchiveRoiCollection['collectionType'];
  savedAt: string;
  /** Absent while only the row, or only the AIM file, is there. */
  rtstruct?: Uint8Array;
  aim?: Uint8Array;
  seg?: Uint8Array;
}

/** An XNAT with one session, whose contents a test can change at any time. */
export class FakeArchive implements ImagingArchive {
  scans: ArchiveScan[] = [
    { scanId: '4', seriesUid: TEST_SERIES_UID, seriesDescription: 'Abdomen 2.0', modality: 'CT' },
  ];
  files = new Map<string, ArchiveFile[]>([['4', ctSeries()]]);
  collections = new Map<string, FakeCollection>();
  uploads: { scanId: string; label: string; content: string; name: string; bytes: Uint8Array }[] = [];
  unavailable = false;
  closed = 0;

  async readSession(project: string, session: string) {
    if (this.unavailable) throw new PipelineError('ArchiveUnavailable', 'the archive did not answer');
    if (session !== SESSION) throw new PipelineError('SessionNotFound', `there is no session ${session}`);
    const roiCollections = [...this.collections].map(([assessorId, collection]) => ({
      assessorId,
      collectionType: collection.collectionType ?? 'RTSTRUCT',
      savedAt: collection.savedAt,
      resourceLabels: [
        ...(collection.collectionType === 'AIM' || collection.aim ? ['AIM'] : []),
        ...(collection.seg ? ['SEG'] : []),
        ...(collection.rtstruct ? ['RTSTRUCT'] : []),
      ],
    }));
    return { project, subject: 'XNAT_S1', session, scans: this.scans, roiCollections };
  }
  async *downloadScan(_project: string, _session: string, scanId: string) {
    const files = this.files.get(scanId);
    if (!files) throw new PipelineError('NoDicomResource', `scan ${scanId} has no DICOM resource`);
    yield* files;
  }
  async downloadRoi(
    _project: string,
    _session: string,
    assessorId: string,
    label: 'RTSTRUCT' | 'AIM' | 'SEG',
  ) {
    const { rtstruct, aim, seg } = this.collections.get(assessorId) ?? {};
    const bytes = { RTSTRUCT: rtstruct, AIM: aim, SEG: seg }[label];
    if (!bytes) throw new PipelineError('NotFound', `the collection has no ${label}`);
    return { name: 'contours.dcm', bytes };
  }
  async uploadScanResource(upload: Parameters<ImagingArchive['uploadScanResource']>[0]) {
    const { scanId, label, content, files } = upload;
    for (const { name, bytes } of files) this.uploads.push({ scanId, label, content, name, bytes });
    return { uri: `/data/experiments/${upload.session}/scans/${scanId}/resources/${label}` };
  }
  async listRoiCollections() {
    if (this.unavailable) throw new PipelineError('ArchiveUnavailable', 'the archive did not answer');
    return [...this.collections].map(([assessorId, { savedAt }]) => ({
      session: SESSION,
      assessorId,
      savedAt,
    }));
  }
  async listRoiFiles(_session: string, assessorId: string) {
    const { rtstruct, aim, seg } = this.collections.get(assessorId) ?? {};
    return Object.entries({ RTSTRUCT: rtstruct, AIM: aim, SEG: seg }).flatMap(([resourceLabel, bytes]) =>
      bytes
        ? [{ resourceLabel, name: 'contours', size: String(bytes.byteLength), digest: sha256Hex(bytes) }]
        : [],
    );
  }
  async close() {
    this.closed += 1;
  }
}

export interface SessionFixture {
  ports: MemoryPorts;
  archive: FakeArchive;
}

/** A project that follows the archive, with one automation: Liver=10, 2 mm voxels. */
export async function sessionFixture(
  automation: Partial<NewRecord<'automation'>> = {},
  labelMap = 'Liver=10\n',
): Promise<SessionFixture> {
  const ports = createMemoryPorts('2026-03-01T10:00:00.000Z');
  const archive = new FakeArchive();
  ports.archives.known.set(ARCHIVE, archive);
  await ports.records.create({
    entity: 'project',
    project: PROJECT,
    id: PROJECT,
    state: 'active',
    archiveId: ARCHIVE,
    description: '',
  });
  await addAutomation(ports, AUTOMATION, automation, labelMap);
  return { ports, archive };
}

export async function addAutomation(
  ports: MemoryPorts,
  id: string,
  changes: Partial<NewRecord<'automation'>> = {},
  labelMap = 'Liver=10\n',
): Promise<void> {
  const bytes = new TextEncoder().encode(labelMap);
  await ports.records.create({
    entity: 'automation',
    project: PROJECT,
    id,
    state: 'enabled',
    version: 1,
    modelVersionId: 'organs.v1',
    labelMap: await ports.objects.write(objectKeys.labelMap(PROJECT, sha256Hex(bytes)), bytes),
    spacingMm: [2, 2, 2],
    policies: { unmapped: 'report', missing: 'review', overlap: 'later-wins', gaps: 'review' },
    thresholds: CertificateThresholds.parse({}),
    processing: Processing.parse({}),
    ...changes,
  });
}

export function hintOf(deliveryId: string, changes: Partial<SessionHint> = {}): SessionHint {
  return {
    schemaVersion: 1,
    kind: 'session-hint',
    deliveryId,
    cause: 'webhook',
    archiveId: ARCHIVE,
    project: PROJECT,
    session: SESSION,
    uploadManifestKey: null,
    ...changes,
  };
}

/** Puts an upload there: files first, the manifest last. @returns the "Object Created" event of the manifest. */
export async function putUpload(
  ports: MemoryPorts,
  options: {
    uploadId?: string;
    images?: ArchiveFile[];
    structures?: ArchiveFile[];
    leaveOut?: string[];
    manifest?: Record<string, unknown>;
    session?: string;
  } = {},
) {
  const { uploadId = 'U1', images = ctSeries(), leaveOut = [] } = options;
  const structures = options.structures ?? [{ name: 'rs.dcm', bytes: boxContours() }];
  const folder = objectKeys.incomingPrefix(PROJECT, uploadId);
  for (const { name, bytes } of [...images, ...structures]) {
    if (!leaveOut.includes(name)) await ports.objects.write(`${folder}${name}`, bytes);
  }
  const listed = (files: ArchiveFile[]) =>
    files.map(({ name, bytes }) => ({ key: name, sha256: sha256Hex(bytes) }));
  const manifest = {
    schemaVersion: 1,
    subject: 'S7',
    session: options.session ?? 'E7',
    images: listed(images),
    structures: listed(structures),
    ...options.manifest,
  };
  const key = objectKeys.incomingManifest(PROJECT, uploadId);
  await ports.objects.write(key, new TextEncoder().encode(JSON.stringify(manifest)));
  return objectCreated(key);
}

let events = 0;
/** Each is another writing of the object; S3 may deliver one of them twice. */
export function objectCreated(key: string) {
  events += 1;
  const write = { 'version-id': `v${events}`, sequencer: events.toString(16).padStart(18, '0') };
  return {
    id: `event-${events}`,
    source: 'aws.s3',
    'detail-type': 'Object Created',
    time: '2026-03-01T10:00:00Z',
    detail: { bucket: { name: 'data' }, object: { key, etag: 'e', ...write } },
  };
}
