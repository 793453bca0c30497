import { PipelineError } from '../../contracts/errors.ts';
import type {
  ArchiveFile,
  ArchiveRoiCollection,
  ArchiveRoiFile,
  ArchiveScan,
  ImagingArchive,
} from '../../ports/archive.ts';
import { createXnatHttp, type XnatConnection, type XnatHttp } from './xnat-http.ts';
import {
  type ItemFields,
  isoFromInsertDate,
  type Row,
  readItem,
  readRows,
  readUidMap,
} from './xnat-lists.ts';

/** Files of a scan that are fetched at the same time; more gains little and loads the hospital's server. */
const PARALLEL_DOWNLOADS = 4;

/** An XNAT >= 1.8 with the OHIF plugin, over its REST interface. Close it at the end of the job. */
export function createXnatArchive(connection: XnatConnection): ImagingArchive {
  const http = createXnatHttp(connection);
  return {
    readSession: (project, session) => readSession(http, project, session),
    downloadScan: (_project, session, scanId) => downloadScan(http, session, scanId),
    downloadRoi: (_project, session, assessorId, label) => downloadRoi(http, session, assessorId, label),
    uploadScanResource: (upload) => uploadScanResource(http, upload),
    listRoiCollections: (project) => listRoiCollections(http, project),
    listRoiFiles: (session, assessorId) => listRoiFiles(http, session, assessorId),
    close: () => http.close(),
  };
}

const experimentPath = (session: string): string => `/data/experiments/${encodeURIComponent(session)}`;
const scanPath = (session: string, scanId: string): string =>
  `${experimentPath(session)}/scans/${encodeURIComponent(scanId)}`;
const assessorPath = (session: string, assessor: string): string =>
  `${experimentPath(session)}/assessors/${encodeURIComponent(assessor)}`;

async function list(http: XnatHttp, path: string, query: Record<string, string> = {}): Promise<Row[]> {
  const parameters = new URLSearchParams({ ...query, format: 'json' });
  return readRows(await http.send({ method: 'GET', path: `${path}?${parameters}` }), path);
}

async function readSession(http: XnatHttp, project: string, session: string) {
  const path = experimentPath(session);
  const answer = await http.send({ method: 'GET', path: `${path}?format=json`, accept: [404] });
  const fields = answer.status === 404 ? null : readItem(answer, path);
  if (fields === null || fields.text('project') !== project) {
    throw new PipelineError(
      'SessionNotFound',
      `project ${project} has no session ${session}; it was deleted or moved, or the archive's user may not see it`,
      { project, session },
    );
  }
  const [scans, roiCollections] = await Promise.all([
    readScans(http, project, session, fields),
    readRoiCollections(http, session),
  ]);
  return { project, session, subject: fields.text('subject_ID'), scans, roiCollections };
}

/** The plugin's UID map is the authority on series; where it has none, the scan's own UID column serves. */
async function readScans(
  http: XnatHttp,
  project: string,
  session: string,
  fields: ItemFields,
): Promise<ArchiveScan[]> {
  const mapPath = `/xapi/roi/projects/${encodeURIComponent(project)}/sessions/${encodeURIComponent(session)}/uididmap`;
  const answer = await http.send({ method: 'GET', path: mapPath, accept: [404] });
  const seriesOfScan = new Map(
    answer.status === 404
      ? []
      : Object.entries(readUidMap(answer, mapPath)).map(([uid, scanId]) => [scanId, uid]),
  );
  return fields.children('scans/scan').map((scan) => ({
    scanId: scan('ID'),
    seriesUid: seriesOfScan.get(scan('ID')) ?? scan('UID'),
    seriesDescription: scan('series_description') || scan('type'),
    modality: scan('modality'),
  }));
}

async function readRoiCollections(http: XnatHttp, session: string): Promise<ArchiveRoiCollection[]> {
  const rows = await list(http, `${experimentPath(session)}/assessors`);
  const collections = rows.filter((row) => row.xsiType === 'icr:roiCollectionData');
  const read = await Promise.all(collections.map((row) => readRoiCollection(http, session, row)));
  return read.filter((collection) => collection !== null);
}

/** Null for a collection that was deleted since it was listed, and for types that hold no regions (MEAS). */
async function readRoiCollection(
  http: XnatHttp,
  session: string,
  row: Row,
): Promise<ArchiveRoiCollection | null> {
  const assessorId = row.ID ?? '';
  const path = assessorPath(session, assessorId);
  const answer = await http.send({ method: 'GET', path: `${path}?format=json`, accept: [404] });
  const collectionType = answer.status === 404 ? '' : readItem(answer, path).text('collectionType');
  if (!isRegionType(collectionType)) return null;
  const resources = await list(http, `${path}/out/resources`, { file_stats: 'true' });
  return {
    assessorId,
    collectionType,
    savedAt: isoFromInsertDate(row.insert_date ?? ''),
    resourceLabels: resources.filter((one) => Number(one.file_count) > 0).map((one) => one.label ?? ''),
  };
}

function isRegionType(type: string): type is ArchiveRoiCollection['collectionType'] {
  return type === 'RTSTRUCT' || type === 'AIM' || type === 'SEG';
}

