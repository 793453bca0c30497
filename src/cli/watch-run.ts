import type { CliContext } from './context.ts';
import { EXIT, ExitCode } from './exit-codes.ts';
import { epochText, followRun, type RunEvent } from './follow-run.ts';

/** Prints a run's events until it ends; with --json one object per line. */
export async function watchRun(context: CliContext, runId: string): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  let last = '';
  for await (const event of followRun(api, project, runId)) {
    context.out(context.json ? JSON.stringify(event) : eventText(event));
    if (event.kind === 'state') last = event.run.state;
  }
  if (last !== 'succeeded') throw new ExitCode(EXIT.refused);
}

function eventText(event: RunEvent): string {
  if (event.kind === 'epoch') return epochText(event.line);
  const { state, reason } = event.run;
  return reason === null ? `run is ${state}` : `run is ${state}: ${reason}`;
}
