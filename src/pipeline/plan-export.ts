import type { z } from 'zod';
import { canonicalJson } from '../contracts/canonical-json.ts';
import { objectKeys } from '../contracts/object-keys.ts';
import type { RecordOf } from '../contracts/records.ts';
import type { PlanExportInput, PlanExportOutput } from '../contracts/stages/release-model.ts';
import type { Ports } from '../ports/index.ts';
import { type Ancestry, modelCard } from '../training/model-card.ts';
import { exportSpec } from '../training/specs.ts';
import { requireRecord } from './require-record.ts';

/** Writes the spec of an export: the model version, and the card that goes with it. */
export async function planExport(
  { project, exportId, modelVersionId }: PlanExportInput,
  { records, objects }: Pick<Ports, 'records' | 'objects'>,
  { jobQueueArn }: { readonly jobQueueArn: string },
): Promise<z.input<typeof PlanExportOutput>> {
  const version = await requireRecord(records, 'model-version', project, modelVersionId);
  const card = modelCard(version, await ancestryOf(records, version));
  const specKey = objectKeys.exportSpec(project, exportId);
  const spec = canonicalJson(exportSpec(exportId, version, card));
  await objects.write(specKey, new TextEncoder().encode(spec), 'application/json');
  return { specKey, jobQueue: jobQueueArn };
}

async function ancestryOf(
  records: Ports['records'],
  { project, modelId, lineage }: RecordOf<'model-version'>,
): Promise<Ancestry> {
  return {
    model: await records.get('model', project, modelId),
    run: lineage.runId ? await records.get('run', project, lineage.runId) : null,
    dataset: lineage.datasetId ? await records.get('dataset', project, lineage.datasetId) : null,
  };
}
