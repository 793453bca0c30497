import { z } from 'zod';
import { type HostPrice, PRICES_USD_PER_HOUR } from '../src/contracts/host-prices.ts';

/**
 * Where and how Contourflow is deployed. This is the one place that knows of `target`: what differs between an
 * AWS account and the local machine is derived here, and `test/infra/parity.test.ts` lists what may differ.
 */
export const DeploymentTarget = z.enum(['aws', 'local']);
export type DeploymentTarget = z.infer<typeof DeploymentTarget>;

const instanceType = z.string().regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'an EC2 instance type such as g6e.2xlarge');

export const DeploymentConfig = z.strictObject({
  target: DeploymentTarget,
  environmentName: z.string().min(1).max(32).default('production').describe('value of the tag `environment`'),
  archives: z
    .array(z.strictObject({ id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/) }))
    .default([{ id: 'xnat' }])
    .describe('XNATs whose address lies in SSM and whose credentials lie in Secrets Manager under this id'),
  images: z
    .strictObject({
      trainerUri: z.string().nullable().default(null).describe('null: CodeBuild builds trainer/Dockerfile'),
      stageRunnerUri: z.string().nullable().default(null).describe('null: CodeBuild builds the stage runner'),
    })
    .prefault({}),
  batchVoxelThreshold: z
    .int()
    .min(0)
    .default(120_000_000)
    .describe('series with more voxels are prepared by the stage runner on Batch instead of in a function'),
  imagingMemoryMib: z.int().min(512).max(10_240).default(3_008).describe('a new account allows 3,008 MiB'),
  training: z
    .strictObject({
      cpuOnly: z
        .boolean()
        .default(false)
        .describe('train on the CPU queue: smoke tests and accounts without GPUs'),
      gpuInstanceTypes: z.array(instanceType).min(1).default(['g6e.2xlarge', 'g6.2xlarge', 'g5.2xlarge']),
      cpuInstanceTypes: z.array(instanceType).min(1).default(['m7i.2xlarge', 'm7a.2xlarge', 'm6i.2xlarge']),
      pricesUsdPerHour: z
        .record(instanceType, z.number().positive())
        .default({})
        .describe(
          'of hosts that the price table lacks, or in another region; what estimates and budgets use',
        ),
      maxGpuVcpus: z.int().min(1).default(32),
      maxCpuVcpus: z.int().min(1).default(32),
      jobVcpus: z.int().min(1).default(8),
      jobMemoryMib: z.int().min(512).default(28_000),
      jobGpus: z.int().min(0).default(1),
      diskGib: z.int().min(100).default(200),
      stuckJobMinutes: z
        .int()
        .min(10)
        .default(60)
        .describe('a job that no host can take is given up after this'),
    })
    .prefault({}),
  signInUrl: z
    .string()
    .nullable()
    .default(null)
    .describe('where the dashboard signs in; null: the Cognito endpoint of the region'),
  availabilityZones: z.int().min(1).max(6).default(3),
  monthlyBudgetUsd: z.number().positive().default(500),
  alarmEmail: z.email().nullable().default(null),
  logRetentionDays: z.union([z.literal(7), z.literal(30), z.literal(90), z.literal(365)]).default(90),
  retainData: z.boolean().default(true).describe('keep bucket, table, key and users when a stack is deleted'),
  sessionMapConcurrency: z.int().min(2).max(1_000).default(10).describe('sessions being routed at a time'),
  runbookUrl: z
    .url()
    .default('https://github.com/contourflow/contourflow/blob/main/docs/operator-guide/runbook.md'),
});
export type DeploymentConfig = z.infer<typeof DeploymentConfig>;

/** What the local machine sets by itself; a configuration file can still change it. */
const LOCAL_DEFAULTS = {
  environmentName: 'local',
  images: { trainerUri: 'contourflow/trainer', stageRunnerUri: 'contourflow/stage-runner' },
  // The queues stay those of AWS; a job takes the machine's GPU by itself when there is one.
  training: { jobVcpus: 2, jobMemoryMib: 4_096, jobGpus: 0 },
  // The machine's one web origin passes it on, so that the browser needs no second address.
  signInUrl: '/cognito-idp/',
  retainData: false,
  logRetentionDays: 30,
} as const;

/** Environment variables by which a caller chooses the deployment; everything else is in the file they name. */
export interface DeploymentEnvironment {
  /** `aws` (default) or `local`. */
  readonly CONTOURFLOW_TARGET?: string | undefined;
  /** Path of a JSON file with a partial DeploymentConfig. */
  readonly CONTOURFLOW_CONFIG?: string | undefined;
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function merge(base: Json, over: Json): Json {
  const merged: Json = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const under = merged[key];
    merged[key] = isObject(under) && isObject(value) ? merge(under, value) : value;
  }
  return merged;
}

/**
 * The deployment's configuration: defaults, then the target's own, then the file.
 *
 * @param readJson - reads the file named by CONTOURFLOW_CONFIG.
 * @throws Error naming every wrong value, when the file or the target is not valid.
 */
export function loadConfig(
  environment: DeploymentEnvironment,
  readJson: (path: string) => unknown,
): DeploymentConfig {
  const target = DeploymentTarget.safeParse(environment.CONTOURFLOW_TARGET ?? 'aws');
  if (!target.success) {
    throw new Error(
      `unknown deployment target "${environment.CONTOURFLOW_TARGET}": set CONTOURFLOW_TARGET to aws or local`,
    );
  }
  const file = environment.CONTOURFLOW_CONFIG ? readJson(environment.CONTOURFLOW_CONFIG) : {};
  return parseConfig(target.data, isObject(file) ? file : {});
}

/** `overrides` on the defaults of `target`, checked. */
export function parseConfig(target: DeploymentTarget, overrides: Json = {}): DeploymentConfig {
  const parsed = DeploymentConfig.safeParse({
    ...merge(target === 'local' ? LOCAL_DEFAULTS : {}, overrides),
    target,
  });
  if (!parsed.success) {
    throw new Error(`the deployment configuration is not valid:\n${z.prettifyError(parsed.error)}`);
  }
  const { training } = parsed.data;
  trainingHostPrices(training);
  return training.cpuOnly ? { ...parsed.data, training: { ...training, jobGpus: 0 } } : parsed.data;
}

/**
 * The hosts that the training queue may start, with their prices.
 *
 * @throws Error naming every host without a price: without it neither an estimate nor a budget means anything.
 */
export function trainingHostPrices(training: DeploymentConfig['training']): HostPrice[] {
  const setting = training.cpuOnly ? 'cpuInstanceTypes' : 'gpuInstanceTypes';
  const prices = { ...PRICES_USD_PER_HOUR, ...training.pricesUsdPerHour };
  const unknown = training[setting].filter((type) => prices[type] === undefined);
  if (unknown.length > 0) {
    throw new Error(
      `the deployment configuration is not valid: training.${setting} holds ${unknown.join(', ')}, whose price is not known; ` +
        `choose from ${Object.keys(PRICES_USD_PER_HOUR).join(', ')}, or say what an hour costs: ` +
        `"training": {"pricesUsdPerHour": {"${unknown[0]}": 1.23}}`,
    );
  }
  return training[setting].map((type) => ({ instanceType: type, usdPerHour: prices[type] as number }));
}
