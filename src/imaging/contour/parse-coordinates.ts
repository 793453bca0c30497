import { decimalAt } from '../dicom/decimal-string.ts';

const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
/** Whole numbers of as many digits, and powers of ten, are exact in a double, and so is their quotient rounded. */
const EXACT_DIGITS = 15;
const POWERS_OF_TEN = Array.from({ length: EXACT_DIGITS + 1 }, (_, n) => 10 ** n);

/**
 * ContourData (3006,0050) as numbers. Structure sets hold millions of them, so plain decimals are read straight into their
 * place; anything else, such as exponents and padding, goes the common way.
 *
 * @returns undefined when a part is not a finite number or there is none.
 */
export function parseCoordinates(bytes: Uint8Array): Float64Array | undefined {
  const values = new Float64Array(countValues(bytes));
  let from = 0;
  for (let index = 0; index < values.length; index++) {
    let at = from;
    const negative = bytes[at] === MINUS;
    if (negative) at++;
    const first = at;
    let [whole, point] = [0, -1];
    for (; at < bytes.length; at++) {
      const digit = (bytes[at] as number) - ZERO;
      if (digit >= 0 && digit <= 9) whole = whole * 10 + digit;
      else if (bytes[at] === POINT && point < 0) point = at;
      else break;
    }
    const digits = at - first - (point < 0 ? 0 : 1);
    const plain = (at === bytes.length || bytes[at] === BACKSLASH) && digits > 0 && digits <= EXACT_DIGITS;
    if (plain) {
      const value = point < 0 ? whole : whole / (POWERS_OF_TEN[at - point - 1] as number);
      values[index] = negative ? -value : value;
    } else {
      const next = bytes.indexOf(BACKSLASH, from);
      at = next < 0 ? bytes.length : next;
      const [value] = decimalAt(bytes, from, at) ?? [];
      if (value === undefined) return undefined;
      values[index] = value;
    }
    from = at + 1;
  }
  return values;
}

function countValues(bytes: Uint8Array): number {
  let count = bytes.length === 0 ? 0 : 1;
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === BACKSLASH) count++;
  return count;
}
