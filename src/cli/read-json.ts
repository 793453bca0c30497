import { readFile } from 'node:fs/promises';
import { UsageError } from './exit-codes.ts';

/**
 * A JSON file that a person named on the command line; what it must hold is checked with the request it goes into.
 *
 * @throws UsageError when it cannot be read or is not JSON.
 */
export async function readJson(file: string) {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new UsageError(`${file} cannot be read: ${error.message}`);
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${(error as Error).message}`);
  }
}
