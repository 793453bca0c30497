const BACKSLASH = 0x5c;
const SPACE = 0x20;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** Powers of ten that a double holds exactly. */
const EXACT_POWERS = Array.from({ length: 23 }, (_, n) => 10 ** n);
/** Whole numbers up to this many digits are exact in a double. */
const EXACT_DIGITS = 15;
/** Whole numbers up to this many digits fit 32 bits, in which they are added up fastest. */
const FEW_DIGITS = 9;

/** Values that memory is kept for between two lists. */
const MAX_SCRATCH = 1 << 20;
let scratch = new Float64Array(1 << 10);

/**
 * Reads a DS or IS value (PS3.5 section 6.2): decimal numbers between backslashes, padded with spaces or a NUL.
 *
 * Long lists, such as contour points, are the reason for reading digits here: a number of at most 15 digits is a whole
 * number divided by a power of ten, both exact, so the result is the double nearest to the text. Anything else goes
 * through `Number`.
 *
 * @param start - first byte of the value. @param end - the byte after it.
 * @returns valid until the next call; undefined when there is no number or when a part of the text is not a finite number.
 */
export function decimalsAt(bytes: Uint8Array, start: number, end: number): Float64Array | undefined {
  const stop = endOfText(bytes, start, end);
  if (stop === start) return undefined;
  let values = scratch;
  let count = 0;
  for (let from = start; from <= stop; ) {
    const sign = bytes[from] === MINUS ? -1 : 1;
    let at = sign < 0 ? from + 1 : from;
    let whole = 0;
    const first = at;
    // Written twice: a function for it would have to give back two numbers, which takes as long as reading them.
    for (; at < stop && isDigit(bytes[at] as number); at++) whole = append(whole, bytes[at] as number);
    let digits = at - first;
    let decimals = 0;
    if (at < stop && bytes[at] === POINT) {
      const point = ++at;
      for (; at < stop && isDigit(bytes[at] as number); at++) whole = append(whole, bytes[at] as number);
      decimals = at - point;
      digits += decimals;
    }
    const short = digits > 0 && digits <= FEW_DIGITS && (at === stop || bytes[at] === BACKSLASH);
    if (!short) while (at < stop && bytes[at] !== BACKSLASH) at++;
    const value = short ? sign * (whole / (EXACT_POWERS[decimals] as number)) : readDecimal(bytes, from, at);
    if (!Number.isFinite(value)) return undefined;
    if (count === values.length) values = enlarged(values);
    values[count++] = value;
    from = at + 1;
  }
  if (values.length <= MAX_SCRATCH) scratch = values;
  return values.subarray(0, count);
}

function isDigit(code: number): boolean {
  return (code - ZERO) >>> 0 < 10;
}

/** In 32 bits; nonsense for more than {@link FEW_DIGITS}. */
function append(whole: number, code: number): number {
  const digit = code - ZERO;
  return (Math.imul(whole, 10) + digit) | 0;
}

function enlarged(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * values.length);
  larger.set(values);
  return larger;
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
  const negative = bytes[at] === MINUS;
  if (negative || bytes[at] === 0x2b) at++;
  let whole = 0;
  let digits = 0;
  let decimals = -1;
  for (; at < end; at++) {
    const code = bytes[at] as number;
    if (code >= ZERO && code <= ZERO + 9) {
      whole = whole * 10 + code - ZERO;
      digits++;
      if (decimals >= 0) decimals++;
    } else if (code === POINT && decimals < 0) decimals = 0;
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
