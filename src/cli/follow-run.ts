import { setTimeout as sleep } from 'node:timers/promises';
import type { RunRecord, RunState } from '../contracts/records.ts';
import type { MetricLine } from '../contracts/training.ts';
import type { ApiClient } from './api-client.ts';

/** Everything the trainer has measured in one epoch so far. */
export interface EpochLine {
  readonly epoch: number;
  readonly values: Readonly<Record<string, number>>;
}

export type RunEvent =
  | { readonly kind: 'state'; readonly run: RunRecord }
  | { readonly kind: 'epoch'; readonly line: EpochLine };

const FINAL: readonly RunState[] = ['succeeded', 'failed', 'stopped'];

export function isFinal(state: RunState): boolean {
  return FINAL.includes(state);
}

/**
 * What happens in a run, as it happens: a change of state or reason, and each epoch once its numbers are
 * there. Ends after the final state.
 */
export async function* followRun(
  api: ApiClient,
  project: string,
  runId: string,
  pauseMs = 1_000,
): AsyncGenerator<RunEvent> {
  let said = '';
  let after = 0;
  let open: EpochLine | null = null;
  for (;;) {
    const { run } = await api.call('getRun', { project, runId });
    const { lines, next } = await api.call('getRunMetrics', { project, runId }, { after });
    after = next;
    for (const line of lines) {
      if (open !== null && open.epoch !== line.epoch) yield { kind: 'epoch', line: open };
      open = merge(open, line);
    }
    const say = `${run.state} ${run.reason ?? ''}`;
    if (isFinal(run.state) && lines.length > 0) continue;
    if (isFinal(run.state) && open !== null) yield { kind: 'epoch', line: open };
    if (say !== said) yield { kind: 'state', run };
    said = say;
    if (isFinal(run.state)) return;
    await sleep(pauseMs);
  }
}

function merge(open: EpochLine | null, line: MetricLine): EpochLine {
  const values = open?.epoch === line.epoch ? open.values : {};
  return { epoch: line.epoch, values: { ...values, [line.name]: line.value } };
}

/** `epoch 12  train_loss 0.231  val_mean_dice 0.874` */
export function epochText({ epoch, values }: EpochLine): string {
  const numbers = Object.entries(values).map(([name, value]) => `${name} ${value.toPrecision(3)}`);
  return [`epoch ${String(epoch).padStart(3)}`, ...numbers].join('  ');
}
