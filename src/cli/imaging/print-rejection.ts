import { PipelineError } from '../../contracts/errors.ts';
import type { Output } from '../output.ts';

/**
 * Runs the work of an imaging command; when it is refused, `--json` gets the reason on standard output, too.
 *
 * @throws whatever the work throws, so that the sentence and the exit code follow
 */
export async function withRejection<Result>(
  output: Pick<Output, 'json' | 'out'>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (output.json && error instanceof PipelineError && error.code !== 'InternalError') {
      const { code, message } = error;
      output.out(JSON.stringify({ status: 'rejected', reason: code, message }, null, 2));
    }
    throw error;
  }
}
