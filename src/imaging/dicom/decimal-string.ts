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
 * Values of a DS or IS attribute, see {@link readDecimals}.
 *
 * @param start - first byte of the value. @param end - the byte after it.
 * @returns valid until the next call; undefined when there is no number or when a part of the text is not a finite number
 */
export function decimalsAt(bytes: Uint8Array, start: number, end: number): Float64Array | undefined {
  const most = mostDecimals(end - start);
  const values = most <= scratch.length ? scratch : new Float64Array(2 * most);
  if (values.length <= MAX_SCRATCH) scratch = values;
  const count = readDecimals({ bytes, start, end }, values);
  return count === 0 ? undefined : values.subarray(0, count);
}

/** Values that so many bytes of text can hold. */
export function mostDecimals(bytes: number): number {
  return (bytes >>> 1) + 1;
}

/** A DS or IS value in its file: from byte `start` to the one before `end`. */
export interface DecimalText {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a DS or IS value (PS3.5 section 6.2): decimal numbers between backslashes, padded with spaces or a NUL.
 *
 * Long lists, such as contour points, are the reason for reading digits here: a number of at most 15 digits is a whole
 * number divided by a power of ten, both exact, so the result is the double nearest to the text. Anything else goes
 * through `Number`.
 *
 * @param into - takes the values; as long as {@link mostDecimals} says
 * @param limit - largest absolute value that is accepted
 * @returns how many there are; 0 when a part of the text is not a finite number within the limit, too
 */
export function readDecimals(text: DecimalText, into: Float64Array, limit = Number.MAX_VALUE): number {
  const { bytes, start } = text;
  const stop = endOfText(text);
  let count = 0;
  for (let from = start; from <= stop && start < stop; ) {
    const sign = bytes[from] === MINUS ? -1 : 1;
    const first = sign < 0 ? from + 1 : from;
    let at = first;
    let whole = 0;
    let point = -1;
    for (; at < stop; at++) {
      const code = bytes[at] as number;
      const digit = code - ZERO;
      // In 32 bits, which are added up fastest; nonsense for more than a few digits.
      if (digit >= 0 && digit < 10) whole = (Math.imul(whole, 10) + digit) | 0;
      else if (code === POINT && point < 0) point = at;
      else break;
    }
    const digits = at - first - (point < 0 ? 0 : 1);
    const isShort = digits > 0 && digits <= FEW_DIGITS && (at === stop || bytes[at] === BACKSLASH);
    if (!isShort) while (at < stop && bytes[at] !== BACKSLASH) at++;
    const decimals = point < 0 ? 0 : at - point - 1;
    const value = isShort
      ? sign * (whole / (EXACT_POWERS[decimals] as number))
      : readDecimal(bytes, from, at);
    if (!(Math.abs(value) <= limit)) return upToZero(text, into, limit);
    into[count++] = value;
    from = at + 1;
  }
  return count;
}

/** A NUL ends the text, whatever follows; looked for only where the text cannot be read: it is long, and few have any. */
function upToZero({ bytes, start, end }: DecimalText, into: Float64Array, limit: number): number {
  const stop = endOfText({ bytes, start, end });
  const length = bytes.subarray(start, stop).indexOf(0);
  return length < 0 ? 0 : readDecimals({ bytes, start, end: start + length }, into, limit);
}

/** Spaces and NULs at the end are padding. */
function endOfText({ bytes, start, end }: DecimalText): number {
  let stop = end;
  while (stop > start && (bytes[stop - 1] === SPACE || bytes[stop - 1] === 0)) stop--;
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
