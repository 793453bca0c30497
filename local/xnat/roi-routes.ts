import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { readAim } from './aim.ts';
import { deriveRtstruct } from './derive-rtstruct.ts';
import { type References, readDicomReferences } from './dicom-references.ts';
import { HttpError } from './http-error.ts';
import { type Assessor, type Session, sqlTimestamp } from './model.ts';
import type { XnatRequest } from './request.ts';
import { assessorPlace, found } from './resolve-path.ts';
import type { XnatServer } from './server-context.ts';
import { bytesReply, jsonReply, type Reply, textReply } from './tables.ts';

const TYPES = {
  AIM: { extension: 'xml', format: 'XML', modalities: null },
  RTSTRUCT: { extension: 'dcm', format: 'DICOM', modalities: ['MR', 'CT', 'PT', 'US'] },
  SEG: { extension: 'dcm', format: 'DICOM', modalities: ['MR', 'CT', 'PT', 'US'] },
  MEAS: { extension: 'json', format: 'JSON', modalities: null },
} as const;
type RoiType = keyof typeof TYPES;

/** The modalities for which the server derives an RTSTRUCT from AIM. */
const CONVERTED_MODALITIES: ReadonlySet<string> = new Set(['MR', 'CT', 'PT']);

/** Below `/xapi/roi/projects/{project}`. */
export async function roiRoute(
  server: XnatServer,
  project: string,
  rest: readonly string[],
  request: XnatRequest,
): Promise<Reply> {
  found(server.store.state.projects[project], `Unable to identify project ${project}`);
  const [what, id, below, label, uids] = rest;
  if (what === 'sessions' && below === 'collections' && label !== undefined && request.method === 'PUT') {
    return putCollection(server, project, found(id, 'No session.'), label, request);
  }
  if (what === 'sessions' && below === 'uididmap') {
    const { scans } = sessionOf(server, project, id);
    return jsonReply(Object.fromEntries(scans.map((scan) => [scan.seriesUid, scan.id])));
  }
  if (what === 'sessions' && below === 'scans' && uids === 'uids')
    return scanUids(server, project, id, label);
  if (what === 'collections' && id !== undefined) return oneCollection(server, project, id, request);
  if (what === 'exists' && id !== undefined) {
    return jsonReply(collectionOf(server, project, id) !== undefined);
  }
  throw new HttpError(404, 'There is no such ROI call.');
}

function sessionOf(server: XnatServer, project: string, id: string | undefined): Session {
  const session = server.store.state.sessions[id ?? ''];
  return found(session?.project === project ? session : undefined, `Unable to identify session ${id}`);
}

function collectionOf(server: XnatServer, project: string, idOrLabel: string): Assessor | undefined {
  return Object.values(server.store.state.assessors).find(
    (one) => one.project === project && (one.id === idOrLabel || one.label === idOrLabel),
  );
}

function scanUids(
  server: XnatServer,
  project: string,
  id: string | undefined,
  scanId: string | undefined,
): Reply {
  const session = sessionOf(server, project, id);
  const scan = found(
    session.scans.find((one) => one.id === scanId),
    `Unable to identify scan ${scanId}`,
  );
  const files = server.store.resourcesOf(scan).flatMap((resource) => resource.files);
  return jsonReply(files.flatMap((file) => file.uid ?? []));
}

/** Saves in the order of the plugin, each step an event of its own, the row before its files. */
async function putCollection(
  server: XnatServer,
  project: string,
  sessionId: string,
  label: string,
  request: XnatRequest,
): Promise<Reply> {
  const session = sessionOf(server, project, sessionId);
  const type = roiType(request.query.get('type') ?? '', session);
  const content = await request.body();
  const references = readReferences(type, content);
  checkDependencies(server, session, type, references);
  const assessor = await prepareRow(server, session, label, type, references, request);
  server.events.assessorSaved(assessor, 'CREATED');
  await delay(server.saveDelayMs);
  storeFile(server, assessor, type, content);
  if (type === 'AIM' && CONVERTED_MODALITIES.has(session.modality)) {
    await delay(server.saveDelayMs);
    // A failure here answers 500 while the AIM stays stored, as in the plugin.
    storeFile(
      server,
      assessor,
      'RTSTRUCT',
      deriveRtstruct(server.store, session, readAim(content.toString('utf8'))),
    );
  }
  return textReply(assessor.id);
}

