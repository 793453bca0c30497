import { objectKeys } from '../src/contracts/object-keys.ts';
import type { LambdaStage } from '../src/contracts/stage-names.ts';
import type { JobAccess, ObjectAccess, RecordAccess } from './constructs/grants.ts';

/** What a stage needs of its function and may do; the names of queues and machines come from its stack. */
export interface StageSettings {
  /** `imaging`: the configured size for whole volumes. @default 256 MiB */
  readonly memoryMib?: number | 'imaging';
  /** @default 60 */
  readonly timeoutSeconds?: number;
  readonly records?: RecordAccess;
  readonly objects?: ObjectAccess;
  /** Addresses and credentials of the XNATs. */
  readonly archives?: true;
  readonly jobs?: readonly JobAccess[];
  readonly putEvents?: true;
  /** Invoked by an event source that does not wait: failures must be kept. */
  readonly asynchronous?: true;
  /** No state machine stands behind it and reports its failures, so its errors ring an alarm of their own. */
  readonly alarm?: true;
}

/** Longest a function may run; imaging stages and big downloads take it. */
export const LONGEST_SECONDS = 900;

/** Object patterns, from the module that makes the keys: a wildcard for the project and one for what lies below. */
const any = '*';
const below = (prefix: string): string => `${prefix.replace(/\*\/$/, '')}*`;
const BLOBS = below(objectKeys.blobPrefix(any));
const WORK = below(objectKeys.work(any, any, ''));
const CASES = below(`${objectKeys.projectPrefix(any)}cases/`);
const DATASETS = below(objectKeys.datasetPrefix(any));
const MODELS = below(objectKeys.modelPrefix(any, any));
const RUNS = below(objectKeys.runPrefix(any, any));
const EXPORTS = below(objectKeys.exportPrefix(any, any));
const INCOMING = below(objectKeys.incomingPrefix(any, any));

/** Volumes are content-addressed: an imaging stage reads blobs and reports, and writes the same. */
const IMAGING = {
  memoryMib: 'imaging',
  timeoutSeconds: LONGEST_SECONDS,
  objects: { read: [BLOBS, WORK, MODELS], write: [BLOBS, WORK] },
} as const satisfies StageSettings;

export const STAGE_SETTINGS: Record<LambdaStage, StageSettings> = {
  'receive-webhook': { alarm: true, memoryMib: 512, timeoutSeconds: 10, records: 'write', archives: true },
  'route-event': { alarm: true, records: 'write', objects: { read: [INCOMING] } },
  'reconcile-archive': {
    alarm: true,
    timeoutSeconds: 300,
    records: 'write',
    archives: true,
    asynchronous: true,
  },

  'fetch-scans': {
    memoryMib: 1_024,
    timeoutSeconds: LONGEST_SECONDS,
    records: 'read',
    objects: { read: [INCOMING, BLOBS, MODELS], write: [BLOBS, WORK] },
    archives: true,
  },
  'convert-series': IMAGING,
  'build-mask': IMAGING,
  'resample-volume': IMAGING,
  'certify-case': { ...IMAGING, objects: { ...IMAGING.objects, write: [BLOBS, WORK, CASES] } },
  'publish-resources': {
    memoryMib: 1_024,
    timeoutSeconds: LONGEST_SECONDS,
    objects: { read: [BLOBS, WORK, CASES] },
    archives: true,
  },
  'register-case': { records: 'write', objects: { read: [MODELS] } },
  'quarantine-case': { records: 'write', objects: { read: [WORK] } },
  'release-session': { records: 'write' },

  'read-catalogue': { memoryMib: 512, records: 'read', objects: { write: [WORK] } },
  'resolve-dataset': {
    memoryMib: 512,
    timeoutSeconds: 300,
    records: 'read',
    objects: { read: [WORK, BLOBS, CASES, DATASETS], write: [WORK] },
  },
  'freeze-items': {
    memoryMib: 1_024,
    timeoutSeconds: LONGEST_SECONDS,
    objects: { read: [WORK, BLOBS, CASES] },
  },
  'save-manifest': {
    memoryMib: 512,
    records: 'write',
    objects: { read: [WORK, DATASETS], write: [DATASETS] },
  },

  'plan-run': { memoryMib: 512, records: 'read', objects: { read: [DATASETS, RUNS], write: [RUNS] } },
  'collect-results': { memoryMib: 512, records: 'write', objects: { read: [RUNS], write: [RUNS] } },
  'notify-run': { records: 'write', objects: { read: [RUNS] }, putEvents: true },
  'track-run': { alarm: true, records: 'write', jobs: ['describe'] },
  'sweep-runs': {
    alarm: true,
    timeoutSeconds: 300,
    records: 'write',
    jobs: ['describe', 'terminate'],
    asynchronous: true,
  },
  'broker-credentials': { alarm: true, timeoutSeconds: 15, jobs: ['describe'] },

  'promote-model': {
    memoryMib: 512,
    timeoutSeconds: 300,
    records: 'write',
    objects: { read: [RUNS, MODELS, BLOBS], write: [MODELS] },
  },
  'plan-export': { records: 'read', objects: { read: [MODELS, EXPORTS], write: [EXPORTS] } },
  'register-export': { records: 'write', objects: { read: [EXPORTS] } },

  'serve-api': {
    alarm: true,
    memoryMib: 1_024,
    timeoutSeconds: 29,
    records: 'write',
    archives: true,
    objects: {
      read: [INCOMING, BLOBS, CASES, DATASETS, MODELS, RUNS, EXPORTS],
      write: [INCOMING, BLOBS, MODELS],
    },
  },
};
