import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestOf, ResponseOf } from '../contracts/api.ts';
import { isErrorCode, PipelineError } from '../contracts/errors.ts';
import type { ApiClient } from './api-client.ts';

/** What a save, a promotion and an export have in common while they run. */
interface Running {
  readonly state: string;
  readonly problem: { readonly code: string; readonly message: string } | null;
}

const TIMEOUT_MS = 60 * 60_000;

/**
 * Asks again until the record no longer runs, quickly at first.
 *
 * @throws the record's own problem when it failed.
 */
async function waitWhileRunning<T extends Running>(first: T, ask: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + TIMEOUT_MS;
  let record = first;
  for (let pauseMs = 100; record.state === 'running'; pauseMs = Math.min(pauseMs * 1.5, 3_000)) {
    if (Date.now() > deadline)
      throw new PipelineError('UpstreamError', 'it still runs after an hour; look at it later');
    await sleep(pauseMs);
    record = await ask();
  }
  if (record.state !== 'failed') return record;
  const { code = 'InternalError', message = 'it failed without a reason' } = record.problem ?? {};
  throw new PipelineError(isErrorCode(code) ? code : 'InternalError', message);
}

/** Freezes a dataset and answers with its id. */
export async function saveDataset(
  api: ApiClient,
  project: string,
  definitionId: string,
  split: RequestOf<'saveDataset'>['split'],
): Promise<string> {
  const started = await api.call('saveDataset', { project, definitionId }, { split });
  const ask = () => api.call('getDatasetSave', { project, saveId: started.id });
  const { datasetId } = await waitWhileRunning(started, ask);
  if (datasetId !== null) return datasetId;
  throw new PipelineError('InternalError', `dataset save ${started.id} succeeded without a dataset`);
}

/** Promotes a checkpoint and answers with the new model version. */
export async function promote(
  api: ApiClient,
  project: string,
  request: RequestOf<'promoteCheckpoint'>,
): Promise<string> {
  const started = await api.call('promoteCheckpoint', { project }, request);
  const ask = () => api.call('getPromotion', { project, promotionId: started.id });
  const { modelVersionId } = await waitWhileRunning(started, ask);
  if (modelVersionId !== null) return modelVersionId;
  throw new PipelineError('InternalError', `promotion ${started.id} succeeded without a model version`);
}

/** Exports a model version and answers with a link to the bundle. */
export async function exportModel(
  api: ApiClient,
  project: string,
  modelVersionId: string,
): Promise<ResponseOf<'getExport'>> {
  const started = await api.call('createExport', { project }, { modelVersionId, format: 'monai-bundle' });
  const path = { project, exportId: started.id };
  await waitWhileRunning(started, async () => (await api.call('getExport', path)).export);
  return api.call('getExport', path);
}

/** The bytes behind a presigned link. */
export async function download(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  throw new PipelineError(
    'UpstreamError',
    `the download was refused with ${response.status}; ask for a new link`,
    {
      status: response.status,
    },
  );
}
