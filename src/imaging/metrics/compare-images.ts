import type { LabelVolume } from './compare-label-maps.ts';
import { requireSameGrid } from './grid-difference.ts';

/** How the values of two images on one grid differ, in their unit. */
export interface ImageDifference {
  readonly voxels: number;
  readonly voxelsDiffering: number;
  readonly maxAbsDifference: number;
  readonly meanAbsDifference: number;
}

/** Voxels that are no number in both images count as equal; in one of them, as infinitely different. */
export function compareImages(
  reference: Pick<LabelVolume, 'geometry'> & { readonly values: ArrayLike<number> },
  other: Pick<LabelVolume, 'geometry'> & { readonly values: ArrayLike<number> },
): ImageDifference {
  requireSameGrid(reference.geometry, other.geometry);
  const [a, b] = [reference.values, other.values];
  let [voxelsDiffering, max, sum] = [0, 0, 0];
  for (let at = 0; at < a.length; at++) {
    const from = a[at] as number;
    const to = b[at] as number;
    if (from === to || (Number.isNaN(from) && Number.isNaN(to))) continue;
    const difference = Number.isNaN(from - to) ? Number.POSITIVE_INFINITY : Math.abs(from - to);
    voxelsDiffering++;
    sum += difference;
    if (difference > max) max = difference;
  }
  return {
    voxels: a.length,
    voxelsDiffering,
    maxAbsDifference: max,
    meanAbsDifference: sum / a.length,
  };
}

/** More values than anatomy has regions: such a volume is an image. */
const MOST_LABELS = 1024;

/** Whether values can be a label map: whole numbers from 0 to 65,535, and few different ones. */
export function looksLikeLabelMap(values: ArrayLike<number>): boolean {
  const seen = new Uint8Array(65536);
  let [different, previous] = [0, -1];
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    if (value === previous) continue;
    previous = value;
    if (!(value >= 0 && value <= 65535) || !Number.isInteger(value)) return false;
    if (seen[value] === 1) continue;
    seen[value] = 1;
    different++;
    if (different > MOST_LABELS) return false;
  }
  return true;
}
