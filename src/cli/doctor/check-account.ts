import { type Check, fail, ok, warn } from './check.ts';
import type { Probe } from './probe.ts';

export interface AccountToCheck {
  readonly region: string;
  /** `imagingMemoryMib` of the deployment's configuration. */
  readonly imagingMemoryMib: number;
}

/** What a new account allows a function; how much an account really allows, AWS tells nobody. */
const NEW_ACCOUNT_MEMORY_MIB = 3008;
const NEW_ACCOUNT_CONCURRENCY = 10;
/** A job takes a whole 2xlarge. */
const JOB_VCPUS = 8;
const QUOTAS = [
  { code: 'L-DB2E81BA', name: 'GPU On-Demand', title: 'Running On-Demand G and VT instances' },
  { code: 'L-3819A6DF', name: 'GPU Spot', title: 'All G and VT Spot Instance Requests' },
] as const;

/** What a deployment needs of the account, asked with the AWS CLI, which the operator's guide needs anyway. */
export async function checkAccount(probe: Probe, account: AccountToCheck): Promise<Check[]> {
  const aws = async (...args: string[]): Promise<Record<string, unknown>> =>
    JSON.parse(await probe.run('aws', [...args, '--region', account.region, '--output', 'json']));
  const identity = await checkCredentials(aws);
  if (identity.state === 'fail') return [identity];
  const gpus = await Promise.all(QUOTAS.map((quota) => checkQuota(aws, quota, account.region)));
  return [
    identity,
    ...gpus,
    checkMemory(account),
    await checkConcurrency(aws),
    await checkBatch(aws, account),
  ];
}

type Aws = (...args: string[]) => Promise<Record<string, unknown>>;

async function checkCredentials(aws: Aws): Promise<Check> {
  try {
    return ok('credentials', `account ${(await aws('sts', 'get-caller-identity')).Account}`);
  } catch (error) {
    const advice =
      'install the AWS CLI and sign in, such as with aws sso login; set AWS_PROFILE for another account';
    return fail('credentials', reasonOf(error), advice);
  }
}

async function checkQuota(
  aws: Aws,
  { code, name, title }: (typeof QUOTAS)[number],
  region: string,
): Promise<Check> {
  try {
    const { Quota } = await aws(
      'service-quotas',
      'get-service-quota',
      '--service-code',
      'ec2',
      '--quota-code',
      code,
    );
    const value = Number((Quota as { Value?: unknown } | undefined)?.Value);
    const found = `${value} vCPU (${code})`;
    if (value >= JOB_VCPUS) return ok(name, found);
    const advice = `a run needs ${JOB_VCPUS}; ask for more in Service Quotas > Amazon EC2 > "${title}" in ${region}, or set training.cpuOnly`;
    return fail(name, found, advice);
  } catch (error) {
    return warn(
      name,
      reasonOf(error),
      `allow servicequotas:GetServiceQuota, or look at ${code} in the console`,
    );
  }
}

function checkMemory({ imagingMemoryMib }: AccountToCheck): Check {
  const found = `imagingMemoryMib ${imagingMemoryMib}`;
  if (imagingMemoryMib <= NEW_ACCOUNT_MEMORY_MIB) return ok('function memory', found);
  const advice = `a new account allows ${NEW_ACCOUNT_MEMORY_MIB} MB; ask AWS Support first, or the deployment fails`;
  return warn('function memory', found, advice);
}

async function checkConcurrency(aws: Aws): Promise<Check> {
  try {
    const { AccountLimit } = await aws('lambda', 'get-account-settings');
    const limit = Number(
      (AccountLimit as { ConcurrentExecutions?: unknown } | undefined)?.ConcurrentExecutions,
    );
    if (limit > NEW_ACCOUNT_CONCURRENCY) return ok('function concurrency', `${limit} at a time`);
    const advice = 'ask for more in Service Quotas > AWS Lambda when many sessions come at once';
    return warn('function concurrency', `${limit} at a time`, advice);
  } catch (error) {
    return warn('function concurrency', reasonOf(error), 'allow lambda:GetAccountSettings');
  }
}

async function checkBatch(aws: Aws, { region }: AccountToCheck): Promise<Check> {
  try {
    await aws('batch', 'describe-compute-environments', '--max-items', '1');
    return ok('batch', `answers in ${region}`);
  } catch (error) {
    return fail(
      'batch',
      reasonOf(error),
      'allow batch:DescribeComputeEnvironments, or choose a region that has Batch',
    );
  }
}

/** The last line that the AWS CLI wrote says why; the command line before it does not. */
function reasonOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr ?? '').trim().split('\n').at(-1) || message;
}
