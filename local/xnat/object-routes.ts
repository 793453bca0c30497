import { HttpError } from './http-error.ts';
import { type Assessor, type Session, type Subject, sqlTimestamp } from './model.ts';
import * as rows from './object-rows.ts';
import type { XnatRequest } from './request.ts';
import { found, type Target } from './resolve-path.ts';
import type { XnatServer } from './server-context.ts';
import { jsonReply, type Reply, type Table, tableReply, textReply } from './tables.ts';

type ObjectTarget = Exclude<Target, { kind: 'resources' | 'resource' | 'files' | 'file' }>;

/** Projects, subjects, experiments, scans and assessors: lists, single items, creation and deletion. */
export function objectRoute(server: XnatServer, target: ObjectTarget, request: XnatRequest): Reply {
  if (request.method === 'GET') return read(server, target, request.query);
  if (request.method === 'PUT' || request.method === 'POST') return create(server, target, request);
  if (request.method === 'DELETE') return remove(server, target);
  throw new HttpError(405, `${request.method} is not allowed here.`);
}

function read(server: XnatServer, target: ObjectTarget, query: URLSearchParams): Reply {
  switch (target.kind) {
    case 'projects':
      return tableReply(
        {
          columns: rows.PROJECT_COLUMNS,
          rows: Object.values(server.store.state.projects).map(rows.projectRow),
        },
        query,
      );
    case 'project':
      return itemReply(rows.projectItem(found(target.project, `Unable to identify project ${target.id}`)));
    case 'subjects':
      return tableReply(
        { columns: rows.SUBJECT_COLUMNS, rows: subjectsOf(server, target.project?.id).map(rows.subjectRow) },
        query,
      );
    case 'subject':
      return itemReply(rows.subjectItem(found(target.subject, `Unable to identify subject ${target.id}`)));
    case 'experiments':
      return tableReply(experimentTable(server, target.project?.id, target.subject?.id, query), query);
    case 'experiment': {
      if (target.session !== undefined) return itemReply(rows.sessionItem(target.session));
      const assessor = found(target.assessor, `Unable to identify experiment ${target.id}`);
      return itemReply(rows.assessorItem(assessor, server.store.state.sessions[assessor.session]));
    }
    case 'scans':
      return tableReply(
        {
          columns: rows.SCAN_COLUMNS,
          rows: target.session.scans.map((scan) => rows.scanRow(target.session, scan)),
        },
        query,
      );
    case 'scan':
      return itemReply(
        rows.scanItem(target.session, found(target.scan, `Unable to identify scan ${target.id}`)),
      );
    case 'assessors':
      return tableReply(
        assessorTable(server, (assessor) => assessor.session === target.session.id),
        query,
      );
    case 'assessor':
      return itemReply(
        rows.assessorItem(found(target.assessor, `Unable to identify assessor ${target.id}`), target.session),
      );
  }
}

function itemReply(item: rows.Item): Reply {
  return jsonReply({ items: [item] });
}

function subjectsOf(server: XnatServer, project: string | undefined): Subject[] {
  return Object.values(server.store.state.subjects).filter(
    (subject) => project === undefined || subject.project === project,
  );
}

function assessorTable(server: XnatServer, wanted: (assessor: Assessor) => boolean): Table {
  const { assessors, sessions } = server.store.state;
  const chosen = Object.values(assessors).filter(wanted);
  return {
    columns: rows.ASSESSOR_COLUMNS,
    rows: chosen.map((assessor) => rows.assessorRow(assessor, sessions[assessor.session])),
  };
}

/** Types that every session is: asking for one of them asks for all sessions. */
const SESSION_BASE_TYPES = ['', 'xnat:imageSessionData', 'xnat:subjectAssessorData', 'xnat:experimentData'];

/** Sessions, or assessors when `xsiType` asks for them: the poll query. `ID`, `label` and `project` filter. */
function experimentTable(
  server: XnatServer,
  projectOfPath: string | undefined,
  subject: string | undefined,
  query: URLSearchParams,
): Table {
  const matches = (name: string, value: string): boolean => (query.get(name) ?? value) === value;
  const wanted = (one: { id: string; label: string; project: string }): boolean =>
    (projectOfPath ?? one.project) === one.project &&
    matches('project', one.project) &&
    matches('ID', one.id) &&
    matches('label', one.label);
  const type = query.get('xsiType') ?? '';
  if (type.startsWith('icr:')) return assessorTable(server, wanted);
  const sessions = Object.values(server.store.state.sessions)
    .filter(wanted)
    .filter((session) => subject === undefined || session.subject === subject)
    .filter((session) => SESSION_BASE_TYPES.includes(type) || session.xsiType === type);
  return { columns: rows.SESSION_COLUMNS, rows: sessions.map(rows.sessionRow) };
}

