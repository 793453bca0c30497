import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 300;

/**
 * Asks again and again until `ask` answers with something.
 *
 * @param what - completes "waited for ..." in the error.
 * @param ask - null or undefined: not yet.
 * @param explain - called when it was in vain: what somebody who reads the error wants to know next.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | null | undefined>,
  timeoutMs = 120_000,
  explain?: () => Promise<string>,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await ask();
    if (found !== null && found !== undefined) return found;
    if (Date.now() > deadline) {
      const waited = `waited ${timeoutMs / 1000} s in vain for ${what}`;
      throw new Error(explain ? `${waited}\n${await explain().catch(String)}` : waited);
    }
    await sleep(PAUSE_MS);
  }
}
