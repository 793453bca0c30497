import { PipelineError } from '../../contracts/errors.ts';
import { type VolumeGeometry, voxelVolumeMl } from '../geometry/volume-geometry.ts';
import { type LabelWindow, labelWindows } from '../resample/label-window.ts';
import { requireSameGrid } from './grid-difference.ts';
import { cutRegion, type LabelValues } from './region-surface.ts';
import { type SurfaceDistances, surfaceDistances } from './surface-distance.ts';

/** A label map: 0 is background, values are whole numbers to 65,535; i fastest. */
export interface LabelVolume {
  readonly geometry: VolumeGeometry;
  readonly labels: LabelValues;
}

export interface CompareOptions {
  /** Surfaces this far apart count as equal in surface Dice, mm. */
  readonly toleranceMm: number;
  /** Labels to compare, in this order; by default every label that either map holds, ascending. */
  readonly values?: readonly number[];
  /** Told after each label. */
  readonly onProgress?: (done: number, total: number) => void;
}

type Nullable<T> = { readonly [Key in keyof T]: T[Key] | null };

/**
 * One label of the reference and of the other map.
 *
 * Absent from both: every metric is null. Absent from one: Dice and surface Dice are 0, distances null.
 */
export interface LabelMetrics extends Nullable<SurfaceDistances> {
  readonly value: number;
  readonly voxelsReference: number;
  readonly voxelsOther: number;
  readonly volumeMlReference: number;
  readonly volumeMlOther: number;
  readonly dice: number | null;
  /** Other minus reference, in percent of the reference; null when the reference has none. */
  readonly volumeErrorPercent: number | null;
}

export interface LabelComparison {
  readonly toleranceMm: number;
  readonly labels: readonly LabelMetrics[];
  /** Labels of the list that neither map holds. */
  readonly emptyInBoth: number;
  /** Labels that one map holds and the other does not. */
  readonly emptyInOne: number;
}

/**
 * Metrics of every label of two label maps on one grid.
 *
 * @throws MaskGridMismatch when the grids differ by more than 0.01 mm, InvalidParameters for a bad tolerance
 */
export function compareLabelMaps(
  reference: LabelVolume,
  other: LabelVolume,
  { toleranceMm, values, onProgress }: CompareOptions,
): LabelComparison {
  requireSameGrid(reference.geometry, other.geometry);
  if (!Number.isFinite(toleranceMm) || toleranceMm < 0) {
    throw new PipelineError(
      'InvalidParameters',
      `a tolerance of ${toleranceMm} mm cannot be used; give a number of 0 or more`,
      { toleranceMm },
    );
  }
  const pair: ComparedPair = {
    reference,
    other,
    ofReference: labelWindows(reference.labels, reference.geometry.sizeIjk),
    ofOther: labelWindows(other.labels, other.geometry.sizeIjk),
  };
  const present = [...new Set([...pair.ofReference.keys(), ...pair.ofOther.keys()])].sort((a, b) => a - b);
  const labels = (values ?? present).map((value, index, { length }) => {
    const compared = compareLabel(pair, value, toleranceMm);
    onProgress?.(index + 1, length);
    return compared;
  });
  const empty = (count: number) =>
    labels.filter((label) => Number(label.voxelsReference === 0) + Number(label.voxelsOther === 0) === count)
      .length;
  return { toleranceMm, labels, emptyInBoth: empty(2), emptyInOne: empty(1) };
}

interface ComparedPair {
  readonly reference: LabelVolume;
  readonly other: LabelVolume;
  readonly ofReference: ReadonlyMap<number, LabelWindow>;
  readonly ofOther: ReadonlyMap<number, LabelWindow>;
}

const NO_DISTANCES = { hd95Mm: null, voxelHd95Mm: null, meanSurfaceDistanceMm: null } as const;

function compareLabel(pair: ComparedPair, value: number, toleranceMm: number): LabelMetrics {
  const [a, b] = [pair.ofReference.get(value), pair.ofOther.get(value)];
  const [voxelsReference, voxelsOther] = [a?.voxels ?? 0, b?.voxels ?? 0];
  const voxelMl = voxelVolumeMl(pair.reference.geometry);
  const counted = {
    value,
    voxelsReference,
    voxelsOther,
    volumeMlReference: voxelsReference * voxelMl,
    volumeMlOther: voxelsOther * voxelMl,
    volumeErrorPercent:
      voxelsReference === 0 ? null : (100 * (voxelsOther - voxelsReference)) / voxelsReference,
  };
  if (a !== undefined && b !== undefined) {
    return { ...counted, ...overlapMetrics(pair, value, joinWindows(a, b), toleranceMm) };
  }
  const dice = a === undefined && b === undefined ? null : 0;
  return { ...counted, dice, surfaceDice: dice, ...NO_DISTANCES };
}

function overlapMetrics(
  { reference, other }: ComparedPair,
  value: number,
  window: Pick<LabelWindow, 'low' | 'high'>,
  toleranceMm: number,
): SurfaceDistances & { readonly dice: number } {
  const { sizeIjk, spacingMm } = reference.geometry;
  const a = cutRegion(reference.labels, sizeIjk, value, window);
  const b = cutRegion(other.labels, sizeIjk, value, window);
  let [common, sum] = [0, 0];
  for (let at = 0; at < a.mask.length; at++) {
    const inA = a.mask[at] as number;
    const inB = b.mask[at] as number;
    common += inA & inB;
    sum += inA + inB;
  }
  return { dice: (2 * common) / sum, ...surfaceDistances(a, b, spacingMm, toleranceMm) };
}

function joinWindows(a: LabelWindow, b: LabelWindow): Pick<LabelWindow, 'low' | 'high'> {
  const [low, high] = [a.low, a.high].map((corner, end) =>
    corner.map((value, axis) =>
      end === 0 ? Math.min(value, b.low[axis] as number) : Math.max(value, b.high[axis] as number),
    ),
  ) as unknown as [LabelWindow['low'], LabelWindow['high']];
  return { low, high };
}
