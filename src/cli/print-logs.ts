import { setTimeout as sleep } from 'node:timers/promises';
import type { CliContext } from './context.ts';
import { isFinal } from './follow-run.ts';

const PAUSE_MS = 1_000;

/** Prints what a run's job printed; with `follow`, until the run has ended and nothing more comes. */
export async function printLogs(context: CliContext, runId: string, follow: boolean): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  let token: string | null = null;
  for (;;) {
    const ended: boolean = follow && isFinal((await api.call('getRun', { project, runId })).run.state);
    const before: string | null = token;
    const answer: { lines: { time: string; text: string }[]; next: string | null } = await api.call(
      'getRunLogs',
      { project, runId },
      before === null ? {} : { token: before },
    );
    for (const line of answer.lines)
      context.out(context.json ? JSON.stringify(line) : `${line.time} ${line.text}`);
    token = answer.next ?? before;
    const isDrained = answer.lines.length === 0 || token === before;
    if (isDrained && (!follow || ended)) return;
    if (isDrained) await sleep(PAUSE_MS);
  }
}
