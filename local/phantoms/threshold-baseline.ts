import { ORGAN_NAMES, type OrganName } from './anatomy.ts';
import type { PhantomTruth } from './phantom-truth.ts';

/** Bands are searched on this HU range in steps of {@link STEP_HU}; organs lie well inside it. */
const LOWEST_HU = -160;
const HIGHEST_HU = 320;
const STEP_HU = 4;
const BINS = (HIGHEST_HU - LOWEST_HU) / STEP_HU;

/** Dice of the best intensity band, by organ, for values as scanned and after a 3 x 3 x 3 mean. */
export type BaselineDice = Readonly<Record<OrganName, number>>;

/**
 * The best any single intensity band can do on one phantom, chosen with the truth in hand (so an upper bound).
 * It is what a model has to beat to show that it learned more than a grey value.
 */
export function thresholdBaseline(truth: PhantomTruth): BaselineDice {
  const volumes = [truth.hounsfield, meanOf27(truth)];
  const best = (label: number): number =>
    Math.max(...volumes.map((volume) => bestBandDice(volume, truth.labels, label)));
  return { Liver: best(1), Spleen: best(2), Kidney: best(3) };
}

/** Mean over phantoms of {@link thresholdBaseline}. */
export function cohortBaseline(truths: readonly PhantomTruth[]): BaselineDice {
  const each = truths.map(thresholdBaseline);
  const mean = (organ: OrganName): number => each.reduce((sum, dice) => sum + dice[organ], 0) / each.length;
  const [liver, spleen, kidney] = ORGAN_NAMES;
  return { Liver: mean(liver), Spleen: mean(spleen), Kidney: mean(kidney) };
}

function bestBandDice(values: Int16Array, labels: Uint8Array, label: number): number {
  const all = new Float64Array(BINS + 1);
  const organ = new Float64Array(BINS + 1);
  let organVoxels = 0;
  values.forEach((value, at) => {
    const isOrgan = labels[at] === label;
    if (isOrgan) organVoxels += 1;
    const bin = Math.floor((value - LOWEST_HU) / STEP_HU);
    if (bin < 0 || bin >= BINS) return;
    all[bin + 1] = (all[bin + 1] as number) + 1;
    if (isOrgan) organ[bin + 1] = (organ[bin + 1] as number) + 1;
  });
  for (let bin = 1; bin <= BINS; bin += 1) {
    all[bin] = (all[bin] as number) + (all[bin - 1] as number);
    organ[bin] = (organ[bin] as number) + (organ[bin - 1] as number);
  }
  return bestOf(all, organ, organVoxels);
}

/** Tries every band with cumulative counts: Dice = 2 |band and organ| / (|band| + |organ|). */
function bestOf(all: Float64Array, organ: Float64Array, organVoxels: number): number {
  let best = 0;
  for (let low = 0; low < BINS; low += 1) {
    for (let high = low + 1; high <= BINS; high += 1) {
      const inBand = (all[high] as number) - (all[low] as number);
      const hit = (organ[high] as number) - (organ[low] as number);
      best = Math.max(best, (2 * hit) / (inBand + organVoxels));
    }
  }
  return best;
}

function meanOf27({ hounsfield, grid }: PhantomTruth): Int16Array {
  const { columns, rows, slices } = grid;
  const along = (from: Float32Array, step: number, size: number): Float32Array =>
    from.map((value, at) => {
      const index = Math.floor(at / step) % size;
      const before = index > 0 ? (from[at - step] as number) : value;
      const after = index < size - 1 ? (from[at + step] as number) : value;
      return (before + value + after) / 3;
    });
  const inPlane = along(along(Float32Array.from(hounsfield), 1, columns), columns, rows);
  return Int16Array.from(along(inPlane, columns * rows, slices), Math.round);
}
