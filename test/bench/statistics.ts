/** Repetitions of each measurement: the fewest for which the second and the second to last bound the median at 95 %. */
export const REPETITIONS = 9;

export interface Summary {
  readonly median: number;
  /** Order statistics that hold the median with at least 95 % confidence, whatever the distribution. */
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/**
 * Median and its distribution-free interval: with n values the k-th smallest and k-th largest hold the median with
 * probability 1 - 2 P(Binomial(n, 1/2) < k).
 */
export function summarise(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const count = sorted.length;
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const middle = (count - 1) / 2;
  const rank = intervalRank(count);
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    low: at(rank),
    high: at(count - 1 - rank),
    count,
  };
}

/** Zero-based rank of the lower bound, which is how many values at each end are left out. */
function intervalRank(count: number): number {
  let tail = 0;
  let combinations = 1;
  let rank = 0;
  for (let below = 0; below < count / 2; below += 1) {
    tail += combinations / 2 ** count;
    if (2 * tail > 0.05) break;
    rank = below;
    combinations = (combinations * (count - below)) / (below + 1);
  }
  return rank;
}

/** Runs all of `measurements` in turn, over and over, so that what else the machine does falls on each alike. */
export async function interleave<K extends string>(
  measurements: Readonly<Record<K, () => Promise<number>>>,
  repetitions: number = REPETITIONS,
): Promise<Record<K, number[]>> {
  const names = Object.keys(measurements) as K[];
  const values = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (const name of names) await measurements[name]();
  for (let round = 0; round < repetitions; round += 1) {
    for (const name of names) values[name].push(await measurements[name]());
  }
  return values;
}

/** `123 (119 to 130, n = 9)` */
export function show({ median, low, high, count }: Summary, digits = 0): string {
  const [m, l, h] = [median, low, high].map((value) => value.toFixed(digits));
  return `${m} (${l} to ${h}, n = ${count})`;
}
