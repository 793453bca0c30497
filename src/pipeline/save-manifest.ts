import type { z } from 'zod';
import { canonicalJson } from '../contracts/canonical-json.ts';
import { type DatasetManifest, PARTITIONS, type Partition } from '../contracts/dataset.ts';
import type { ObjectRef } from '../contracts/identifiers.ts';
import { objectKeys } from '../contracts/object-keys.ts';
import type { SaveManifestInput, SaveManifestOutput } from '../contracts/stages/save-dataset.ts';
import { DatasetDraft } from '../datasets/draft.ts';
import { datasetIdOf } from '../datasets/manifest.ts';
import type { Ports } from '../ports/index.ts';
import { createUnlessThere } from './create-unless-there.ts';
import { inParallel } from './in-parallel.ts';
import { readJson } from './stored-json.ts';
import { inheritTestLooks } from './test-looks.ts';

const CONCURRENCY = 8;

/**
 * Makes the dataset: manifest, record, edges case -> dataset, earlier looks at its test subjects, and the end of
 * the save. The id is the digest of the manifest, so the same content saved twice is the same dataset. Safe to
 * repeat after a crash anywhere.
 */
export async function saveManifest(
  input: SaveManifestInput,
  { records, objects, hasher }: Pick<Ports, 'records' | 'objects' | 'hasher'>,
): Promise<z.input<typeof SaveManifestOutput>> {
  const { manifest, warnings } = await readJson(objects, DatasetDraft, input.draft);
  const datasetId = datasetIdOf(manifest, (text) => hasher.sha256(text));
  const written = await objects.writeOnce(
    objectKeys.datasetManifest(input.project, datasetId),
    new TextEncoder().encode(canonicalJson(manifest)),
    'application/json',
  );
  const created = await createUnlessThere(
    records,
    datasetRecord(datasetId, manifest, written, input, warnings),
  );
  await inParallel(manifest.items, CONCURRENCY, ({ caseId }) =>
    records.link(input.project, { entity: 'case', id: caseId }, { entity: 'dataset', id: datasetId }),
  );
  await inheritTestLooks(records, input.project, datasetId);
  await records.update('dataset-save', input.project, input.saveId, (save) => ({
    ...save,
    state: 'succeeded',
    datasetId,
    problem: null,
  }));
  return { datasetId, created };
}

function datasetRecord(
  id: string,
  manifest: DatasetManifest,
  written: ObjectRef,
  input: SaveManifestInput,
  warnings: string[],
) {
  return {
    entity: 'dataset' as const,
    project: manifest.project,
    id,
    state: 'frozen' as const,
    definitionId: manifest.definitionId,
    manifest: written,
    classes: manifest.classes,
    spacingMm: manifest.spacingMm,
    split: manifest.split,
    items: manifest.items.length,
    sizeBytes: input.sizeBytes,
    subjects: subjectsByPartition(manifest),
    testLooks: 0,
    warnings,
  };
}

function subjectsByPartition({ items }: DatasetManifest): Record<Partition, string[]> {
  const subjectsOf = (partition: Partition) => [
    ...new Set(items.filter((item) => item.partition === partition).map(({ subject }) => subject)),
  ];
  const entries = PARTITIONS.map((partition) => [partition, subjectsOf(partition).sort()] as const);
  return Object.fromEntries(entries) as Record<Partition, string[]>;
}
