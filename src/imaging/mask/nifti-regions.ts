import { PipelineError } from '../../contracts/errors.ts';
import { type GridMapping, mapGrid, SAME_CENTRE_MM } from '../geometry/grid-mapping.ts';
import { cornerDistanceMm, type VolumeGeometry, voxelVolumeMl } from '../geometry/volume-geometry.ts';
import type { NiftiContent } from '../nifti/encode-nifti.ts';
import { type LabelWindow, labelWindows } from '../resample/label-window.ts';
import type { MaskTarget } from './mask-target.ts';
import { MAX_MASK_VALUE } from './mask-value.ts';
import type { PaintSlice, RegionDrawing, RegionSet, RegionSource } from './region-source.ts';
import { SliceRuns } from './slice-runs.ts';

/** Stored floats of a label map may carry the rounding of a slope; a share between two labels never comes this close. */
const INTEGRAL_TOLERANCE = 1e-4;

/** More than anybody names: an image taken for a mask has more. */
const MAX_LABELS = 4096;
/** Half a minute's work. 117 organs of a body of 512 x 512 x 1,000 voxels, a quarter of it for each, are within it. */
const MAX_WINDOW_VOXELS = 2 ** 33;

interface LabelledGrid {
  readonly geometry: VolumeGeometry;
  /** Values 0 to 65535; i fastest. */
  readonly labels: Uint16Array<ArrayBuffer>;
}

/**
 * The labels of a NIfTI mask as regions, in ascending order of value and named by it; 0 is background.
 *
 * The mask must have the voxels of the image; axes may be exchanged or reversed, which changes no voxel.
 *
 * @throws MaskNotIntegral for values that are not whole numbers from 0 to 65535, EmptySegmentation when all are 0,
 *   ValueOutOfRange for over 4,096 different ones; drawing throws VolumeTooLarge when they are scattered like noise
 */
export function niftiRegions({ geometry, values }: NiftiContent): RegionSet {
  const labels = toLabels(values);
  const counts = countLabels(labels);
  const present = [...counts.keys()].filter((value) => value > 0 && counts[value] !== 0);
  if (present.length === 0) {
    throw new PipelineError(
      'EmptySegmentation',
      'every voxel of the mask is 0, so it marks no region; draw at least one and save it again',
    );
  }
  if (present.length > MAX_LABELS) throw tooManyLabels(present.length);
  const drawer = new LabelDrawer({ geometry, labels });
  return {
    format: 'NIFTI',
    referencedSeriesUids: [],
    regions: present.map((value) => labelRegion(drawer, value)),
    warnings: [],
    check: (target) => {
      requireMapping(geometry, target);
      return [];
    },
  };
}

function labelRegion(drawer: LabelDrawer, value: number): RegionSource {
  return {
    number: value,
    name: String(value),
    provenance: { format: 'NIFTI' },
    parts: 1,
    draw: (target, _options, paint) => drawer.draw(value, target, paint),
  };
}

/** A mask on one target: where each value lies there, found once for all of them. */
interface Located {
  readonly target: MaskTarget;
  readonly mapping: GridMapping;
  readonly windows: ReadonlyMap<number, LabelWindow>;
  readonly runs: SliceRuns;
}

/** Draws value after value, each within its own window. */
class LabelDrawer {
  readonly #grid: LabelledGrid;
  #located: Located | undefined;

  constructor(grid: LabelledGrid) {
    this.#grid = grid;
  }

