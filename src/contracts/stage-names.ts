/**
 * The name of every unit of work, in the order the data flows. One name in all places: `src/pipeline/<name>.ts`,
 * `lambdas/<name>/handler.ts`, the PascalCase state and construct id, the metric dimension and the test;
 * `test/architecture/stage-names.test.ts` holds them together.
 */
export const LAMBDA_STAGES = [
  // events in
  'receive-webhook',
  'route-event',
  'reconcile-archive',
  // prepare-session
  'fetch-scans',
  'convert-series',
  'build-mask',
  'resample-volume',
  'certify-case',
  'publish-resources',
  'register-case',
  'quarantine-case',
  'release-session',
  // save-dataset
  'read-catalogue',
  'resolve-dataset',
  'freeze-items',
  'save-manifest',
  // train-model
  'plan-run',
  'collect-results',
  'notify-run',
  'track-run',
  'sweep-runs',
  'broker-credentials',
  // release-model
  'promote-model',
  'plan-export',
  'register-export',
  // the API
  'serve-api',
] as const;
export type LambdaStage = (typeof LAMBDA_STAGES)[number];

/** Stages that run as Batch jobs in the trainer image. */
export const TRAINER_STAGES = ['run-training', 'evaluate-candidate', 'export-model'] as const;
export type TrainerStage = (typeof TRAINER_STAGES)[number];

/** Lambda stages which also run in the stage-runner image when a volume is too big for a Lambda. */
export const IMAGING_STAGES = ['convert-series', 'build-mask', 'resample-volume', 'certify-case'] as const;
export type ImagingStage = (typeof IMAGING_STAGES)[number];

export const STATE_MACHINES = ['prepare-session', 'save-dataset', 'train-model', 'release-model'] as const;
export type StateMachineName = (typeof STATE_MACHINES)[number];

export type StageName = LambdaStage | TrainerStage;

/** `convert-series` -> `ConvertSeries`: the state, construct id and log event prefix of a stage. */
export function pascalCase(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_, _dash: string, letter: string) => letter.toUpperCase());
}
