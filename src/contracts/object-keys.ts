import type { ObjectKey, ProjectId, RunId, Sha256 } from './identifiers.ts';

/**
 * The only place that names objects in the data bucket. Everything of a project lies below one prefix, so
 * that access can be scoped by prefix; deduplication (blobs) never crosses projects.
 */
const project = (projectId: ProjectId): string => `projects/${projectId}/`;

export const objectKeys = {
  projectPrefix: project,
  /** Content-addressed bytes: DICOM files, ROI files, volumes, masks, weights. Written once. */
  blob: (projectId: ProjectId, sha256: Sha256): ObjectKey => `${project(projectId)}blobs/sha256/${sha256}`,
  /** Intermediate JSON of one prepare-session execution; expires. */
  work: (projectId: ProjectId, execution: string, name: string): ObjectKey =>
    `${project(projectId)}work/${execution}/${name}`,
  certificate: (projectId: ProjectId, caseId: string): ObjectKey =>
    `${project(projectId)}cases/${caseId}/certificate.json`,
  datasetManifest: (projectId: ProjectId, datasetId: string): ObjectKey =>
    `${project(projectId)}datasets/${datasetId}/manifest.json`,
  datasetWork: (projectId: ProjectId, saveId: string, name: string): ObjectKey =>
    `${project(projectId)}work/datasets/${saveId}/${name}`,
  datasetPrefix: (projectId: ProjectId): string => `${project(projectId)}datasets/`,
  blobPrefix: (projectId: ProjectId): string => `${project(projectId)}blobs/`,
  modelPrefix: (projectId: ProjectId, modelVersionId: string): string =>
    `${project(projectId)}models/${modelVersionId}/`,
  labelMap: (projectId: ProjectId, sha256: Sha256): ObjectKey =>
    `${project(projectId)}models/label-maps/${sha256}.txt`,
  runPrefix: (projectId: ProjectId, runId: RunId): string => `${project(projectId)}runs/${runId}/`,
  trainingSpec: (projectId: ProjectId, runId: RunId): ObjectKey =>
    `${project(projectId)}runs/${runId}/spec.json`,
  trainingResult: (projectId: ProjectId, runId: RunId): ObjectKey =>
    `${project(projectId)}runs/${runId}/result.json`,
  trainingMetrics: (projectId: ProjectId, runId: RunId): ObjectKey =>
    `${project(projectId)}runs/${runId}/metrics.jsonl`,
  tensorboardPrefix: (projectId: ProjectId, runId: RunId): string =>
    `${project(projectId)}runs/${runId}/tensorboard/`,
  evaluationPrefix: (projectId: ProjectId, runId: RunId): string =>
    `${project(projectId)}runs/${runId}/evaluation/`,
  evaluationSpec: (projectId: ProjectId, runId: RunId): ObjectKey =>
    `${project(projectId)}runs/${runId}/evaluation/spec.json`,
  evaluationResult: (projectId: ProjectId, runId: RunId): ObjectKey =>
    `${project(projectId)}runs/${runId}/evaluation/result.json`,
  exportPrefix: (projectId: ProjectId, exportId: string): string =>
    `${project(projectId)}exports/${exportId}/`,
  exportSpec: (projectId: ProjectId, exportId: string): ObjectKey =>
    `${project(projectId)}exports/${exportId}/spec.json`,
  exportResult: (projectId: ProjectId, exportId: string): ObjectKey =>
    `${project(projectId)}exports/${exportId}/result.json`,
  /** Raw uploads, expiring. The manifest is written last and is the only trigger. */
  incomingPrefix: (projectId: ProjectId, uploadId: string): string => `incoming/${projectId}/${uploadId}/`,
  incomingManifest: (projectId: ProjectId, uploadId: string): ObjectKey =>
    `incoming/${projectId}/${uploadId}/_COMPLETE.json`,
} as const;

/** Working files expire: whoever writes them tags them `expires=work`, which the bucket's lifecycle rule selects. */
export function isWorkKey(key: string): boolean {
  return /^projects\/[^/]+\/work\//.test(key);
}

/** `incoming/{project}/{upload}/_COMPLETE.json` taken apart, or null for any other key. */
export function parseIncomingManifestKey(key: string): { project: string; uploadId: string } | null {
  const match = /^incoming\/([^/]+)\/([^/]+)\/_COMPLETE\.json$/.exec(key);
  return match?.[1] && match[2] ? { project: match[1], uploadId: match[2] } : null;
}
