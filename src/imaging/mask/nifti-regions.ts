import { PipelineError } from '../../contracts/errors.ts';
import { type GridMapping, mapGrid, SAME_CENTRE_MM } from '../geometry/grid-mapping.ts';
import { cornerDistanceMm, type VolumeGeometry, voxelVolumeMl } from '../geometry/volume-geometry.ts';
import type { NiftiContent } from '../nifti/encode-nifti.ts';
import type { MaskTarget } from './mask-target.ts';
import { MAX_MASK_VALUE } from './mask-value.ts';
import { clearSliceMask, emptySliceMask, type SliceMask } from './rasterise.ts';
import type { PaintSlice, RegionDrawing, RegionSet, RegionSource } from './region-source.ts';

/** Stored floats of a label map may carry the rounding of a slope; a share between two labels never comes this close. */
const INTEGRAL_TOLERANCE = 1e-4;

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
 * @throws MaskNotIntegral for values that are not whole numbers from 0 to 65535, EmptySegmentation when all are 0
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
  const grid: LabelledGrid = { geometry, labels };
  return {
    format: 'NIFTI',
    referencedSeriesUids: [],
    regions: present.map((value) => labelRegion(grid, value, counts[value] as number)),
    warnings: [],
    check: (target) => {
      requireMapping(grid.geometry, target);
      return [];
    },
  };
}

function labelRegion(grid: LabelledGrid, value: number, voxels: number): RegionSource {
  return {
    number: value,
    name: String(value),
    provenance: { format: 'NIFTI' },
    parts: 1,
    draw: (target, _options, paint) => drawLabel(grid, { value, voxels }, target, paint),
  };
}

function drawLabel(
  { geometry, labels }: LabelledGrid,
  { value, voxels }: { readonly value: number; readonly voxels: number },
  target: MaskTarget,
  paint: PaintSlice,
): RegionDrawing {
  const mapping = requireMapping(geometry, target);
  const [columns, rows, slices] = target.geometry.sizeIjk;
  const mask = emptySliceMask(columns, rows);
  let [planes, left] = [0, voxels];
  for (let k = 0; k < slices && left > 0; k++) {
    clearSliceMask(mask);
    const found = markSlice(mask, k, value, labels, mapping);
    if (found === 0) continue;
    paint(k, mask);
    planes++;
    left -= found;
  }
  return { planes, volumeMm3: voxels * voxelVolumeMl(geometry) * 1000, gaps: [], warnings: [] };
}

function markSlice(
  mask: SliceMask,
  k: number,
  value: number,
  labels: Uint16Array,
  { first, steps: [columnStep, rowStep, sliceStep] }: GridMapping,
): number {
  const { columns, rows, bits } = mask;
  let { minColumn, maxColumn, minRow, maxRow } = mask.box;
  let found = 0;
  for (let row = 0; row < rows; row++) {
    let from = first + row * rowStep + k * sliceStep;
    for (let column = 0; column < columns; column++, from += columnStep) {
      if (labels[from] !== value) continue;
      bits[row * columns + column] = 1;
      found++;
      if (column < minColumn) minColumn = column;
      if (column > maxColumn) maxColumn = column;
      if (row < minRow) minRow = row;
      maxRow = row;
    }
  }
  mask.box = { minColumn, maxColumn, minRow, maxRow };
  return found;
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