  draw(value: number, target: MaskTarget, paint: PaintSlice): RegionDrawing {
    const { mapping, windows, runs } = this.#locate(target);
    const window = windows.get(value);
    let planes = 0;
    for (let k = window?.low[2] ?? 0; k <= (window?.high[2] ?? -1); k++) {
      findRuns(runs, [value, k], this.#grid.labels, mapping, window as LabelWindow);
      if (runs.length === 0) continue;
      paint(k, runs);
      planes++;
    }
    const volumeMm3 = (window?.voxels ?? 0) * voxelVolumeMl(this.#grid.geometry) * 1000;
    return { planes, volumeMm3, gaps: [], warnings: [] };
  }

  #locate(target: MaskTarget): Located {
    if (this.#located?.target === target) return this.#located;
    const { geometry, labels } = this.#grid;
    const mapping = requireMapping(geometry, target);
    const windows = labelWindows(labels, target.geometry.sizeIjk, mapping);
    requireWork(windows);
    const [columns, rows] = target.geometry.sizeIjk;
    this.#located = { target, mapping, windows, runs: new SliceRuns(columns, rows) };
    return this.#located;
  }
}

/** Where slice k holds the value, in place of what was there. */
function findRuns(
  runs: SliceRuns,
  [value, k]: readonly [value: number, k: number],
  labels: Uint16Array,
  { first, steps: [columnStep, rowStep, sliceStep] }: GridMapping,
  { low, high }: LabelWindow,
): void {
  runs.clear();
  const end = high[0] + 1;
  for (let row = low[1]; row <= high[1]; row++) {
    const rowStart = row * runs.columns;
    const labelStart = first + row * rowStep + k * sliceStep;
    let start = end;
    for (let column = low[0]; column <= end; column++) {
      const inside = column < end && labels[labelStart + column * columnStep] === value;
      if (inside && start === end) start = column;
      if (inside || start === end) continue;
      runs.add(rowStart + start, rowStart + column);
      start = end;
    }
  }
}

/** Values whose voxels lie far apart are looked for almost everywhere; noise of many values would take hours. */
function requireWork(windows: ReadonlyMap<number, LabelWindow>): void {
  const voxels = [...windows.values()].reduce(
    (sum, { low, high }) =>
      sum + low.reduce((size, from, axis) => size * ((high[axis] as number) - from + 1), 1),
    0,
  );
  if (voxels <= MAX_WINDOW_VOXELS) return;
  throw new PipelineError(
    'VolumeTooLarge',
    `the boxes round the ${windows.size} values of the mask hold ${voxels} voxels, at most ${MAX_WINDOW_VOXELS} are allowed: ` +
      'values are scattered over the volume; export a label map of regions',
    { values: windows.size, voxels, allowed: MAX_WINDOW_VOXELS },
  );
}

function tooManyLabels(values: number): PipelineError {
  return new PipelineError(
    'ValueOutOfRange',
    `the mask holds ${values} different values other than 0, at most ${MAX_LABELS} are allowed; ` +
      'export a label map of regions, or only those that are needed',
    { values, allowed: MAX_LABELS },
  );
}

function requireMapping(mask: VolumeGeometry, { geometry, seriesUid }: MaskTarget): GridMapping {
  const mapping = mapGrid(mask, geometry);
  if (mapping !== undefined) return mapping;
  const distance = cornerDistanceMm(mask, geometry);
  const apart = Number.isFinite(distance)
    ? `its corners lie up to ${distance.toFixed(2)} mm from the image's`
    : `it has ${mask.sizeIjk.join(' x ')} voxels of ${millimetres(mask)} mm`;
  throw new PipelineError(
    'MaskGridMismatch',
    `the mask does not lie on the grid of series ${seriesUid}: ${apart}, the image has ${geometry.sizeIjk.join(' x ')} ` +
      `voxels of ${millimetres(geometry)} mm and ${SAME_CENTRE_MM} mm is allowed; export the mask on the grid of this series`,
    {
      maskSize: mask.sizeIjk,
      imageSize: geometry.sizeIjk,
      maskSpacingMm: mask.spacingMm,
      imageSpacingMm: geometry.spacingMm,
      ...(Number.isFinite(distance) ? { cornerDistanceMm: distance } : {}),
    },
  );
}

function millimetres({ spacingMm }: VolumeGeometry): string {
  return spacingMm.map((value) => Number(value.toFixed(3))).join(' x ');
}

export function toLabels(values: NiftiContent['values']): Uint16Array<ArrayBuffer> {
  const labels = new Uint16Array(values.length);
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    const label = Math.round(value);
    if (!(Math.abs(value - label) <= INTEGRAL_TOLERANCE && label >= 0 && label <= MAX_MASK_VALUE))
      throw notIntegral(value);
    labels[at] = label;
  }
  return labels;
}

function countLabels(labels: Uint16Array): Uint32Array {
  const counts = new Uint32Array(MAX_MASK_VALUE + 1);
  for (let at = 0; at < labels.length; at++)
    counts[labels[at] as number] = (counts[labels[at] as number] as number) + 1;
  return counts;
}

function notIntegral(value: number): PipelineError {
  return new PipelineError(
    'MaskNotIntegral',
    `the mask holds the value ${value}; a mask holds whole numbers from 0 to ${MAX_MASK_VALUE}: export a label map`,
    { value: String(value), allowed: MAX_MASK_VALUE },
  );
}
