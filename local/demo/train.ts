import type { ApiClient } from '../../src/cli/api-client.ts';
import { epochText, followRun } from '../../src/cli/follow-run.ts';
import type { RequestOf } from '../../src/contracts/api.ts';
import { PipelineError } from '../../src/contracts/errors.ts';
import type { RecordOf } from '../../src/contracts/records.ts';
import type { EvaluationResult } from '../../src/contracts/training.ts';
import type { Live } from './progress.ts';

export interface TrainedRun {
  readonly runId: string;
  readonly result: RecordOf<'run-result'>;
  readonly evaluation: EvaluationResult;
  readonly bestCheckpoint: string;
}

/** Launches a run and shows a line per epoch until its result on the locked test partition is there. */
export async function trainAndWatch(
  api: ApiClient,
  project: string,
  request: RequestOf<'launchRun'>,
  live: Live,
): Promise<TrainedRun> {
  const run = await api.call('launchRun', { project }, request);
  for await (const event of followRun(api, project, run.id)) {
    if (event.kind === 'epoch') live.line(epochText(event.line));
    else live.line(`run is ${event.run.state}${event.run.reason === null ? '' : `: ${event.run.reason}`}`);
  }
  return finishedRun(api, project, run.id);
}

async function finishedRun(api: ApiClient, project: string, runId: string): Promise<TrainedRun> {
  const { run, result } = await api.call('getRun', { project, runId });
  if (run.state !== 'succeeded' || result === null) {
    const { lines } = await api.call('getRunLogs', { project, runId }, {});
    const tail = lines.slice(-15).map(({ text }) => text);
    throw new PipelineError(
      'TrainingFailed',
      `run ${runId} is ${run.state}: ${run.reason ?? 'no reason given'}\n${tail.join('\n')}`,
    );
  }
  const { items } = await api.call('listCheckpoints', { project, runId });
  const best = items.find(({ role }) => role === 'best');
  if (best === undefined || result.evaluation === null) {
    throw new PipelineError(
      'EvaluationFailed',
      `run ${runId} ended without a best checkpoint or its test results`,
    );
  }
  return { runId, result, evaluation: result.evaluation, bestCheckpoint: best.id };
}

/** Test Dice by region of one candidate of an evaluation. */
export function testDice(run: TrainedRun): Record<string, number | null> {
  const candidate = run.evaluation.candidates.find(({ candidateId }) => candidateId === run.bestCheckpoint);
  return Object.fromEntries((candidate?.regions ?? []).map(({ name, meanDice }) => [name, meanDice]));
}
