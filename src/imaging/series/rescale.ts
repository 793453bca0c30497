import type { StoredPixels } from '../dicom/slice.ts';

type RealWorldArray = Int16Array | Float32Array | Float64Array;

/** `real-world = slope * stored + intercept`. */
interface Rescale {
  readonly slope: number;
  readonly intercept: number;
}

/** Writes `slope * stored + intercept` of every sample; `out` has the length of `stored`, and may be its memory. */
export function rescaleInto(out: RealWorldArray, stored: StoredPixels, { slope, intercept }: Rescale): void {
  if (slope === 1 && intercept === 0) copyInto(out, stored);
  else if (slope === 1 && Number.isInteger(intercept) && out instanceof Int16Array) {
    // Values that fit int16 come out right even where the sample alone does not: both steps count modulo 2^16.
    copyInto(out, stored);
    addToAll(out, intercept);
  } else rescaleAny(out, stored, slope, intercept);
}

function copyInto(out: RealWorldArray, stored: StoredPixels): void {
  const inPlace = out.buffer === stored.buffer && out.byteOffset === stored.byteOffset;
  if (inPlace && out.BYTES_PER_ELEMENT === 2) return;
  // The same bits, signed or not: a copy of memory instead of a conversion.
  const samples =
    out instanceof Int16Array && stored instanceof Uint16Array
      ? new Int16Array(stored.buffer, stored.byteOffset, stored.length)
      : stored;
  out.set(samples);
}

const HIGH_BITS = 0x80008000;
const LOW_BITS = 0x7fff7fff;

/** Adds to every value, two at a time in one 32-bit word: this loop sees every voxel of most CT series. */
function addToAll(values: Int16Array, addend: number): void {
  const half = addend & 0xffff;
  if (values.byteOffset % 4 !== 0 || values.length % 2 !== 0) {
    for (let at = 0; at < values.length; at++) values[at] = (values[at] as number) + half;
    return;
  }
  const words = new Int32Array(values.buffer, values.byteOffset, values.length / 2);
  const { length } = words;
  const pair = (half << 16) | half;
  const low = pair & LOW_BITS;
  for (let at = 0; at < length; at++) {
    const word = words[at] as number;
    // The top bits are added without carry, so that the lower half never reaches into the upper one.
    words[at] = ((word & LOW_BITS) + low) ^ ((word ^ pair) & HIGH_BITS);
  }
}

function rescaleAny(out: RealWorldArray, stored: StoredPixels, slope: number, intercept: number): void {
  const { length } = stored;
  for (let at = 0; at < length; at++) out[at] = slope * (stored[at] as number) + intercept;
}
