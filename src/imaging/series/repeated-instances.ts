import type { Slice } from '../dicom/slice.ts';

/** Slices without exact repetitions, and the UIDs of the instances that came more than once. */
export interface UniqueSlices {
  readonly slices: readonly Slice[];
  readonly repeatedUids: readonly string[];
}

/**
 * Drops copies: slices of one SOP instance and frame at one place with the same encoded pixels.
 *
 * Slices that share the UID but differ are kept, so that planning finds two images in one place.
 */
export function dropCopies(slices: readonly Slice[]): UniqueSlices {
  const kept = new Map<string, Slice[]>();
  const repeated = new Set<string>();
  const unique = slices.filter((slice) => {
    const key = `${slice.sopInstanceUid} ${slice.frame}`;
    const sameUid = kept.get(key) ?? [];
    const copy = sameUid.some((other) => isCopy(slice, other));
    if (copy) repeated.add(slice.sopInstanceUid);
    else kept.set(key, [...sameUid, slice]);
    return !copy;
  });
  return { slices: unique, repeatedUids: [...repeated] };
}

function isCopy(a: Slice, b: Slice): boolean {
  const samePlace = a.positionLps.every((value, axis) => value === b.positionLps[axis]);
  const [left, right] = [a.encoded.parts, b.encoded.parts];
  return (
    samePlace && left.length === right.length && left.every((part, index) => sameBytes(part, right[index]))
  );
}

function sameBytes(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((byte, at) => byte === b[at]);
}
