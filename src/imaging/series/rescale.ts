import type { StoredPixels } from '../dicom/slice.ts';

type RealWorldArray = Int16Array | Float32Array | Float64Array;

/** `real-world = slope * stored + intercept`. */
interface Rescale {
  readonly slope: number;
  readonly intercept: number;
}

/**
 * Writes `slope * stored + intercept` of every sample; `out` has the length of `stored`.
 *
 * Integers that stay integers have loops of their own, one for each source type, because a loop that meets a single
 * type of array runs several times as fast as one that meets many.
 */
export function rescaleInto(out: RealWorldArray, stored: StoredPixels, { slope, intercept }: Rescale): void {
  if (slope === 1 && intercept === 0) copyInto(out, stored);
  else if (slope === 1 && Number.isInteger(intercept) && out instanceof Int16Array)
    shiftInto(out, stored, intercept);
  else rescaleAny(out, stored, slope, intercept);
}

function copyInto(out: RealWorldArray, stored: StoredPixels): void {
  // Samples that fit int16 have the same bits signed and unsigned, so they need no conversion.
  const samples =
    out instanceof Int16Array && stored instanceof Uint16Array
      ? new Int16Array(stored.buffer, stored.byteOffset, stored.length)
      : stored;
  out.set(samples);
}

function shiftInto(out: Int16Array, stored: StoredPixels, intercept: number): void {
  if (stored instanceof Uint16Array) shiftUnsigned(out, stored, intercept);
  else if (stored instanceof Int16Array) shiftSigned(out, stored, intercept);
  else rescaleAny(out, stored, 1, intercept);
}

function shiftUnsigned(out: Int16Array, stored: Uint16Array, intercept: number): void {
  for (let at = 0; at < stored.length; at++) out[at] = (stored[at] as number) + intercept;
}

function shiftSigned(out: Int16Array, stored: Int16Array, intercept: number): void {
  for (let at = 0; at < stored.length; at++) out[at] = (stored[at] as number) + intercept;
}

function rescaleAny(out: RealWorldArray, stored: StoredPixels, slope: number, intercept: number): void {
  for (let at = 0; at < stored.length; at++) out[at] = slope * (stored[at] as number) + intercept;
}
