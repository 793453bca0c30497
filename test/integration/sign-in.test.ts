import { beforeAll, describe, expect, it } from '@jest/globals';
import { webUrl } from './machine.ts';
import { newProject, type TestProject } from './project.ts';

describe('signing in', () => {
  let project: TestProject;
  beforeAll(async () => {
    project = await newProject('sign-in', { subscribed: false });
  }, 60_000);

  it('tells each person who they are', async () => {
    await expect(project.owner.call('getMe', {})).resolves.toEqual({ user: 'owner', admin: false });
    await expect(project.admin.call('getMe', {})).resolves.toEqual({ user: 'admin', admin: true });
  });

  it.each([
    ['no token', {}],
    ['a token of nobody', { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' }],
  ])('answers 401 to %s', async (_, headers) => {
    const response = await fetch(`${webUrl(project)}/v1/projects/${project.id}/cases`, { headers });
    expect(response.status).toBe(401);
  });

  it('hides a project from those who are no members', async () => {
    const { admin, collaborator } = project;
    const id = `${project.id}-closed`;
    await admin.call('createProject', {}, { project: id, archiveId: null, description: '', owner: 'owner' });
    await expect(collaborator.call('listCases', { project: id })).rejects.toMatchObject({ code: 'NotFound' });
    const { items } = await collaborator.call('listProjects', {}, { limit: 200 });
    expect(items.map((one) => one.id)).not.toContain(id);
    expect(items.map((one) => one.id)).toContain(project.id);
  });

  it('lets a collaborator read and not launch', async () => {
    const { id, collaborator, modelVersionId } = project;
    await expect(collaborator.call('listRuns', { project: id })).resolves.toMatchObject({ items: [] });
    const request = {
      mode: 'initial' as const,
      trainingConfigId: 'standard',
      datasetId: '0'.repeat(32),
      modelVersionId,
    };
    await expect(collaborator.call('launchRun', { project: id }, request)).rejects.toMatchObject({
      code: 'Forbidden',
    });
  });

  it('lets only a site admin create projects', async () => {
    const request = { project: `${project.id}-own`, archiveId: null, description: '', owner: 'owner' };
    await expect(project.owner.call('createProject', {}, request)).rejects.toMatchObject({
      code: 'Forbidden',
    });
  });
});
