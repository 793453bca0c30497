import { randomBytes } from 'node:crypto';
import type { Clock, IdSource } from '../../ports/index.ts';

/** Crockford's base 32 in lower case: no i, l, o, u, and text order is numeric order. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARACTERS = 10;
const RANDOM_CHARACTERS = 16;

/** Ids of 26 characters after the prefix: 10 of time (ms), 16 random (80 bits). */
export function createTimeSortableIds(
  clock: Clock,
  random: (size: number) => Uint8Array = randomBytes,
): IdSource {
  return {
    next: (prefix) => `${prefix}-${timeText(clock.now().getTime())}${randomText(random(RANDOM_CHARACTERS))}`,
  };
}

function timeText(milliseconds: number): string {
  let rest = milliseconds;
  let text = '';
  for (let index = 0; index < TIME_CHARACTERS; index += 1) {
    text = `${ALPHABET[rest % 32] ?? '0'}${text}`;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function randomText(bytes: Uint8Array): string {
  return [...bytes].map((byte) => ALPHABET[byte % 32] ?? '0').join('');
}
