import { parseRtstruct } from '../../imaging/contour/parse-rtstruct.ts';
import type { Contour, StructureSet } from '../../imaging/contour/structure-set.ts';
import type { OpenJob } from '../worker-protocol.ts';

/** Reads an RT Structure Set; its points lie in one piece of shared memory, so that no copy of them goes between threads. */
export const openParseRtstruct: OpenJob<null, Uint8Array, StructureSet> = async () => (bytes) => ({
  value: withSharedPoints(parseRtstruct(bytes)),
});

function withSharedPoints(set: StructureSet): StructureSet {
  const memory = new Float64Array(new SharedArrayBuffer(countValues(set) * Float64Array.BYTES_PER_ELEMENT));
  let end = 0;
  const share = (contour: Contour): Contour => {
    if (!('pointsLps' in contour)) return contour;
    const pointsLps = memory.subarray(end, end + contour.pointsLps.length);
    pointsLps.set(contour.pointsLps);
    end += pointsLps.length;
    return { ...contour, pointsLps };
  };
  return { ...set, rois: set.rois.map((roi) => ({ ...roi, contours: roi.contours.map(share) })) };
}

function countValues({ rois }: StructureSet): number {
  let count = 0;
  for (const { contours } of rois) {
    for (const contour of contours) if ('pointsLps' in contour) count += contour.pointsLps.length;
  }
  return count;
}