function create(server: XnatServer, target: ObjectTarget, request: XnatRequest): Reply {
  const { store } = server;
  if (target.kind === 'project') {
    store.state.projects[target.id] ??= {
      id: target.id,
      name: request.query.get('name') ?? target.id,
      description: '',
      insertDate: sqlTimestamp(),
      resources: [],
    };
    store.save();
    return textReply(target.id);
  }
  if (target.kind === 'subject') {
    const project = found(target.project, 'A subject is created below its project.');
    const subject = target.subject ?? addSubject(server, project.id, target.id);
    store.save();
    return textReply(subject.id, target.subject === undefined ? 201 : 200);
  }
  if (target.kind === 'experiment') return createSession(server, target, request);
  if (target.kind === 'scan') return createScan(server, target, request);
  throw new HttpError(405, `${request.method} is not allowed here.`);
}

export function addSubject(server: XnatServer, project: string, label: string): Subject {
  const id = `XNAT_S${String(server.store.nextNumber()).padStart(5, '0')}`;
  const subject: Subject = { id, label, project, insertDate: sqlTimestamp(), resources: [] };
  server.store.state.subjects[id] = subject;
  return subject;
}

const SESSION_TYPES: Readonly<Record<string, string>> = {
  CT: 'xnat:ctSessionData',
  MR: 'xnat:mrSessionData',
  PT: 'xnat:petSessionData',
  US: 'xnat:usSessionData',
};

export function addSession(
  server: XnatServer,
  fields: Pick<Session, 'label' | 'project' | 'subject' | 'modality' | 'studyUid' | 'date'>,
): Session {
  const id = `XNAT_E${String(server.store.nextNumber()).padStart(5, '0')}`;
  const xsiType = SESSION_TYPES[fields.modality] ?? 'xnat:otherDicomSessionData';
  const session: Session = { ...fields, id, xsiType, insertDate: sqlTimestamp(), scans: [], resources: [] };
  server.store.state.sessions[id] = session;
  return session;
}

function createSession(
  server: XnatServer,
  target: Extract<ObjectTarget, { kind: 'experiment' }>,
  request: XnatRequest,
): Reply {
  if (target.session !== undefined) return textReply(target.session.id);
  const project = found(target.project, 'A session is created below its project and subject.');
  const subject = found(target.subject, 'A session is created below its subject.');
  const type = request.query.get('xsiType') ?? 'xnat:ctSessionData';
  const modality = Object.entries(SESSION_TYPES).find(([, name]) => name === type)?.[0] ?? 'OT';
  const session = addSession(server, {
    label: target.id,
    project: project.id,
    subject: subject.id,
    modality,
    studyUid: request.query.get('UID') ?? '',
    date: request.query.get('date') ?? '',
  });
  server.store.save();
  server.events.sessionSaved(session);
  return textReply(session.id, 201);
}

function createScan(
  server: XnatServer,
  target: Extract<ObjectTarget, { kind: 'scan' }>,
  request: XnatRequest,
): Reply {
  if (target.scan === undefined) {
    const xsiType = request.query.get('xsiType') ?? 'xnat:ctScanData';
    target.session.scans.push({
      id: target.id,
      rowId: server.store.nextNumber(),
      xsiType,
      type: request.query.get('type') ?? 'Unknown',
      seriesUid: request.query.get('UID') ?? '',
      seriesDescription: request.query.get('series_description') ?? '',
      modality: target.session.modality,
      quality: 'usable',
      resources: [],
    });
    server.store.save();
  }
  return textReply(target.id);
}

function remove(server: XnatServer, target: ObjectTarget): Reply {
  const { store } = server;
  if (target.kind === 'experiment' && target.session !== undefined) {
    removeSession(server, target.session);
  } else if ((target.kind === 'assessor' || target.kind === 'experiment') && target.assessor !== undefined) {
    for (const resource of store.resourcesOf(target.assessor))
      store.deleteResource(target.assessor, resource);
    delete store.state.assessors[target.assessor.id];
  } else {
    throw new HttpError(404, 'There is nothing here to delete.');
  }
  store.save();
  return textReply('');
}

export function removeSession(server: XnatServer, session: Session): void {
  const { store } = server;
  const assessors = Object.values(store.state.assessors).filter((one) => one.session === session.id);
  for (const holder of [session, ...session.scans, ...assessors]) {
    for (const resource of store.resourcesOf(holder)) store.deleteResource(holder, resource);
  }
  for (const assessor of assessors) delete store.state.assessors[assessor.id];
  delete store.state.sessions[session.id];
}
