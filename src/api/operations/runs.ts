import { PipelineError } from '../../contracts/errors.ts';
import type { RecordOf } from '../../contracts/records.ts';
import { SCHEMA_VERSION } from '../../contracts/schema-version.ts';
import type { TrainModelInput } from '../../contracts/stages/train-model.ts';
import { requireRecord } from '../../pipeline/require-record.ts';
import { isFinished, nextRunState } from '../../training/run-state.ts';
import type { ApiPorts, Call, Handlers } from '../call.ts';
import { listRecords } from '../list-records.ts';
import { planLaunch } from '../plan-launch.ts';
import { startOrFail } from '../start-or-fail.ts';

type Run = RecordOf<'run'>;

export const runOperations: Handlers<'estimateRun' | 'launchRun' | 'listRuns' | 'getRun' | 'stopRun'> = {
  estimateRun: async ({ path, request }, ports) => (await planLaunch(ports, path.project, request)).estimate,
  launchRun,
  listRuns: ({ path, request }, { records }) => listRecords(records, 'run', path.project, request),
  async getRun({ path }, { records }) {
    const run = await requireRecord(records, 'run', path.project, path.runId);
    return { run, result: await records.get('run-result', path.project, path.runId) };
  },
  stopRun,
};

async function launchRun(
  { path: { project }, request, caller }: Call<'launchRun'>,
  ports: ApiPorts,
): Promise<Run> {
  const { records, workflows, ids, clock } = ports;
  const { config, parameters, estimate } = await planLaunch(ports, project, request, request.mode);
  if (estimate.estimateUsd > config.budgetUsd) {
    throw new PipelineError(
      'BudgetExceeded',
      `the run would cost about ${estimate.estimateUsd} USD and its budget is ${config.budgetUsd} USD; ` +
        'raise budgetUsd in the training config or train for fewer epochs',
      { estimateUsd: estimate.estimateUsd, budgetUsd: config.budgetUsd },
    );
  }
  const id = ids.next('run');
  const run = await records.create({
    entity: 'run',
    project,
    id,
    state: 'queued',
    mode: request.mode,
    datasetId: request.datasetId,
    trainingConfigId: request.trainingConfigId,
    modelVersionId: request.modelVersionId,
    parameters,
    estimateUsd: estimate.estimateUsd,
    budgetUsd: config.budgetUsd,
    timeoutSeconds: config.timeoutSeconds,
    executionArn: workflows.arnOf('train-model', id),
    batchJobId: null,
    logStreamName: null,
    jobStatus: null,
    jobAttempts: 0,
    reason: null,
    startedAt: null,
    finishedAt: null,
    stopRequested: false,
    requestedBy: caller.user,
  });
  await records.link(project, { entity: 'dataset', id: run.datasetId }, { entity: 'run', id });
  const input: TrainModelInput = { schemaVersion: SCHEMA_VERSION, project, runId: id };
  const at = clock.now().toISOString();
  await startOrFail(workflows, 'train-model', id, input, ({ message }) =>
    records.update('run', project, id, (current) =>
      nextRunState(current, { source: 'launch-failed', reason: message, at }),
    ),
  );
  return run;
}

/** Marks the run first, so that the end that follows is told as a stop and not as a failure. */
async function stopRun(
  { path: { project, runId }, caller }: Call<'stopRun'>,
  { records, workflows, clock }: ApiPorts,
): Promise<Run> {
  const { state } = await requireRecord(records, 'run', project, runId);
  if (isFinished(state)) {
    throw new PipelineError('Conflict', `run ${runId} is ${state} already; there is nothing to stop`, {
      runId,
      state,
    });
  }
  const reason = `Stopped by ${caller.user}.`;
  const at = clock.now().toISOString();
  const run = await records.update('run', project, runId, (current) => {
    const next = nextRunState(current, { source: 'stop-requested', reason, at });
    return next === current ? null : next;
  });
  if (run.executionArn) {
    await workflows.stop(run.executionArn, reason);
  }
  return run;
}
