import { requireRuntimeNames } from '../../training/parameters.ts';
import type { Handlers } from '../call.ts';
import { listRecords } from '../list-records.ts';
import { putRecord } from '../put-record.ts';

export const trainingConfigOperations: Handlers<'listTrainingConfigs' | 'putTrainingConfig'> = {
  listTrainingConfigs: ({ path, request }, { records }) =>
    listRecords(records, 'training-config', path.project, request),
  async putTrainingConfig({ path, request }, { records }) {
    requireRuntimeNames(request.runtime);
    return putRecord(records, {
      entity: 'training-config',
      project: path.project,
      id: path.trainingConfigId,
      state: 'active',
      engine: 'monai',
      ...request,
      runtime: [...new Set(request.runtime)].sort(),
    });
  },
};
