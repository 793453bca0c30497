import { PipelineError } from '../../../src/contracts/errors.ts';

/** Code of the error that a promise ends with. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'no error';
}
