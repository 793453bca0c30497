import type { Contour, PatientContour } from '../imaging/contour/structure-set.ts';

/** The points of many contours as few objects: each object that goes to another thread is written and read on its own. */
export interface PackedPoints {
  /** Memory that threads share. */
  readonly pieces: readonly Float64Array[];
  /** Of each contour: its piece, its first value in it and the number of its values. */
  readonly places: Uint32Array<ArrayBuffer>;
}

/** @param contours - their points are in shared memory, those of many in one piece of it */
export function packPoints(contours: readonly PatientContour[]): PackedPoints {
  const pieces: Float64Array[] = [];
  const places = new Uint32Array(3 * contours.length);
  contours.forEach(({ pointsLps: { buffer, byteOffset, length } }, n) => {
    if (pieces.at(-1)?.buffer !== buffer) pieces.push(new Float64Array(buffer));
    places.set([pieces.length - 1, byteOffset / Float64Array.BYTES_PER_ELEMENT, length], 3 * n);
  });
  return { pieces, places };
}

/** @param outlines - the same contours, without their points */
export function withPoints(outlines: readonly Contour[], { pieces, places }: PackedPoints): Contour[] {
  return outlines.map((contour, n) => {
    const piece = pieces[places[3 * n] as number] as Float64Array;
    const from = places[3 * n + 1] as number;
    return { ...contour, pointsLps: piece.subarray(from, from + (places[3 * n + 2] as number)) };
  });
}
