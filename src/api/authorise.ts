import { API, type OperationName } from '../contracts/api.ts';
import { PipelineError } from '../contracts/errors.ts';
import { ProjectId } from '../contracts/identifiers.ts';
import { ACTIONS, type Action } from '../contracts/permissions.ts';
import type { RecordOf, Role } from '../contracts/records.ts';
import type { Ports } from '../ports/index.ts';
import type { Caller } from './call.ts';

/**
 * Deny by default: a site admin may do everything; anyone else needs a membership whose role, or grants, cover the
 * operation's action. A project that one is not a member of looks exactly like one that does not exist.
 *
 * @throws NotFound, or Forbidden naming the action and the roles that have it.
 */
export async function authorise(
  operation: OperationName,
  project: string | undefined,
  caller: Caller,
  { records }: Pick<Ports, 'records'>,
): Promise<void> {
  const { action } = API[operation];
  if (project === undefined) {
    requireSiteAccess(action, caller);
    return;
  }
  const isId = ProjectId.safeParse(project).success;
  const member = caller.admin || !isId ? null : await records.get('member', project, caller.user);
  if (!isId || !(caller.admin || member) || !(await records.get('project', project, project))) {
    throw new PipelineError(
      'NotFound',
      `there is no project ${project.slice(0, 64)} that you are a member of; ask one of its owners to add you`,
    );
  }
  if (member && !mayDo(member, action)) {
    throw forbidden(action, member.role);
  }
}

export function isAction(name: string): name is Action {
  return Object.hasOwn(ACTIONS, name);
}

function requireSiteAccess(action: Action | 'admin' | null, caller: Caller): void {
  if (action !== null && !caller.admin) {
    throw new PipelineError('Forbidden', 'only a site admin may do this; ask one', { action });
  }
}

function mayDo(member: RecordOf<'member'>, action: Action | 'admin' | null): boolean {
  // Operations of a project have an action of the table; anything else is for site admins.
  const isGrantable = action !== null && action !== 'admin';
  return isGrantable && (rolesOf(action).includes(member.role) || member.grants.includes(action));
}

function rolesOf(action: Action): readonly Role[] {
  return ACTIONS[action];
}

function forbidden(action: Action | 'admin' | null, role: Role): PipelineError {
  return new PipelineError(
    'Forbidden',
    `your role ${role} does not include ${action}; an owner can grant it to you or do it for you`,
    { action, role },
  );
}
