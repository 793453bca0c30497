import type { Labels } from './label-type.ts';

/** Voxels of each value of a label map other than 0. */
export function countValues(labels: Labels): Map<number, number> {
  const counts = new Uint32Array(65536);
  for (let at = 0; at < labels.length; at++)
    counts[labels[at] as number] = (counts[labels[at] as number] as number) + 1;
  const present = [...counts.entries()].filter(([value, count]) => value > 0 && count > 0);
  return new Map(present);
}
