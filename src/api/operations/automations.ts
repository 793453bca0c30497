import { canonicalJson } from '../../contracts/canonical-json.ts';
import { PipelineError } from '../../contracts/errors.ts';
import type { RecordOf } from '../../contracts/records.ts';
import { createUnlessThere } from '../../pipeline/create-unless-there.ts';
import { requireRecord } from '../../pipeline/require-record.ts';
import { linkAutomation } from '../automations-of.ts';
import type { ApiPorts, Call, Handlers } from '../call.ts';
import { listRecords } from '../list-records.ts';

export const automationOperations: Handlers<'listAutomations' | 'putAutomation'> = {
  listAutomations: ({ path, request }, { records }) =>
    listRecords(records, 'automation', path.project, request),
  putAutomation,
};

/** A change raises the version, and with it the identity of every case made from then on; no change does not. */
async function putAutomation(
  { path: { project, automationId }, request }: Call<'putAutomation'>,
  { records }: ApiPorts,
): Promise<RecordOf<'automation'>> {
  const model = await requireRecord(records, 'model-version', project, request.modelVersionId);
  if (!model.labelMap) {
    throw new PipelineError(
      'Conflict',
      `model version ${model.id} has no label map, so no mask can be made for it; attach region2MaskValueMap.txt first`,
      { modelVersionId: model.id },
    );
  }
  await linkAutomation(records, project, model.id, automationId);
  const content = {
    state: request.enabled ? ('enabled' as const) : ('disabled' as const),
    modelVersionId: model.id,
    labelMap: model.labelMap,
    spacingMm: request.spacingMm ?? model.preprocessing.spacingMm,
    policies: request.policies,
    thresholds: request.thresholds,
    processing: request.processing,
  };
  const fresh = { entity: 'automation' as const, project, id: automationId, version: 1, ...content };
  if (await createUnlessThere(records, fresh)) {
    return requireRecord(records, 'automation', project, automationId);
  }
  return records.update('automation', project, automationId, (current) => {
    const next = { ...current, ...content };
    return canonicalJson(next) === canonicalJson(current) ? null : { ...next, version: current.version + 1 };
  });
}
