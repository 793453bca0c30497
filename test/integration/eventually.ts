import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 300;

/**
 * Asks again and again until `ask` answers with something.
 *
 * @param what - completes "waited for ..." in the error.
 * @param ask - null or undefined: not yet.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | null | undefined>,
  timeoutMs = 120_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await ask();
    if (found !== null && found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s in vain for ${what}`);
    await sleep(PAUSE_MS);
  }
}
