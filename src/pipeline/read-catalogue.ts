import type { z } from 'zod';
import { canonicalJson } from '../contracts/canonical-json.ts';
import { objectKeys } from '../contracts/object-keys.ts';
import type { ReadCatalogueOutput, SaveDatasetInput } from '../contracts/stages/save-dataset.ts';
import { catalogueOf } from '../datasets/catalogue.ts';
import type { Ports } from '../ports/index.ts';
import { everyRecord } from './every-record.ts';

/**
 * Writes down the project's ready cases as they are now, so that the rest of the save works on one moment
 * while new cases go on arriving.
 */
export async function readCatalogue(
  input: SaveDatasetInput,
  { records, objects }: Pick<Ports, 'records' | 'objects'>,
): Promise<z.input<typeof ReadCatalogueOutput>> {
  const cases = catalogueOf(await everyRecord(records, 'case', input.project, 'ready'));
  const key = objectKeys.datasetWork(input.project, input.saveId, 'catalogue.json');
  const catalogue = await objects.write(
    key,
    new TextEncoder().encode(canonicalJson(cases)),
    'application/json',
  );
  return { catalogue, cases: cases.length };
}
