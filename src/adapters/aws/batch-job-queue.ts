import {
  type BatchClient,
  DescribeJobsCommand,
  type JobDetail,
  TerminateJobCommand,
} from '@aws-sdk/client-batch';
import type { JobDescription, JobQueue } from '../../ports/index.ts';

/** AWS Batch as the sweep and the credentials broker need it; jobs are submitted by the state machines. */
export function createBatchJobQueue(options: { client: BatchClient }): JobQueue {
  const { client } = options;
  return {
    async describe(jobId) {
      const { jobs = [] } = await client.send(new DescribeJobsCommand({ jobs: [jobId] }));
      const job = jobs.find((candidate) => candidate.jobId === jobId);
      return job ? describeJob(jobId, job) : null;
    },
    async terminate(jobId, reason) {
      await client.send(new TerminateJobCommand({ jobId, reason }));
    },
  };
}

function describeJob(jobId: string, job: JobDetail): JobDescription {
  return {
    jobId,
    status: job.status ?? 'SUBMITTED',
    statusReason: job.statusReason ?? null,
    jobDefinition: job.jobDefinition ?? '',
    parameters: job.parameters ?? {},
    logStreamName: job.container?.logStreamName ?? null,
    exitCode: job.container?.exitCode ?? null,
    attempts: job.attempts?.length ?? 0,
  };
}
