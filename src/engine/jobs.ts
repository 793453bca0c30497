import type { OpenJob } from './worker-protocol.ts';

/** Every kind of work that threads do. A module is loaded only where its work is asked for. */
export const JOBS = {
  'render-planes': async () => (await import('./jobs/render-planes.ts')).openRenderPlanes,
  'deflate-bytes': async () => (await import('./jobs/deflate-bytes.ts')).openDeflateBytes,
  'value-ranges': async () => (await import('./jobs/value-ranges.ts')).openValueRanges,
  'resample-image': async () => (await import('./jobs/resample-image.ts')).openResampleImage,
  'resample-mask': async () => (await import('./jobs/resample-mask.ts')).openResampleMask,
  digest: async () => (await import('./jobs/digest.ts')).openDigest,
};

export type JobName = keyof typeof JOBS;

type Open<J extends JobName> = Awaited<ReturnType<(typeof JOBS)[J]>>;
export type SharedOf<J extends JobName> =
  Open<J> extends OpenJob<infer Shared, never, unknown> ? Shared : never;
export type TaskOf<J extends JobName> = Parameters<Awaited<ReturnType<Open<J>>>>[0];
export type ResultOf<J extends JobName> = ReturnType<Awaited<ReturnType<Open<J>>>>['value'];
