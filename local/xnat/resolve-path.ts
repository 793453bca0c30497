import { HttpError } from './http-error.ts';
import type { Assessor, Project, Resource, ResourceHolder, Scan, Session, Subject } from './model.ts';
import type { Store } from './store.ts';

/** A holder of resources, with its address and where its files lie in a zip. */
export interface Place {
  readonly holder: ResourceHolder;
  readonly uri: string;
  readonly zipFolder: string;
  readonly category: 'projects' | 'subjects' | 'experiments' | 'scans' | 'assessors';
  readonly project: string;
}

/** What a `/data/...` path names. An item that does not exist yet carries its `id` only. */
export type Target =
  | { kind: 'projects' }
  | { kind: 'project'; id: string; project: Project | undefined }
  | { kind: 'subjects'; project: Project | undefined }
  | { kind: 'subject'; id: string; project: Project | undefined; subject: Subject | undefined }
  | { kind: 'experiments'; project: Project | undefined; subject: Subject | undefined }
  | {
      kind: 'experiment';
      id: string;
      project: Project | undefined;
      subject: Subject | undefined;
      session: Session | undefined;
      assessor: Assessor | undefined;
    }
  | { kind: 'scans'; session: Session }
  | { kind: 'scan'; session: Session; id: string; scan: Scan | undefined }
  | { kind: 'assessors'; session: Session }
  | { kind: 'assessor'; session: Session; id: string; assessor: Assessor | undefined }
  | { kind: 'resources'; place: Place }
  | { kind: 'resource'; place: Place; label: string; resource: Resource | undefined }
  | { kind: 'files'; places: Place[]; label: string | undefined }
  | { kind: 'file'; place: Place; label: string; resource: Resource | undefined; path: string };

/** Resolves the segments after `/data`, `/data/archive` or `/REST`; null when no such address exists. */
export function resolvePath(store: Store, segments: readonly string[]): Target | null {
  const [first, id, ...rest] = segments;
  if (first === 'projects') return id === undefined ? { kind: 'projects' } : belowProjects(store, id, rest);
  if (first === 'subjects') {
    if (id === undefined) return { kind: 'subjects', project: undefined };
    return belowSubject(store, undefined, id, rest);
  }
  if (first === 'experiments') {
    if (id === undefined) return { kind: 'experiments', project: undefined, subject: undefined };
    return belowExperiment(store, undefined, undefined, id, rest);
  }
  return null;
}

function belowProjects(store: Store, id: string, rest: readonly string[]): Target | null {
  const project = store.state.projects[id];
  const [next, child, ...more] = rest;
  if (next === undefined) return { kind: 'project', id, project };
  const known = found(project, `Unable to identify project ${id}`);
  if (next === 'subjects') {
    return child === undefined ? { kind: 'subjects', project } : belowSubject(store, known, child, more);
  }
  if (next === 'experiments') {
    if (child === undefined) return { kind: 'experiments', project, subject: undefined };
    return belowExperiment(store, known, undefined, child, more);
  }
  const place: Place = {
    holder: known,
    uri: `/data/projects/${encodeURIComponent(id)}`,
    zipFolder: id,
    category: 'projects',
    project: id,
  };
  return belowHolder(store, place, rest);
}

function belowSubject(
  store: Store,
  project: Project | undefined,
  id: string,
  rest: readonly string[],
): Target | null {
  const subject = Object.values(store.state.subjects).find(
    (one) => (one.id === id || one.label === id) && (project === undefined || one.project === project.id),
  );
  const [next, child, ...more] = rest;
  if (next === undefined) return { kind: 'subject', id, project, subject };
  const known = found(subject, `Unable to identify subject ${id}`);
  if (next === 'experiments') {
    if (child === undefined) return { kind: 'experiments', project, subject };
    return belowExperiment(store, project, known, child, more);
  }
  const place: Place = {
    holder: known,
    uri: `/data/subjects/${known.id}`,
    zipFolder: known.label,
    category: 'subjects',
    project: known.project,
  };
  return belowHolder(store, place, rest);
}

