import type { z } from 'zod';
import { canonicalJson } from '../contracts/canonical-json.ts';
import { PipelineError } from '../contracts/errors.ts';
import { objectKeys } from '../contracts/object-keys.ts';
import type { ResolveDatasetInput, ResolveDatasetOutput } from '../contracts/stages/save-dataset.ts';
import { Catalogue } from '../datasets/catalogue.ts';
import { compileCriteria } from '../datasets/criteria.ts';
import type { DatasetDraft } from '../datasets/draft.ts';
import { identicalPixels } from '../datasets/identical-pixels.ts';
import { ignoredRegions } from '../datasets/ignored-regions.ts';
import { buildManifest } from '../datasets/manifest.ts';
import { matchSessions } from '../datasets/match-cases.ts';
import type { Ports } from '../ports/index.ts';
import { readJson } from './stored-json.ts';

/**
 * Applies the definition to the catalogue, checks that the cases can be learned together, and splits the
 * subjects. Incomplete sessions are left out, as the validation report said.
 *
 * @throws NotFound without the definition; EmptyDataset, MixedUnits, MixedSpacing, MixedClasses, InvalidSplit.
 */
export async function resolveDataset(
  input: ResolveDatasetInput,
  { records, objects, hasher }: Pick<Ports, 'records' | 'objects' | 'hasher'>,
): Promise<z.input<typeof ResolveDatasetOutput>> {
  const definition = await records.get('dataset-definition', input.project, input.definitionId);
  if (!definition) {
    throw new PipelineError(
      'NotFound',
      `there is no dataset definition ${input.definitionId}; create it first`,
    );
  }
  const { project, definitionId, split } = input;
  const catalogue = await readJson(objects, Catalogue, input.catalogue);
  const sessions = matchSessions(catalogue, compileCriteria(definition.criteria));
  const cases = sessions.flatMap(({ complete }) => complete);
  const draft: DatasetDraft = {
    manifest: buildManifest({ project, definitionId, criteria: definition.criteria, split }, cases, (text) =>
      hasher.sha256(text),
    ),
    warnings: [...identicalPixels(cases), ...ignoredRegions(cases)],
  };
  const key = objectKeys.datasetWork(project, input.saveId, 'draft.json');
  const written = await objects.write(
    key,
    new TextEncoder().encode(canonicalJson(draft)),
    'application/json',
  );
  return { draft: written, items: draft.manifest.items.length };
}
