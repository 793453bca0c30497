const BACKSLASH = 0x5c;
const SPACE = 0x20;

/** Powers of ten that a double holds exactly. */
const EXACT_POWERS = Array.from({ length: 23 }, (_, n) => 10 ** n);
/** Whole numbers up to this many digits are exact in a double. */
const EXACT_DIGITS = 15;

/**
 * Reads a DS or IS value (PS3.5 section 6.2): decimal numbers between backslashes, padded with spaces or a NUL.
 *
 * Long lists, such as contour points, are the reason for reading digits here: a number of at most 15 digits is a whole
 * number divided by a power of ten, both exact, so the result is the double nearest to the text. Anything else goes
 * through `Number`.
 *
 * @param start - first byte of the value. @param end - the byte after it.
 * @returns undefined when there is no number or when a part of the text is not a finite number.
 */
export function decimalsAt(bytes: Uint8Array, start: number, end: number): Float64Array | undefined {
  const stop = endOfText(bytes, start, end);
  if (stop === start) return undefined;
  const values = new Float64Array(countValues(bytes, start, stop));
  let from = start;
  for (let index = 0; index < values.length; index++) {
    let at = from;
    while (at < stop && bytes[at] !== BACKSLASH) at++;
    const value = readDecimal(bytes, from, at);
    if (!Number.isFinite(value)) return undefined;
    values[index] = value;
    from = at + 1;
  }
  return values;
}

function countValues(bytes: Uint8Array, start: number, stop: number): number {
  let count = 1;
  for (let at = start; at < stop; at++) if (bytes[at] === BACKSLASH) count++;
  return count;
}

/** A NUL ends the text; spaces behind it are padding. */
function endOfText(bytes: Uint8Array, start: number, end: number): number {
  const zero = bytes.subarray(start, end).indexOf(0);
  let stop = zero < 0 ? end : start + zero;
  while (stop > start && bytes[stop - 1] === SPACE) stop--;
  return stop;
}

function readDecimal(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] === SPACE) at++;
  const negative = bytes[at] === 0x2d;
  if (negative || bytes[at] === 0x2b) at++;
  let whole = 0;
  let digits = 0;
  let decimals = -1;
  for (; at < end; at++) {
    const code = bytes[at] as number;
    if (code >= 0x30 && code <= 0x39) {
      whole = whole * 10 + code - 0x30;
      digits++;
      if (decimals >= 0) decimals++;
    } else if (code === 0x2e && decimals < 0) decimals = 0;
    else break;
  }
  while (at < end && bytes[at] === SPACE) at++;
  if (at < end || digits === 0 || digits > EXACT_DIGITS) return parseSlowly(bytes, start, end);
  const value = decimals > 0 ? whole / (EXACT_POWERS[decimals] as number) : whole;
  return negative ? -value : value;
}

/** Exponents, long fractions and everything that is no number. */
function parseSlowly(bytes: Uint8Array, start: number, end: number): number {
  const text = String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 64))).trim();
  return text === '' || end - start > 64
    ? Number.NaN
    : /^[+-]?[\d.]+(e[+-]?\d+)?$/i.test(text)
      ? Number(text)
      : Number.NaN;
}