function roiType(name: string, session: Session): RoiType {
  if (name === 'NIFTI') throw new HttpError(422, 'ROI collection does not contain a referenced study UID');
  if (!Object.hasOwn(TYPES, name)) throw new HttpError(422, `Unknown collection type ${name}`);
  const type = name as RoiType;
  const modalities: readonly string[] | null = TYPES[type].modalities;
  if (modalities !== null && !modalities.includes(session.modality)) {
    throw new HttpError(422, `Collection type ${type} not supported for modality ${session.modality}`);
  }
  return type;
}

function readReferences(type: RoiType, content: Buffer): References | null {
  if (type === 'AIM') return readAim(content.toString('utf8'));
  return type === 'MEAS' ? null : readDicomReferences(content);
}

function checkDependencies(
  server: XnatServer,
  session: Session,
  type: RoiType,
  references: References | null,
): void {
  if (references === null) return;
  if (references.studyUids.length === 0) {
    throw new HttpError(422, 'ROI collection does not contain a referenced study UID');
  }
  const missing = (what: string): HttpError => new HttpError(422, `Missing dependencies: ${what}`);
  if (!references.studyUids.every((uid) => uid === session.studyUid)) throw missing('study UID');
  const series = new Set(session.scans.map((scan) => scan.seriesUid));
  if (!references.seriesUids.every((uid) => series.has(uid))) throw missing('series UID');
  const images = new Set(
    session.scans.flatMap((scan) =>
      server.store.resourcesOf(scan).flatMap((resource) => resource.files.flatMap((file) => file.uid ?? [])),
    ),
  );
  if (!references.sopInstanceUids.every((uid) => images.has(uid))) throw missing('SOP instance UID');
  if (type === 'AIM' && references.sopInstanceUids.length === 0) throw missing('SOP instance UID');
}

/** A new row, or with `overwrite=true` the old one emptied, which keeps its id. */
async function prepareRow(
  server: XnatServer,
  session: Session,
  label: string,
  type: RoiType,
  references: References | null,
  request: XnatRequest,
): Promise<Assessor> {
  const { store } = server;
  const existing = collectionOf(server, session.project, label);
  if (existing !== undefined && existing.session !== session.id) {
    throw new HttpError(409, 'ROI collection exists in a different session');
  }
  if (existing !== undefined && request.query.get('overwrite') !== 'true') {
    throw new HttpError(422, 'ROI collection exists, overwrite not specified');
  }
  const fields = {
    collectionType: type,
    name: references?.name || type,
    uid: references?.uid ?? '',
    seriesUids: [...(references?.seriesUids ?? [])],
  };
  if (existing !== undefined) {
    for (const resource of store.resourcesOf(existing)) store.deleteResource(existing, resource);
    Object.assign(existing, fields);
    store.save();
    server.events.assessorSaved(existing, 'UPDATED');
    await delay(server.saveDelayMs);
    return existing;
  }
  return addRow(server, session, label, fields);
}

function addRow(
  server: XnatServer,
  session: Session,
  label: string,
  fields: Pick<Assessor, 'collectionType' | 'name' | 'uid' | 'seriesUids'>,
): Assessor {
  const insertDate = sqlTimestamp();
  const assessor: Assessor = {
    ...fields,
    id: `RoiCollection_${randomBytes(6).toString('hex')}_${session.id}`,
    label,
    project: session.project,
    session: session.id,
    insertDate,
    date: insertDate.slice(0, 10),
    time: insertDate.slice(11, 19),
    resources: [],
  };
  server.store.state.assessors[assessor.id] = assessor;
  server.store.save();
  return assessor;
}

function storeFile(server: XnatServer, assessor: Assessor, type: RoiType, content: Uint8Array): void {
  const { extension, format } = TYPES[type];
  const resource = server.store.createResource(assessor, type, { format, content: 'EXTERNAL' });
  server.events.resourceSaved(assessorPlace(assessor), resource, 'CREATED');
  server.store.putFile(resource, `${assessor.label}.${extension}`, content);
  server.store.save();
  server.events.resourceSaved(assessorPlace(assessor), resource, 'UPDATED');
  server.events.assessorSaved(assessor, 'UPDATED');
}

function oneCollection(server: XnatServer, project: string, id: string, request: XnatRequest): Reply {
  const { store } = server;
  const assessor = found(collectionOf(server, project, id), `ROI collection ${id} not found`);
  if (request.method === 'DELETE') {
    for (const resource of store.resourcesOf(assessor)) store.deleteResource(assessor, resource);
    delete store.state.assessors[assessor.id];
    store.save();
    return textReply('');
  }
  const type = request.query.get('type') || assessor.collectionType;
  const resource = found(store.findResource(assessor, type), `ROI collection ${id} has no ${type}`);
  const file = found(resource.files[0], `ROI collection ${id} has no ${type} file`);
  return bytesReply(store.readFile(resource, file));
}
