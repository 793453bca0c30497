import { describe, expect, it } from '@jest/globals';
import { serveApi } from '../../../src/api/serve-api.ts';
import { API, type OperationName } from '../../../src/contracts/api.ts';
import { ACTIONS } from '../../../src/contracts/permissions.ts';
import { Role } from '../../../src/contracts/records.ts';
import { PROJECT, projectPorts } from '../training/workflow-fixture.ts';
import { callApi, httpEvent, SETTINGS } from './api-fixture.ts';

const OPERATIONS = Object.keys(API) as OperationName[];
const IN_PROJECT = OPERATIONS.filter((name) => API[name].path.startsWith('/projects/{project}'));
const PATH = {
  project: PROJECT,
  user: 'the-owner',
  modelVersionId: 'starter.v1',
  automationId: 'auto',
  caseId: 'c'.repeat(32),
  datasetId: 'd'.repeat(32),
  definitionId: 'organs',
  trainingConfigId: 'quick',
  saveId: 'save-1',
  runId: 'run-1',
  promotionId: 'promotion-1',
  exportId: 'export-1',
};
/** Errors that mean "let in, and then there was nothing to act on". */
const LET_IN = ['NotFound', 'InvalidRequest', 'Conflict'];

async function outcomeOf(operation: OperationName, user: string | null, groups?: string) {
  const ports = await projectPorts();
  const event = httpEvent(operation, { user, path: PATH, ...(groups ? { groups } : {}) });
  const before = JSON.stringify((await ports.records.list('member', PROJECT)).items);
  const outcome = await serveApi(event, ports, SETTINGS).then(
    () => ({ code: 'OK', message: '' }),
    (error: { code: string; message: string }) => error,
  );
  const touched =
    JSON.stringify((await ports.records.list('member', PROJECT)).items) !== before ||
    (await ports.records.list('audit', PROJECT)).items.length > 0 ||
    ports.workflows.executions.length + ports.hints.sent.length + ports.objects.contents.size > 0;
  return { outcome, touched };
}

describe('permissions', () => {
  it.each(OPERATIONS)('%s refuses a request without a token', async (operation) => {
    const { outcome, touched } = await outcomeOf(operation, null);
    expect(outcome.code).toBe('Unauthenticated');
    expect(touched).toBe(false);
  });

  it.each(IN_PROJECT)('%s looks to a stranger as if the project did not exist', async (operation) => {
    const { outcome, touched } = await outcomeOf(operation, 'stranger');
    expect(outcome).toMatchObject({
      code: 'NotFound',
      message: expect.stringContaining('that you are a member of'),
    });
    expect(touched).toBe(false);
  });

  const roles = IN_PROJECT.flatMap((operation) => Role.options.map((role) => ({ operation, role })));
  it.each(roles)('$operation goes by the action table for a $role', async ({ operation, role }) => {
    const { action } = API[operation];
    const allowed = (ACTIONS[action as keyof typeof ACTIONS] as readonly string[]).includes(role);
    const { outcome, touched } = await outcomeOf(operation, `the-${role}`);
    if (allowed) {
      expect(['OK', ...LET_IN]).toContain(outcome.code);
      expect(outcome.message).not.toContain('that you are a member of');
    } else {
      expect(outcome).toMatchObject({ code: 'Forbidden', message: expect.stringContaining(String(action)) });
      expect(touched).toBe(false);
    }
  });

  it.each(IN_PROJECT)('%s lets a site admin in without a membership', async (operation) => {
    const { outcome } = await outcomeOf(operation, 'root', '[admins others]');
    expect(['OK', ...LET_IN]).toContain(outcome.code);
    expect(outcome.message).not.toContain('that you are a member of');
  });

  it('keeps createProject for site admins', async () => {
    const { outcome, touched } = await outcomeOf('createProject', 'the-owner', '[others admins2]');
    expect(outcome.code).toBe('Forbidden');
    expect(touched).toBe(false);
  });

  it('tells even a site admin that a project does not exist', async () => {
    const ports = await projectPorts();
    const call = { user: 'root', groups: 'admins', path: { project: 'nope' } };
    await expect(callApi(ports, 'getProject', call)).rejects.toMatchObject({ code: 'NotFound' });
  });

  it.each(['..', 'a#member', '-x', 'x'.repeat(65)])('does not look up the project id %j', async (project) => {
    const ports = await projectPorts();
    ports.records.get = async () => {
      throw new Error('looked up');
    };
    const call = { path: { project } };
    await expect(callApi(ports, 'getProject', call)).rejects.toMatchObject({ code: 'NotFound' });
  });

  it('lets a granted action through and nothing beside it', async () => {
    const ports = await projectPorts();
    const grant = { role: 'collaborator' as const, grants: ['case:retry', 'case:retry'] };
    const member = await callApi(ports, 'putMember', { path: { user: 'the-collaborator' } }, grant);
    expect(member.grants).toEqual(['case:retry']);
    const call = { user: 'the-collaborator', path: { caseId: PATH.caseId } };
    await expect(callApi(ports, 'retryCase', call)).rejects.toMatchObject({ code: 'NotFound' });
    await expect(callApi(ports, 'acceptCase', call)).rejects.toMatchObject({ code: 'Forbidden' });
  });
});
