import { API, type OperationName } from '../contracts/api.ts';
import type { ApiPorts, Caller } from './call.ts';

/** Operations that only read although they are a POST. */
const READING: readonly OperationName[] = ['validateDefinition', 'estimateRun'];

export function changesSomething(operation: OperationName): boolean {
  return API[operation].method !== 'GET' && !READING.includes(operation);
}

/** Keeps who did what to what. Ids only: neither the request nor the response is copied. */
export async function recordAudit(
  operation: OperationName,
  project: string,
  caller: Caller,
  subject: string,
  { records, ids }: Pick<ApiPorts, 'records' | 'ids'>,
): Promise<void> {
  await records.create({
    entity: 'audit',
    project,
    id: ids.next('audit'),
    state: 'recorded',
    actor: caller.user,
    action: operation,
    subject,
  });
}

/** `<entity>/<id>` of the record that an operation answered with, else the path's last part. */
export function auditSubject(path: Readonly<Record<string, string>>, response: unknown): string {
  if (response !== null && typeof response === 'object') {
    const [entity, id] = [Reflect.get(response, 'entity'), Reflect.get(response, 'id')];
    if (typeof entity === 'string' && typeof id === 'string') {
      return `${entity}/${id}`;
    }
  }
  const [name, value] = Object.entries(path).at(-1) ?? ['site', 'site'];
  return `${name}/${value}`;
}
