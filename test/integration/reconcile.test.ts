import { InvokeCommand, LambdaClient, paginateListFunctions } from '@aws-sdk/client-lambda';
import { describe, expect, it } from '@jest/globals';
import { clientConfig } from '../../local/machine/aws-clients.ts';
import { newProject, type TestProject } from './project.ts';
import { archive, awaitCase, phantom, saveContours } from './sessions.ts';

describe('a lost event', () => {
  it('is found by the sweep of the archive', async () => {
    const project = await newProject('reconcile', { subscribed: false });
    const session = await archive(project, phantom(2));
    await saveContours(project, session, phantom(2));
    await invokeOnSchedule(project, 'ReconcileArchive');
    await awaitCase(project, session, 'ready');
  }, 180_000);

  it('is found at once when a member asks for a look', async () => {
    const project = await newProject('sync', { subscribed: false });
    const session = await archive(project, phantom(4));
    await saveContours(project, session, phantom(4));
    const { hinted } = await project.member.call('syncProject', { project: project.id }, {});
    expect(hinted).toBe(1);
    await awaitCase(project, session, 'ready');
  }, 180_000);
});

/** What the schedule does every quarter of an hour. */
async function invokeOnSchedule({ machine }: TestProject, stage: string): Promise<void> {
  const client = new LambdaClient(clientConfig(machine));
  for await (const { Functions = [] } of paginateListFunctions({ client }, {})) {
    const name = Functions.find(({ FunctionName }) =>
      FunctionName?.includes(`${stage}Function`),
    )?.FunctionName;
    if (name === undefined) continue;
    const answer = await client.send(new InvokeCommand({ FunctionName: name, Payload: '{}' }));
    expect(answer.FunctionError).toBeUndefined();
    return;
  }
  throw new Error(`no function of ${stage} is deployed`);
}
