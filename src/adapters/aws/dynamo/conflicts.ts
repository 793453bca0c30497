import { setTimeout as sleep } from 'node:timers/promises';
import { PipelineError } from '../../../contracts/errors.ts';

/** Writers that meet are given this many tries; with a full queue of them each still gets its turn. */
const MAX_TRIES = 40;
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 200;

/**
 * Repeats a read-and-write that lost against another writer, after a random wait that grows.
 *
 * @throws Conflict when it still loses after {@link MAX_TRIES} tries
 */
export async function retryAfterConflict<T>(
  what: string,
  isConflict: (error: unknown) => boolean,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isConflict(error)) throw error;
      if (tries === MAX_TRIES) {
        throw new PipelineError(
          'Conflict',
          `${what} is being changed by many writers at once; try again`,
          {},
          {
            cause: error,
          },
        );
      }
      await sleep(Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries));
    }
  }
}
