import type { Vec3 } from '../geometry/vector.ts';
import type { Labels } from '../mask/build-mask.ts';

/** Smallest box of voxels that holds one value, corners inclusive. */
export interface LabelWindow {
  readonly low: Vec3;
  readonly high: Vec3;
  readonly voxels: number;
}

/** The window of every value above 0 in a label map. */
export function labelWindows(labels: Labels, [columns, rows, slices]: Vec3): Map<number, LabelWindow> {
  const found = new Map<
    number,
    { low: [number, number, number]; high: [number, number, number]; voxels: number }
  >();
  let at = 0;
  for (let k = 0; k < slices; k++) {
    for (let j = 0; j < rows; j++) {
      for (let i = 0; i < columns; i++, at++) {
        const value = labels[at] as number;
        if (value === 0) continue;
        const window = found.get(value);
        if (window === undefined) {
          found.set(value, { low: [i, j, k], high: [i, j, k], voxels: 1 });
          continue;
        }
        window.voxels++;
        if (i < window.low[0]) window.low[0] = i;
        if (i > window.high[0]) window.high[0] = i;
        if (j < window.low[1]) window.low[1] = j;
        if (j > window.high[1]) window.high[1] = j;
        window.high[2] = k;
      }
    }
  }
  return found;
}
