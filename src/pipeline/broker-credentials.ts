import type { z } from 'zod';
import { PipelineError } from '../contracts/errors.ts';
import { objectKeys } from '../contracts/object-keys.ts';
import { SCHEMA_VERSION } from '../contracts/schema-version.ts';
import type { BrokerRequest, BrokerResponse } from '../contracts/training.ts';
import type { JobDescription, Ports } from '../ports/index.ts';

interface Scope {
  readonly readPrefixes: string[];
  readonly writePrefixes: string[];
}

const LIVE = ['STARTING', 'RUNNING'];

/**
 * Short-lived credentials for what one Batch job works on, and nothing else.
 *
 * The scope comes from the job's own parameters, which only the state machines can set; what the caller says is its
 * job id alone. A job that is not running any more gets nothing.
 *
 * @throws Forbidden for a job that is unknown, over, or without the parameters of one of ours
 */
export async function brokerCredentials(
  { jobId }: z.output<typeof BrokerRequest>,
  bucket: string,
  { jobs, credentials }: Pick<Ports, 'jobs' | 'credentials'>,
): Promise<BrokerResponse> {
  const job = await jobs.describe(jobId);
  if (!job) throw refusal(jobId, 'there is no such job');
  if (!LIVE.includes(job.status)) throw refusal(jobId, `the job is ${job.status}, not ${LIVE.join(' or ')}`);
  const scope = scopeOf(job);
  if (!scope) throw refusal(jobId, 'its parameters are not those of a job of ours');
  return {
    schemaVersion: SCHEMA_VERSION,
    bucket,
    ...scope,
    credentials: await credentials.issue({ sessionName: `job-${jobId}`, ...scope }),
  };
}

function refusal(jobId: string, why: string): PipelineError {
  return new PipelineError(
    'Forbidden',
    `no credentials for job ${jobId}: ${why}; only jobs that Contourflow's own workflows started get them`,
    { jobId },
  );
}

function scopeOf({ parameters }: JobDescription): Scope | null {
  const { project, runId, action, stage } = parameters;
  if (!project) return null;
  if (stage) return stageRunnerScope(project);
  if (!runId) return null;
  if (action === 'train' || action === 'evaluate') return runScope(project, runId);
  return action === 'export' ? exportScope(project, runId) : null;
}

/** Imaging stages read and write blobs, working files and certificates of their project. */
function stageRunnerScope(project: string): Scope {
  const prefixes = [
    objectKeys.blobPrefix(project),
    `${objectKeys.projectPrefix(project)}work/`,
    `${objectKeys.projectPrefix(project)}cases/`,
  ];
  return {
    readPrefixes: [...prefixes, `${objectKeys.projectPrefix(project)}models/`],
    writePrefixes: prefixes,
  };
}

function runScope(project: string, runId: string): Scope {
  const run = objectKeys.runPrefix(project, runId);
  return {
    readPrefixes: [
      objectKeys.blobPrefix(project),
      objectKeys.datasetPrefix(project),
      `${objectKeys.projectPrefix(project)}models/`,
      run,
    ],
    writePrefixes: [run],
  };
}

/** The export's id comes in the parameter `runId`. */
function exportScope(project: string, exportId: string): Scope {
  const folder = objectKeys.exportPrefix(project, exportId);
  return {
    readPrefixes: [objectKeys.blobPrefix(project), `${objectKeys.projectPrefix(project)}models/`, folder],
    writePrefixes: [folder],
  };
}
