import type { GridMapping } from '../geometry/grid-mapping.ts';
import type { Vec3 } from '../geometry/vector.ts';

/** Smallest box of voxels that holds one value, corners inclusive. */
export interface LabelWindow {
  readonly low: Vec3;
  readonly high: Vec3;
  readonly voxels: number;
}

interface GrowingWindow {
  readonly low: [number, number, number];
  readonly high: [number, number, number];
  voxels: number;
}

/**
 * The window of every value above 0 in a label map, in the order in which they first appear.
 *
 * @param labels - i fastest, unless the mapping says otherwise
 * @param mapping - where voxel (i, j, k) of the windows lies in `labels`
 */
export function labelWindows(
  labels: ArrayLike<number>,
  [columns, rows, slices]: Vec3,
  { first, steps: [step, rowStep, sliceStep] }: GridMapping = {
    first: 0,
    steps: [1, columns, columns * rows],
  },
): Map<number, LabelWindow> {
  const found = new Map<number, GrowingWindow>();
  for (let k = 0; k < slices; k++) {
    for (let j = 0; j < rows; j++) {
      let at = first + j * rowStep + k * sliceStep;
      // Runs are added whole, so that the work per voxel is one comparison.
      for (let i = 0; i < columns; ) {
        const value = labels[at] as number;
        const from = i;
        do {
          i++;
          at += step;
        } while (i < columns && labels[at] === value);
        if (value !== 0) addRun(found, value, [from, i - 1], j, k);
      }
    }
  }
  return found;
}

function addRun(
  found: Map<number, GrowingWindow>,
  value: number,
  [from, to]: readonly [number, number],
  j: number,
  k: number,
): void {
  const window = found.get(value);
  if (window === undefined) {
    found.set(value, { low: [from, j, k], high: [to, j, k], voxels: to - from + 1 });
    return;
  }
  window.voxels += to - from + 1;
  if (from < window.low[0]) window.low[0] = from;
  if (to > window.high[0]) window.high[0] = to;
  if (j < window.low[1]) window.low[1] = j;
  if (j > window.high[1]) window.high[1] = j;
  window.high[2] = k;
}