async function* downloadScan(http: XnatHttp, session: string, scanId: string): AsyncGenerator<ArchiveFile> {
  const resourcesPath = `${scanPath(session, scanId)}/resources`;
  const resources = await list(http, resourcesPath);
  const resource =
    resources.find((row) => row.label === 'DICOM') ?? resources.find((row) => row.label === 'secondary');
  if (resource === undefined) {
    throw new PipelineError(
      'NoDicomResource',
      `scan ${scanId} of session ${session} has no resource labelled DICOM or secondary, only [${resources.map((row) => row.label).join(', ')}]; send its images to XNAT again, then retry the case`,
      { session, scanId, labels: resources.map((row) => row.label) },
    );
  }
  const files = await list(
    http,
    `${resourcesPath}/${encodeURIComponent(resource.xnat_abstractresource_id ?? '')}/files`,
  );
  const waiting: Promise<ArchiveFile>[] = [];
  let next = 0;
  const startNext = (): void => {
    const row = files[next];
    next += 1;
    if (row === undefined) return;
    const download = downloadFile(http, row);
    // A failure is reported where the file is awaited, not as an unhandled rejection before that.
    download.catch(() => undefined);
    waiting.push(download);
  };
  for (let started = 0; started < PARALLEL_DOWNLOADS; started += 1) startNext();
  for (let first = waiting.shift(); first !== undefined; first = waiting.shift()) {
    yield await first;
    startNext();
  }
}

/** @throws UnsafeFileAddress; ArchiveUnavailable when the file went away, or changed its size, since it was listed. */
async function downloadFile(http: XnatHttp, row: Row): Promise<ArchiveFile> {
  const uri = row.URI ?? '';
  if (!uri.startsWith('/data/')) {
    throw new PipelineError(
      'UnsafeFileAddress',
      'XNAT listed a file whose address is not below /data/ and is not asked for; refresh the catalogue of this resource in XNAT',
      { uri },
    );
  }
  const answer = await http.send({ method: 'GET', path: uri, accept: [404] });
  const size = Number(row.Size);
  if (answer.status === 404 || (size > 0 && size !== answer.bytes.byteLength)) {
    throw new PipelineError(
      'ArchiveUnavailable',
      `XNAT listed ${row.Size} bytes at ${uri} and sent ${answer.status === 404 ? 'nothing' : answer.bytes.byteLength}; it changed while it was read and is tried again`,
      { uri, listed: size, received: answer.bytes.byteLength },
    );
  }
  return { name: pathBelowFiles(uri), bytes: answer.bytes };
}

/** The path inside the resource, which is unique there; the plain name need not be. */
function pathBelowFiles(uri: string): string {
  return decodeURIComponent(uri.slice(uri.indexOf('/files/') + '/files/'.length));
}

async function downloadRoi(
  http: XnatHttp,
  session: string,
  assessorId: string,
  label: string,
): Promise<ArchiveFile> {
  const path = `${assessorPath(session, assessorId)}/out/resources/${encodeURIComponent(label)}/files`;
  const [file] = await list(http, path);
  if (file === undefined) {
    throw new PipelineError(
      'ArchiveUnavailable',
      `ROI collection ${assessorId} has no ${label} file yet; XNAT stores the row before its files, so this is tried again`,
      { session, assessorId, label },
    );
  }
  return downloadFile(http, file);
}

type ResourceUpload = Parameters<ImagingArchive['uploadScanResource']>[0];

async function uploadScanResource(http: XnatHttp, upload: ResourceUpload): Promise<{ uri: string }> {
  const { session, scanId, label, format, content, files } = upload;
  const uri = `${scanPath(session, scanId)}/resources/${encodeURIComponent(label)}`;
  const attributes = new URLSearchParams({ format, content });
  await http.send({ method: 'PUT', path: `${uri}?${attributes}`, accept: [409] });
  for (const { name, bytes } of files) {
    const path = `${uri}/files/${name.split('/').map(encodeURIComponent).join('/')}`;
    const query = new URLSearchParams({ inbody: 'true', overwrite: 'true', format, content });
    const answer = await http.send({ method: 'PUT', path: `${path}?${query}`, body: bytes });
    refuseDuplicate(answer.bytes, path);
  }
  return { uri };
}

/** XNAT reports a file it did not replace with status 200 and a list of duplicates. */
function refuseDuplicate(body: Uint8Array, path: string): void {
  if (!Buffer.from(body).toString('utf8').includes('"duplicates"')) return;
  throw new PipelineError(
    'ArchiveRejected',
    `XNAT kept the older file at ${path}; its user needs edit access to the session to replace files`,
    { path },
  );
}

async function listRoiCollections(http: XnatHttp, project: string) {
  const rows = await list(http, '/data/experiments', {
    xsiType: 'icr:roiCollectionData',
    project,
    columns: 'ID,label,insert_date,session_ID',
  });
  return rows.map((row) => ({
    session: row.session_ID ?? '',
    assessorId: row.ID ?? '',
    savedAt: isoFromInsertDate(row.insert_date ?? ''),
  }));
}

/** A collection, or a resource of it, that was deleted since it was listed holds nothing. */
async function listRoiFiles(http: XnatHttp, session: string, assessorId: string): Promise<ArchiveRoiFile[]> {
  const path = `${assessorPath(session, assessorId)}/out/resources`;
  const resources = await listIfThere(http, path);
  const files = await Promise.all(
    resources.map(async ({ label = '', xnat_abstractresource_id: id = '' }) => {
      const rows = await listIfThere(http, `${path}/${encodeURIComponent(id)}/files`);
      return rows.map(({ Name: name = '', Size: size = '', digest = '' }) => ({
        resourceLabel: label,
        name,
        size,
        digest,
      }));
    }),
  );
  return files.flat();
}

async function listIfThere(http: XnatHttp, path: string): Promise<Row[]> {
  const answer = await http.send({ method: 'GET', path: `${path}?format=json`, accept: [404] });
  return answer.status === 404 ? [] : readRows(answer, path);
}
