import { BatchClient, DescribeJobsCommand, TerminateJobCommand } from '@aws-sdk/client-batch';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { createBatchJobQueue } from '../../../../src/adapters/aws/batch-job-queue.ts';

const batch = mockClient(BatchClient);
const queue = createBatchJobQueue({ client: new BatchClient({ region: 'eu-west-1' }) });
const NEVER_STARTED = { jobName: 'n', jobQueue: 'q', startedAt: 0 };

beforeEach(() => {
  batch.reset();
});

describe('the job queue', () => {
  it('describes a job that ran', async () => {
    batch.on(DescribeJobsCommand, { jobs: ['j1'] }).resolves({
      jobs: [
        {
          ...NEVER_STARTED,
          jobId: 'j1',
          status: 'FAILED',
          statusReason: 'Host EC2 terminated',
          jobDefinition: 'trainer:3',
          parameters: { project: 'p' },
          container: { logStreamName: 'trainer/j1', exitCode: 137 },
          attempts: [{}, {}],
        },
      ],
    });
    expect(await queue.describe('j1')).toEqual({
      jobId: 'j1',
      status: 'FAILED',
      statusReason: 'Host EC2 terminated',
      jobDefinition: 'trainer:3',
      parameters: { project: 'p' },
      logStreamName: 'trainer/j1',
      exitCode: 137,
      attempts: 2,
    });
  });

  it('tells exit code 0 from none', async () => {
    const job = { ...NEVER_STARTED, jobId: 'j1', status: 'SUCCEEDED', jobDefinition: 'd' } as const;
    batch.on(DescribeJobsCommand).resolves({ jobs: [{ ...job, container: { exitCode: 0 } }] });
    expect(await queue.describe('j1')).toMatchObject({ exitCode: 0 });
  });

  it('describes a job of which nothing is known yet', async () => {
    batch
      .on(DescribeJobsCommand)
      .resolves({ jobs: [{ ...NEVER_STARTED, jobId: 'j1', status: undefined, jobDefinition: undefined }] });
    expect(await queue.describe('j1')).toEqual({
      jobId: 'j1',
      status: 'SUBMITTED',
      statusReason: null,
      jobDefinition: '',
      parameters: {},
      logStreamName: null,
      exitCode: null,
      attempts: 0,
    });
  });

  it('knows no job that Batch does not name', async () => {
    const other = { ...NEVER_STARTED, jobId: 'j2', status: 'RUNNING', jobDefinition: 'd' } as const;
    batch
      .on(DescribeJobsCommand)
      .resolvesOnce({})
      .resolves({ jobs: [other] });
    expect(await queue.describe('j1')).toBeNull();
    expect(await queue.describe('j1')).toBeNull();
  });

  it('terminates a job with its reason', async () => {
    batch.on(TerminateJobCommand).resolves({});
    await queue.terminate('j1', 'over budget');
    expect(batch.commandCalls(TerminateJobCommand)[0]?.args[0].input).toEqual({
      jobId: 'j1',
      reason: 'over budget',
    });
  });
});
