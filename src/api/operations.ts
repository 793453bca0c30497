import type { OperationName } from '../contracts/api.ts';
import type { Handlers } from './call.ts';
import { automationOperations } from './operations/automations.ts';
import { caseOperations } from './operations/cases.ts';
import { datasetOperations } from './operations/datasets.ts';
import { memberOperations } from './operations/members.ts';
import { modelOperations } from './operations/models.ts';
import { projectOperations } from './operations/projects.ts';
import { releaseOperations } from './operations/releases.ts';
import { runOutputOperations } from './operations/run-outputs.ts';
import { runOperations } from './operations/runs.ts';
import { trainingConfigOperations } from './operations/training-configs.ts';

/** Every operation of the API table; one that is missing is a compile error here. */
export const OPERATIONS: Handlers<OperationName> = {
  ...projectOperations,
  ...memberOperations,
  ...modelOperations,
  ...automationOperations,
  ...caseOperations,
  ...datasetOperations,
  ...trainingConfigOperations,
  ...runOperations,
  ...runOutputOperations,
  ...releaseOperations,
};
