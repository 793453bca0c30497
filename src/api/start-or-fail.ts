import type { z } from 'zod';
import { PipelineError } from '../contracts/errors.ts';
import type { StateMachineName } from '../contracts/stage-names.ts';
import type { Problem } from '../contracts/stages/prepare-session.ts';
import type { Ports } from '../ports/index.ts';

/**
 * Starts a state machine under the id of the record that stands for it. When that fails, the record is marked so
 * that nobody waits for it, and the caller is told.
 */
export async function startOrFail(
  workflows: Ports['workflows'],
  machine: StateMachineName,
  name: string,
  input: unknown,
  markFailed: (problem: z.infer<typeof Problem>) => Promise<unknown>,
): Promise<void> {
  try {
    await workflows.start(machine, name, input);
  } catch (cause) {
    const message = `${machine} could not be started; try again, and tell the operator if it goes on`;
    await markFailed({ code: 'UpstreamError', message, stage: machine });
    throw new PipelineError('UpstreamError', message, { name }, { cause });
  }
}
