import { STATE_MACHINES, type StateMachineName } from '../../src/contracts/stage-names.ts';

/** Names of the state machines that the environment gives ARNs for. */
export function machineNames(env: {
  CONTOURFLOW_PREPARE_SESSION_ARN: string;
  CONTOURFLOW_SAVE_DATASET_ARN: string;
  CONTOURFLOW_TRAIN_MODEL_ARN: string;
  CONTOURFLOW_RELEASE_MODEL_ARN: string;
}): (stateMachineArn: string) => StateMachineName | null {
  const arns: Record<StateMachineName, string> = {
    'prepare-session': env.CONTOURFLOW_PREPARE_SESSION_ARN,
    'save-dataset': env.CONTOURFLOW_SAVE_DATASET_ARN,
    'train-model': env.CONTOURFLOW_TRAIN_MODEL_ARN,
    'release-model': env.CONTOURFLOW_RELEASE_MODEL_ARN,
  };
  return (stateMachineArn) => STATE_MACHINES.find((name) => arns[name] === stateMachineArn) ?? null;
}
