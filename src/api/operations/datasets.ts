import type { ValidationReport } from '../../contracts/dataset.ts';
import type { RecordOf } from '../../contracts/records.ts';
import { SCHEMA_VERSION } from '../../contracts/schema-version.ts';
import type { SaveDatasetInput } from '../../contracts/stages/save-dataset.ts';
import { catalogueOf } from '../../datasets/catalogue.ts';
import { compileCriteria } from '../../datasets/criteria.ts';
import { requireFractions } from '../../datasets/split.ts';
import { validationReport } from '../../datasets/validation-report.ts';
import { everyRecord } from '../../pipeline/every-record.ts';
import { requireRecord } from '../../pipeline/require-record.ts';
import type { ApiPorts, Call, Handlers } from '../call.ts';
import { listRecords } from '../list-records.ts';
import { putRecord } from '../put-record.ts';
import { startOrFail } from '../start-or-fail.ts';

export const datasetOperations: Handlers<
  | 'listDefinitions'
  | 'putDefinition'
  | 'validateDefinition'
  | 'saveDataset'
  | 'getDatasetSave'
  | 'listDatasets'
  | 'getDataset'
> = {
  listDefinitions: ({ path, request }, { records }) =>
    listRecords(records, 'dataset-definition', path.project, request),
  async putDefinition({ path, request }, { records }) {
    compileCriteria(request.criteria);
    return putRecord(records, {
      entity: 'dataset-definition',
      project: path.project,
      id: path.definitionId,
      state: 'active',
      ...request,
    });
  },
  validateDefinition,
  saveDataset,
  getDatasetSave: ({ path }, { records }) =>
    requireRecord(records, 'dataset-save', path.project, path.saveId),
  listDatasets: ({ path, request }, { records }) => listRecords(records, 'dataset', path.project, request),
  getDataset: ({ path }, { records }) => requireRecord(records, 'dataset', path.project, path.datasetId),
};

async function validateDefinition(
  { path: { project, definitionId } }: Call<'validateDefinition'>,
  { records }: ApiPorts,
): Promise<ValidationReport> {
  const { criteria } = await requireRecord(records, 'dataset-definition', project, definitionId);
  const catalogue = catalogueOf(await everyRecord(records, 'case', project));
  return validationReport(definitionId, catalogue, compileCriteria(criteria));
}

async function saveDataset(
  { path: { project, definitionId }, request, caller }: Call<'saveDataset'>,
  { records, workflows, ids }: ApiPorts,
): Promise<RecordOf<'dataset-save'>> {
  requireFractions(request.split);
  await requireRecord(records, 'dataset-definition', project, definitionId);
  const id = ids.next('save');
  const { split } = request;
  const save = await records.create({
    entity: 'dataset-save',
    project,
    id,
    state: 'running',
    definitionId,
    split,
    datasetId: null,
    problem: null,
    requestedBy: caller.user,
  });
  const input: SaveDatasetInput = {
    schemaVersion: SCHEMA_VERSION,
    project,
    definitionId,
    saveId: id,
    split,
    requestedBy: caller.user,
  };
  await startOrFail(workflows, 'save-dataset', id, input, (problem) =>
    records.update('dataset-save', project, id, (current) => ({ ...current, state: 'failed', problem })),
  );
  return save;
}
