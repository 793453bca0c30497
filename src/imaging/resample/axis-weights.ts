/**
 * Which source positions make up each target position along one axis.
 *
 * Target `t` is the sum of `weights[offsets[t] + n] * source[starts[t] + n]` for n below `offsets[t + 1] - offsets[t]`;
 * the weights of a target add up to 1.
 */
export interface AxisWeights {
  readonly starts: Int32Array;
  readonly offsets: Int32Array;
  readonly weights: Float64Array;
}

/** Linear interpolation at the target's centre; beyond the outermost centres the edge value continues. */
export function linearWeights(sourceSize: number, targetSize: number, ratio: number): AxisWeights {
  return collectWeights(targetSize, (target) => {
    const centre = Math.min(sourceSize - 1, Math.max(0, (target + 0.5) * ratio - 0.5));
    const start = Math.min(sourceSize - 1, Math.floor(centre + ROUNDING));
    const fraction = centre - start;
    const onVoxel = fraction <= ROUNDING || start === sourceSize - 1;
    return { start, weights: onVoxel ? [1] : [1 - fraction, fraction] };
  });
}

/** Share of the target voxel that each source voxel covers; only the part inside the source counts. */
export function areaWeights(sourceSize: number, targetSize: number, ratio: number): AxisWeights {
  return collectWeights(targetSize, (target) => {
    const from = Math.min(sourceSize - 1, target * ratio);
    const to = Math.min(sourceSize, (target + 1) * ratio);
    const start = Math.floor(from + ROUNDING);
    const end = Math.max(start + 1, Math.ceil(to - ROUNDING));
    const covered = Array.from(
      { length: end - start },
      (_, n) => Math.min(to, start + n + 1) - Math.max(from, start + n),
    );
    const total = covered.reduce((sum, share) => sum + share, 0);
    return { start, weights: covered.map((share) => share / total) };
  });
}

/**
 * Anti-aliasing where voxels grow: a triangle over the target's neighbours, from centre to centre, instead of linear
 * interpolation; it damps what the target spacing cannot show.
 */
export function triangleWeights(sourceSize: number, targetSize: number, ratio: number): AxisWeights {
  if (ratio <= 1) return linearWeights(sourceSize, targetSize, ratio);
  return collectWeights(targetSize, (target) => {
    const centre = (target + 0.5) * ratio - 0.5;
    const start = Math.min(sourceSize - 1, Math.max(0, Math.floor(centre - ratio) + 1));
    const end = Math.max(start, Math.min(sourceSize - 1, Math.ceil(centre + ratio) - 1));
    const raw = Array.from({ length: end - start + 1 }, (_, n) =>
      Math.max(0, 1 - Math.abs(start + n - centre) / ratio),
    );
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return { start, weights: total === 0 ? [1] : raw.map((weight) => weight / total) };
  });
}

/**
 * The part of a weight table that reads from `low` to `high` (inclusive), re-based to a source that starts at `low`.
 *
 * @returns `first`: the first target with a share in the window; undefined when none has
 */
export function cropWeights(
  table: AxisWeights,
  low: number,
  high: number,
): { first: number; table: AxisWeights } | undefined {
  const touched: number[] = [];
  for (let target = 0; target < table.starts.length; target++) {
    const start = table.starts[target] as number;
    const end = start + (table.offsets[target + 1] as number) - (table.offsets[target] as number) - 1;
    if (start <= high && end >= low) touched.push(target);
  }
  const [first] = touched;
  if (first === undefined) return undefined;
  const cropped = collectWeights(touched.length, (position) => {
    const target = first + position;
    const start = table.starts[target] as number;
    const weights = [...table.weights.subarray(table.offsets[target], table.offsets[target + 1])];
    const skip = Math.max(0, low - start);
    return { start: start + skip - low, weights: weights.slice(skip, high - start + 1) };
  });
  return { first, table: cropped };
}

/** Centres this close coincide, in source voxels. */
export const ROUNDING = 1e-9;

/** Joins the weights of every target into one table. */
export function collectWeights(
  size: number,
  weightsOf: (target: number) => { start: number; weights: number[] },
): AxisWeights {
  const starts = new Int32Array(size);
  const offsets = new Int32Array(size + 1);
  const all: number[] = [];
  for (let target = 0; target < size; target++) {
    const { start, weights } = weightsOf(target);
    starts[target] = start;
    for (const weight of weights) all.push(weight);
    offsets[target + 1] = all.length;
  }
  return { starts, offsets, weights: Float64Array.from(all) };
}
