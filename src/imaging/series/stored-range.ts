import type { Slice, StoredPixels } from '../dicom/slice.ts';
import { decodeFrame } from '../dicom/stored-pixels.ts';
import { rescaleRange, type ValueRange } from './value-range.ts';

/** Range of the real-world values of one slice, found among its decoded pixels. */
export function storedRange(slice: Slice): ValueRange {
  return rescaleRange(slice, extremes(decodeFrame(slice.encoded)));
}

/** Least and largest sample; 16-bit images have loops of their own, since a loop that meets one type of array is several times as fast. */
function extremes(stored: StoredPixels): ValueRange {
  if (stored instanceof Uint16Array) return unsignedExtremes(stored);
  if (stored instanceof Int16Array) return signedExtremes(stored);
  const { length } = stored;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < length; at++) {
    const value = stored[at] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

function unsignedExtremes(stored: Uint16Array): ValueRange {
  const { length } = stored;
  let low = 0xffff;
  let high = 0;
  for (let at = 0; at < length; at++) {
    const value = stored[at] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

function signedExtremes(stored: Int16Array): ValueRange {
  const { length } = stored;
  let low = 0x7fff;
  let high = -0x8000;
  for (let at = 0; at < length; at++) {
    const value = stored[at] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}
