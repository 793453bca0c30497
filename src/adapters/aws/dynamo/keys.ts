import { PipelineError } from '../../../contracts/errors.ts';

/**
 * The only module that makes or reads key strings of the single table.
 *
 * Project ids and entity names never contain `#` (identifiers.ts), so that keys can be taken apart again; the id
 * comes last in its key and may contain anything.
 *
 * | item | PK | SK | GSI1PK | GSI1SK | GSI2PK | GSI2SK |
 * |---|---|---|---|---|---|---|
 * | record | `P#p#entity#id` | `RECORD` | `P#p#entity` | `state#createdAt#id` | | |
 * | project record | as above | `RECORD` | `PROJECTS` | as above | | |
 * | edge from -> to | `P#p#from#fromId` | `EDGE#to#toId` | | | `P#p#to#toId` | `EDGE#from#fromId` |
 */
const RECORD = 'RECORD';
const EDGE = 'EDGE';
const PROJECTS = 'PROJECTS';

export interface EntityReference {
  readonly entity: string;
  readonly id: string;
}

export function recordKey(project: string, entity: string, id: string): { PK: string; SK: string } {
  return { PK: partition(project, entity, id), SK: RECORD };
}

/** Index 1: records of one entity, ordered by state, then creation time, then id. */
export function listKey(record: {
  project: string;
  entity: string;
  id: string;
  state: string;
  createdAt: string;
}): { GSI1PK: string; GSI1SK: string } {
  return {
    GSI1PK: listPartition(record.project, record.entity),
    GSI1SK: `${record.state}#${record.createdAt}#${record.id}`,
  };
}

/** Every project lies in one partition of index 1, because projects are listed across projects. */
export function listPartition(project: string, entity: string): string {
  return entity === 'project' ? PROJECTS : `P#${project}#${entity}`;
}

export function statePrefix(state: string): string {
  return `${state}#`;
}

/** An edge is read forwards from its source's partition (consistently), backwards through index 2. */
export function edgeKey(
  project: string,
  from: EntityReference,
  to: EntityReference,
): { PK: string; SK: string; GSI2PK: string; GSI2SK: string } {
  return {
    PK: partition(project, from.entity, from.id),
    SK: `${edgePrefix(to.entity)}${to.id}`,
    GSI2PK: partition(project, to.entity, to.id),
    GSI2SK: `${edgePrefix(from.entity)}${from.id}`,
  };
}

export function edgePrefix(entity: string): string {
  return `${EDGE}#${entity}#`;
}

/** `P#p#entity#id` taken apart. */
export function parsePartition(key: string): { project: string; entity: string; id: string } {
  const match = /^P#([^#]+)#([^#]+)#(.+)$/s.exec(key);
  if (!match) throw malformed(key);
  const [, project = '', entity = '', id = ''] = match;
  return { project, entity, id };
}

/** `EDGE#entity#id` taken apart. */
export function parseEdge(key: string): EntityReference {
  const match = /^EDGE#([^#]+)#(.+)$/s.exec(key);
  if (!match) throw malformed(key);
  const [, entity = '', id = ''] = match;
  return { entity, id };
}

function partition(project: string, entity: string, id: string): string {
  for (const part of [project, entity]) {
    if (part === '' || part.includes('#')) throw malformed(part);
  }
  if (id === '') throw malformed(id);
  return `P#${project}#${entity}#${id}`;
}

function malformed(key: string): PipelineError {
  return new PipelineError(
    'InvalidRequest',
    `"${key}" cannot be part of a table key: project and entity are non-empty and hold no "#", an id is not empty`,
  );
}