function belowExperiment(
  store: Store,
  project: Project | undefined,
  subject: Subject | undefined,
  id: string,
  rest: readonly string[],
): Target | null {
  const session = Object.values(store.state.sessions).find((one) => isNamed(one, id, project));
  const assessor = Object.values(store.state.assessors).find((one) => isNamed(one, id, project));
  const [next, child, ...more] = rest;
  if (next === undefined) return { kind: 'experiment', id, project, subject, session, assessor };
  if (session === undefined && assessor !== undefined) return belowAssessor(store, assessor, rest);
  const known = found(session, `Unable to identify experiment ${id}`);
  if (next === 'scans') {
    if (child === undefined) return { kind: 'scans', session: known };
    return belowScan(store, known, child, more);
  }
  if (next === 'assessors') {
    if (child === undefined) return { kind: 'assessors', session: known };
    return belowAssessors(store, known, child, more);
  }
  return belowHolder(store, sessionPlace(known), rest);
}

/** An accession number names an experiment anywhere; a label only below its project. */
function isNamed(
  one: { id: string; label: string; project: string },
  id: string,
  project: Project | undefined,
): boolean {
  if (project === undefined) return one.id === id;
  return one.project === project.id && (one.id === id || one.label === id);
}

function sessionPlace(session: Session): Place {
  return {
    holder: session,
    uri: `/data/experiments/${session.id}`,
    zipFolder: session.label,
    category: 'experiments',
    project: session.project,
  };
}

/** `{N}` is one scan, `ALL`, or a list of scans with commas; the last two only for files. */
function belowScan(store: Store, session: Session, id: string, rest: readonly string[]): Target | null {
  const chosen =
    id === 'ALL' ? session.scans : session.scans.filter((scan) => id.split(',').includes(scan.id));
  const [scan] = id === 'ALL' ? [] : chosen;
  if (rest.length === 0) return { kind: 'scan', session, id, scan };
  if (rest[0] === 'files' && rest.length === 1) {
    return { kind: 'files', places: chosen.map((one) => scanPlace(session, one)), label: undefined };
  }
  return belowHolder(store, scanPlace(session, found(scan, `Unable to identify scan ${id}`)), rest);
}

function scanPlace(session: Session, scan: Scan): Place {
  const type = scan.type.replace(/[^A-Za-z0-9_-]/g, '_');
  return {
    holder: scan,
    uri: `/data/experiments/${session.id}/scans/${encodeURIComponent(scan.id)}`,
    zipFolder: `${session.label}/scans/${scan.id}-${type}`,
    category: 'scans',
    project: session.project,
  };
}

function belowAssessors(store: Store, session: Session, id: string, rest: readonly string[]): Target | null {
  const assessor = Object.values(store.state.assessors).find(
    (one) => one.session === session.id && (one.id === id || one.label === id),
  );
  if (rest.length === 0) return { kind: 'assessor', session, id, assessor };
  return belowAssessor(store, found(assessor, `Unable to identify assessor ${id}`), rest);
}

function belowAssessor(store: Store, assessor: Assessor, rest: readonly string[]): Target | null {
  return belowHolder(store, assessorPlace(assessor), rest[0] === 'out' ? rest.slice(1) : rest);
}

export function assessorPlace(assessor: Assessor): Place {
  return {
    holder: assessor,
    uri: `/data/experiments/${assessor.session}/assessors/${assessor.id}/out`,
    zipFolder: `${assessor.label}/out`,
    category: 'assessors',
    project: assessor.project,
  };
}

function belowHolder(store: Store, place: Place, rest: readonly string[]): Target | null {
  const [next, label, files, ...path] = rest;
  if (next === 'files') return { kind: 'files', places: [place], label: undefined };
  if (next !== 'resources') return null;
  if (label === undefined) return { kind: 'resources', place };
  const resource = store.findResource(place.holder, label);
  if (files === undefined) return { kind: 'resource', place, label, resource };
  if (files !== 'files') return null;
  if (path.length === 0) return { kind: 'files', places: [place], label };
  return { kind: 'file', place, label, resource, path: path.join('/') };
}

export function found<T>(thing: T | undefined, message: string): T {
  if (thing === undefined) throw new HttpError(404, message);
  return thing;
}
