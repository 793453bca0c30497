import { z } from 'zod';
import { HostPricesText } from './host-prices.ts';
import type { LambdaStage } from './stage-names.ts';

/**
 * Environment of every function, parsed once at cold start (`lambdas/_shared/env.ts`) and typed at deploy time
 * (`infra/constructs/stage-function.ts`), so that a missing variable is a compile error there.
 */
const Table = { CONTOURFLOW_TABLE: z.string().min(1) };
const Bucket = { CONTOURFLOW_BUCKET: z.string().min(1) };
const Hints = { CONTOURFLOW_HINT_QUEUE_URL: z.url() };
/** SSM path below which `<archive id>` holds `{"baseUrl"}`, and the prefix of the secrets beside it. */
const Archives = {
  CONTOURFLOW_ARCHIVE_PARAMETERS: z.string().startsWith('/'),
  CONTOURFLOW_ARCHIVE_SECRETS: z.string().min(1),
};
const arn = z.string().startsWith('arn:');
const MachineArns = {
  CONTOURFLOW_SAVE_DATASET_ARN: arn,
  CONTOURFLOW_TRAIN_MODEL_ARN: arn,
  CONTOURFLOW_RELEASE_MODEL_ARN: arn,
};
const PrepareSession = { CONTOURFLOW_PREPARE_SESSION_ARN: arn };
const JobQueue = { CONTOURFLOW_JOB_QUEUE_ARN: arn };
/** What one training job asks of its host, as Batch wants it: decimal strings. No GPU in a CPU-only deployment. */
const JobSize = {
  CONTOURFLOW_JOB_VCPUS: z.string().regex(/^[1-9][0-9]*$/),
  CONTOURFLOW_JOB_MEMORY_MIB: z.string().regex(/^[1-9][0-9]*$/),
  CONTOURFLOW_JOB_GPUS: z.string().regex(/^[0-9]+$/),
};

/** Hosts that the training queue may start, for estimates and budgets. */
const TrainingHosts = { CONTOURFLOW_TRAINING_HOSTS: HostPricesText };

export const STAGE_ENV = {
  'receive-webhook': z.object({ ...Table, ...Hints, ...Archives }),
  'route-event': z.object({ ...Table, ...Bucket, ...PrepareSession }),
  'reconcile-archive': z.object({ ...Table, ...Hints, ...Archives }),
  'fetch-scans': z.object({ ...Table, ...Bucket, ...Archives }),
  'convert-series': z.object({ ...Bucket }),
  'build-mask': z.object({ ...Bucket }),
  'resample-volume': z.object({ ...Bucket }),
  'certify-case': z.object({ ...Bucket }),
  'publish-resources': z.object({ ...Bucket, ...Archives }),
  'register-case': z.object({ ...Table, ...Bucket }),
  'quarantine-case': z.object({ ...Table, ...Bucket }),
  'release-session': z.object({ ...Table }),
  'read-catalogue': z.object({ ...Table, ...Bucket }),
  'resolve-dataset': z.object({ ...Table, ...Bucket }),
  'freeze-items': z.object({ ...Bucket }),
  'save-manifest': z.object({ ...Table, ...Bucket }),
  'plan-run': z.object({ ...Table, ...Bucket, ...JobQueue, ...JobSize }),
  'collect-results': z.object({ ...Table, ...Bucket }),
  'notify-run': z.object({ ...Table, ...Bucket }),
  'track-run': z.object({ ...Table, ...Hints, ...PrepareSession, ...MachineArns }),
  'sweep-runs': z.object({ ...Table, ...Hints, ...PrepareSession, ...MachineArns, ...TrainingHosts }),
  'broker-credentials': z.object({ ...Bucket, CONTOURFLOW_JOB_DATA_ROLE_ARN: arn }),
  'promote-model': z.object({ ...Table, ...Bucket }),
  'plan-export': z.object({ ...Table, ...Bucket, ...JobQueue }),
  'register-export': z.object({ ...Table, ...Bucket }),
  'serve-api': z.object({
    ...Table,
    ...Bucket,
    ...Hints,
    ...MachineArns,
    ...TrainingHosts,
    CONTOURFLOW_JOB_LOG_GROUP: z.string().min(1),
    CONTOURFLOW_ADMIN_GROUP: z.string().default('admins'),
    /** For looking at an archive on request; without them `sync` answers ConfigurationError. */
    CONTOURFLOW_ARCHIVE_PARAMETERS: z.string().startsWith('/').optional(),
    CONTOURFLOW_ARCHIVE_SECRETS: z.string().min(1).optional(),
  }),
} as const satisfies Record<LambdaStage, z.ZodType>;

export type StageEnv<S extends LambdaStage> = z.infer<(typeof STAGE_ENV)[S]>;

/** Environment of the stage runner's container: the imaging stages as a Batch job. */
export const StageRunnerEnv = z.object({
  CONTOURFLOW_BROKER_FUNCTION: z.string().min(1),
  AWS_BATCH_JOB_ID: z.string().min(1),
});
