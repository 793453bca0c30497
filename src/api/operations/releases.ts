import { PipelineError } from '../../contracts/errors.ts';
import { ModelVersionId } from '../../contracts/identifiers.ts';
import type { RecordOf } from '../../contracts/records.ts';
import { SCHEMA_VERSION } from '../../contracts/schema-version.ts';
import type { ReleaseModelInput } from '../../contracts/stages/release-model.ts';
import { requireRecord } from '../../pipeline/require-record.ts';
import { modelVersionId } from '../../training/promotion.ts';
import { isFinished } from '../../training/run-state.ts';
import type { ApiPorts, Call, Handlers } from '../call.ts';
import { listRecords } from '../list-records.ts';
import { startOrFail } from '../start-or-fail.ts';

const LINK_SECONDS = 3_600;

export const releaseOperations: Handlers<
  'promoteCheckpoint' | 'getPromotion' | 'createExport' | 'listExports' | 'getExport'
> = {
  promoteCheckpoint,
  getPromotion: ({ path }, { records }) =>
    requireRecord(records, 'promotion', path.project, path.promotionId),
  createExport,
  listExports: ({ path, request }, { records }) => listRecords(records, 'export', path.project, request),
  async getExport({ path }, { records, objects }) {
    const found = await requireRecord(records, 'export', path.project, path.exportId);
    const name = `${found.modelVersionId}.zip`;
    const url = found.bundle ? await objects.presignGet(found.bundle.key, LINK_SECONDS, name) : null;
    return { export: found, url };
  },
};

async function promoteCheckpoint(
  { path: { project }, request, caller }: Call<'promoteCheckpoint'>,
  { records, workflows, ids }: ApiPorts,
): Promise<RecordOf<'promotion'>> {
  const { runId, checkpointId, modelId } = request;
  await requirePromotable(records, project, request);
  const id = ids.next('promotion');
  const promotion = await records.create({
    entity: 'promotion',
    project,
    id,
    state: 'running',
    runId,
    checkpointId,
    modelId,
    modelVersionId: null,
    problem: null,
    requestedBy: caller.user,
  });
  const input: ReleaseModelInput = {
    schemaVersion: SCHEMA_VERSION,
    project,
    requestedBy: caller.user,
    promotion: { promotionId: id, runId, checkpointId, modelId },
    export: null,
  };
  await startOrFail(workflows, 'release-model', id, input, (problem) =>
    records.update('promotion', project, id, (current) => ({ ...current, state: 'failed', problem })),
  );
  return promotion;
}

async function requirePromotable(
  records: ApiPorts['records'],
  project: string,
  { runId, checkpointId, modelId }: Call<'promoteCheckpoint'>['request'],
): Promise<void> {
  if (!ModelVersionId.safeParse(modelVersionId(modelId, 1)).success) {
    throw new PipelineError(
      'InvalidRequest',
      `modelId: "${modelId}" cannot be used; letters, digits, "_" and "-" only, at most 60`,
    );
  }
  const run = await requireRecord(records, 'run', project, runId);
  const checkpoint = await requireRecord(records, 'checkpoint', project, checkpointId);
  if (checkpoint.runId !== runId) {
    throw new PipelineError(
      'InvalidRequest',
      `checkpointId: ${checkpointId} belongs to run ${checkpoint.runId}`,
    );
  }
  const result = await records.get('run-result', project, runId);
  if (!isFinished(run.state) && result?.state !== 'evaluated') {
    throw new PipelineError(
      'Conflict',
      `run ${runId} is ${run.state}; promote when it has finished, so that its test results go with the model`,
      { runId, state: run.state },
    );
  }
}

async function createExport(
  { path: { project }, request, caller }: Call<'createExport'>,
  { records, workflows, ids }: ApiPorts,
): Promise<RecordOf<'export'>> {
  await requireRecord(records, 'model-version', project, request.modelVersionId);
  const id = ids.next('export');
  const created = await records.create({
    entity: 'export',
    project,
    id,
    state: 'running',
    modelVersionId: request.modelVersionId,
    format: request.format,
    bundle: null,
    parityMaxDifference: null,
    problem: null,
    requestedBy: caller.user,
  });
  const input: ReleaseModelInput = {
    schemaVersion: SCHEMA_VERSION,
    project,
    requestedBy: caller.user,
    promotion: null,
    export: { exportId: id, modelVersionId: request.modelVersionId },
  };
  await startOrFail(workflows, 'release-model', id, input, (problem) =>
    records.update('export', project, id, (current) => ({ ...current, state: 'failed', problem })),
  );
  return created;
}
