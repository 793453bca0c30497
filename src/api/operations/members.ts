import { PipelineError } from '../../contracts/errors.ts';
import { ACTIONS } from '../../contracts/permissions.ts';
import { everyRecord } from '../../pipeline/every-record.ts';
import { requireRecord } from '../../pipeline/require-record.ts';
import type { Ports } from '../../ports/index.ts';
import { isAction } from '../authorise.ts';
import type { Handlers } from '../call.ts';
import { listRecords } from '../list-records.ts';
import { putRecord } from '../put-record.ts';

export const memberOperations: Handlers<'listMembers' | 'putMember' | 'removeMember'> = {
  listMembers: ({ path, request }, { records }) => listRecords(records, 'member', path.project, request),
  async putMember({ path, request }, { records }) {
    requireActions(request.grants);
    if (request.role !== 'owner') {
      await requireAnotherOwner(records, path.project, path.user);
    }
    const { role, grants } = request;
    return putRecord(records, {
      entity: 'member',
      project: path.project,
      id: path.user,
      state: 'active',
      role,
      grants: [...new Set(grants)].sort(),
    });
  },
  async removeMember({ path }, { records }) {
    await requireRecord(records, 'member', path.project, path.user);
    await requireAnotherOwner(records, path.project, path.user);
    await records.delete('member', path.project, path.user);
    return {};
  },
};

/** A project without an owner could be repaired by a site admin only. */
async function requireAnotherOwner(records: Ports['records'], project: string, user: string): Promise<void> {
  const owners = (await everyRecord(records, 'member', project)).filter(({ role }) => role === 'owner');
  if (owners.length === 1 && owners[0]?.id === user) {
    throw new PipelineError(
      'Conflict',
      `${user} is the only owner of project ${project}; make someone else an owner first`,
      { project },
    );
  }
}

function requireActions(grants: readonly string[]): void {
  const unknown = grants.filter((grant) => !isAction(grant));
  if (unknown.length > 0) {
    throw new PipelineError(
      'InvalidRequest',
      `grants: there is no action ${unknown.map((name) => `"${name.slice(0, 64)}"`).join(', ')}; known are ${Object.keys(ACTIONS).join(', ')}`,
      { unknown },
    );
  }
}
