/** The CRC-32 polynomial of gzip, bits reversed: the lowest bit is the coefficient of x^31. */
const POLYNOMIAL = 0xedb88320;
/** The polynomials 1 and x in that notation. */
const ONE = 0x80000000;
const X = 0x40000000;
const BITS_PER_BYTE_LOG2 = 3;

/** x^(2^n) modulo the polynomial, n from 0 to 31; x^(2^32) is x^(2^0) again. */
const POWERS = powersOfX();

/**
 * CRC-32 of two pieces joined, from their own CRCs, so that threads can each check their piece.
 *
 * @param secondLength - bytes of the second piece.
 */
export function combineCrc32(first: number, second: number, secondLength: number): number {
  return (multiply(xToTheEighth(secondLength), first) ^ second) >>> 0;
}

/** What each bit of a CRC, the lowest first, becomes when zeros follow; without inversions a CRC is the sum of its bits. */
export function bitsAfterZeros(zeroBytes: number): Uint32Array {
  const bits = new Uint32Array(32);
  let multiple = xToTheEighth(zeroBytes);
  // The highest bit is the polynomial 1, the one below it x.
  for (let bit = 31; bit >= 0; bit--, multiple = timesX(multiple)) bits[bit] = multiple;
  return bits;
}

/** x^(8 n) modulo the polynomial. */
function xToTheEighth(bytes: number): number {
  let product = ONE;
  let left = bytes;
  for (let power = BITS_PER_BYTE_LOG2; left > 0; power = (power + 1) % POWERS.length) {
    if (left % 2 === 1) product = multiply(POWERS[power] as number, product);
    left = Math.floor(left / 2);
  }
  return product;
}

/** Product of two polynomials over GF(2), modulo the polynomial. */
function multiply(a: number, b: number): number {
  let product = 0;
  let multiple = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if (a & bit) product ^= multiple;
    multiple = timesX(multiple);
  }
  return product >>> 0;
}

function timesX(polynomial: number): number {
  return polynomial & 1 ? (polynomial >>> 1) ^ POLYNOMIAL : polynomial >>> 1;
}

function powersOfX(): readonly number[] {
  const powers = [X];
  while (powers.length < 32) {
    const last = powers[powers.length - 1] as number;
    powers.push(multiply(last, last));
  }
  return powers;
}
