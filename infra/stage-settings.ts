import type { LambdaStage } from '../src/contracts/stage-names.ts';
import type { JobAccess, ObjectAccess, RecordAccess } from './constructs/grants.ts';
import { OBJECT_PATTERNS as OBJECTS } from './object-patterns.ts';

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

/** Volumes are content-addressed: an imaging stage reads blobs and reports, and writes the same. */
const IMAGING = {
  memoryMib: 'imaging',
  timeoutSeconds: LONGEST_SECONDS,
  objects: { read: [OBJECTS.blobs, OBJECTS.work, OBJECTS.models], write: [OBJECTS.blobs, OBJECTS.work] },
} as const satisfies StageSettings;

export const STAGE_SETTINGS: Record<LambdaStage, StageSettings> = {
  'receive-webhook': { alarm: true, memoryMib: 512, timeoutSeconds: 10, records: 'write', archives: true },
  'route-event': { alarm: true, records: 'write', objects: { read: [OBJECTS.incoming] } },
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
    objects: {
      read: [OBJECTS.incoming, OBJECTS.blobs, OBJECTS.models],
      write: [OBJECTS.blobs, OBJECTS.work],
    },
    archives: true,
  },
  'convert-series': IMAGING,
  'build-mask': IMAGING,
  'resample-volume': IMAGING,
  'certify-case': {
    ...IMAGING,
    objects: { ...IMAGING.objects, write: [OBJECTS.blobs, OBJECTS.work, OBJECTS.cases] },
  },
  'publish-resources': {
    memoryMib: 1_024,
    timeoutSeconds: LONGEST_SECONDS,
    objects: { read: [OBJECTS.blobs, OBJECTS.work, OBJECTS.cases] },
    archives: true,
  },
  'register-case': { records: 'write', objects: { read: [OBJECTS.models, OBJECTS.cases] } },
  'quarantine-case': { records: 'write', objects: { read: [OBJECTS.work] } },
  'release-session': { records: 'write' },

  'read-catalogue': { memoryMib: 512, records: 'read', objects: { write: [OBJECTS.work] } },
  'resolve-dataset': {
    memoryMib: 512,
    timeoutSeconds: 300,
    records: 'read',
    objects: { read: [OBJECTS.work, OBJECTS.blobs, OBJECTS.cases, OBJECTS.datasets], write: [OBJECTS.work] },
  },
  'freeze-items': {
    memoryMib: 1_024,
    timeoutSeconds: LONGEST_SECONDS,
    objects: { read: [OBJECTS.work, OBJECTS.blobs, OBJECTS.cases] },
  },
  'save-manifest': {
    memoryMib: 512,
    records: 'write',
    objects: { read: [OBJECTS.work, OBJECTS.datasets], write: [OBJECTS.datasets] },
  },

  'plan-run': {
    memoryMib: 512,
    records: 'read',
    objects: { read: [OBJECTS.datasets, OBJECTS.runs], write: [OBJECTS.runs] },
  },
  'collect-results': {
    memoryMib: 512,
    records: 'write',
    objects: { read: [OBJECTS.runs], write: [OBJECTS.runs] },
  },
  'notify-run': { records: 'write', objects: { read: [OBJECTS.runs] }, putEvents: true },
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
    // Whole weights in memory: see BUNDLE_LIMITS (src/models/bundle-zip.ts).
    memoryMib: 2_048,
    timeoutSeconds: 300,
    records: 'write',
    objects: { read: [OBJECTS.runs, OBJECTS.models, OBJECTS.blobs], write: [OBJECTS.models] },
  },
  'plan-export': {
    records: 'read',
    objects: { read: [OBJECTS.models, OBJECTS.exports], write: [OBJECTS.exports] },
  },
  'register-export': { records: 'write', objects: { read: [OBJECTS.exports] } },

  'serve-api': {
    alarm: true,
    // A model bundle and its weights in memory: see BUNDLE_LIMITS (src/models/bundle-zip.ts).
    memoryMib: 1_536,
    timeoutSeconds: 29,
    records: 'delete',
    archives: true,
    objects: {
      read: [
        OBJECTS.incoming,
        OBJECTS.blobs,
        OBJECTS.cases,
        OBJECTS.datasets,
        OBJECTS.models,
        OBJECTS.runs,
        OBJECTS.exports,
      ],
      write: [OBJECTS.incoming, OBJECTS.blobs, OBJECTS.models],
    },
  },
};
