import { PipelineError } from '../../contracts/errors.ts';
import type { Slice, SliceHeader } from '../dicom/slice.ts';
import { affineFrom } from '../geometry/affine.ts';
import { planeAxes, RIGHT_ANGLE_COSINE } from '../geometry/right-angles.ts';
import { dot, fromColumns, normalise, scale, subtract } from '../geometry/vector.ts';
import { createGeometry, geometryFromAffine, voxelCount } from '../geometry/volume-geometry.ts';
import { resampleStack } from './resample-stack.ts';
import { orderSlices } from './slice-order.ts';
import { measureSpacing, type SliceSpacing } from './slice-spacing.ts';
import type { MeasuredStack, StackGrid } from './stack-grid.ts';
import { measureTilt, tiltError } from './stack-tilt.ts';
import { describeValues } from './value-meaning.ts';
import { fitsInt16, plannedDataType } from './value-range.ts';
import type { IrregularPolicy, PlaneRecipe, VolumePlan } from './volume-plan.ts';

/** Enough for 1,500 slices of 1024 x 1024; more would not fit a stage's memory. */
const MAX_VOXELS = 1_610_612_736;

/**
 * Plans the volume of one stack: slices of one size, orientation and spacing, no two in one place.
 *
 * @throws TooFewSlices, DegenerateOrientation, DuplicateSlicePosition, IrregularSpacing, GantryTilt, VolumeTooLarge,
 *   ValueOutOfRange
 */
export function planStack(slices: readonly Slice[], policy: IrregularPolicy): VolumePlan {
  const ordered = orderSlices(slices);
  const stack = { ordered, spacing: measureSpacing(ordered), tilt: measureTilt(ordered) };
  const { geometry, planes, positions, irregularity, reachesOutside } = chooseGrid(stack, policy);
  requireVoxelLimit(voxelCount(geometry));
  const first = ordered.slices[0] as Slice;
  return {
    studyUid: first.studyUid,
    seriesUid: first.seriesUid,
    ...(first.frameOfReferenceUid === undefined ? {} : { frameOfReferenceUid: first.frameOfReferenceUid }),
    modality: first.modality,
    geometry,
    slices: ordered.slices,
    references: ordered.slices.map(({ sopInstanceUid, frame, positionLps }, index) => ({
      k: positions[index] ?? index,
      sopInstanceUid,
      frame,
      positionLps,
    })),
    planes,
    ...(irregularity === undefined ? {} : { irregularity }),
    ...withSkewWarning(planValues(ordered.slices, reachesOutside ?? false), first),
  };
}

/** Column cosines that were turned are told, with what that moves. */
function withSkewWarning<Values extends { readonly warnings: readonly string[] }>(
  values: Values,
  { rowCosinesLps, columnCosinesLps, rows, pixelSpacingMm: [rowGap] }: SliceHeader,
): Values {
  const skew = Math.abs(dot(normalise(rowCosinesLps), normalise(columnCosinesLps)));
  if (skew <= RIGHT_ANGLE_COSINE) return values;
  const warning =
    `the column cosines of ImageOrientationPatient (0020,0037) are ${skew.toFixed(6)} off a right angle to the row ` +
    `cosines; they were turned to it, which moves the last row by ${(skew * (rows - 1) * rowGap).toFixed(3)} mm`;
  return { ...values, warnings: [...values.warnings, warning] };
}

function planValues(slices: readonly Slice[], reachesOutside: boolean) {
  const values = { dataType: plannedDataType(slices), ...describeValues(slices) };
  if (!reachesOutside) return values;
  const { padding, warnings } = values;
  if (padding !== undefined && fitsInt16(padding)) return { ...values, fill: padding.low };
  const warning =
    'the series names no PixelPaddingValue (0028,0120): voxels that no slice reaches hold its least value instead';
  return {
    ...values,
    dataType: 'by-range' as const,
    fill: 'minimum' as const,
    warnings: [...warnings, warning],
  };
}

function chooseGrid(stack: MeasuredStack, policy: IrregularPolicy): StackGrid {
  const { spacing, tilt } = stack;
  if (spacing.pattern === 'even' && !tilt.tilted) return regularGrid(stack);
  if (policy === 'resample') return resampleStack(stack);
  if (spacing.pattern !== 'even') throw irregularSpacing(spacing, policy);
  if (policy === 'native' && tilt.even) return shearedGrid(stack);
  throw tiltError(
    tilt,
    'convert it with --irregular resample, or use a series reformatted to an upright stack',
  );
}

/** Geometry of an evenly spaced upright stack (PS3.3 C.7.6.2.1.1); the k axis is the slice normal. */
function regularGrid({ ordered: { slices, normalLps }, spacing }: MeasuredStack): StackGrid {
  const first = slices[0] as SliceHeader;
  const [rowGap, columnGap] = first.pixelSpacingMm;
  const geometry = createGeometry({
    sizeIjk: [first.columns, first.rows, slices.length],
    spacingMm: [columnGap, rowGap, spacing.gapMm],
    originLps: first.positionLps,
    directionLps: fromColumns(...planeAxes(first.rowCosinesLps, first.columnCosinesLps), normalLps),
  });
  return { geometry, planes: slices.map((_, slice) => copyOf(slice)), positions: spacing.positions };
}

/** The acquired voxels as they lie: the k axis runs along the slanted line through the slice origins. */
function shearedGrid({ ordered: { slices }, spacing, tilt }: MeasuredStack): StackGrid {
  const [first, last] = [slices[0] as SliceHeader, slices.at(-1) as SliceHeader];
  const [rowGap, columnGap] = first.pixelSpacingMm;
  const step = scale(subtract(last.positionLps, first.positionLps), 1 / (slices.length - 1));
  const [row, column] = planeAxes(first.rowCosinesLps, first.columnCosinesLps);
  const axes = fromColumns(scale(row, columnGap), scale(column, rowGap), step);
  return {
    geometry: geometryFromAffine(affineFrom(axes, first.positionLps), [
      first.columns,
      first.rows,
      slices.length,
    ]),
    planes: slices.map((_, slice) => copyOf(slice)),
    positions: spacing.positions,
    irregularity: {
      kinds: ['gantry-tilt'],
      policy: 'native',
      tiltDegrees: tilt.degrees,
      gapRangeMm: spacing.gapRangeMm,
      synthesisedPlanes: [],
      rule: `acquired voxels on a grid sheared by ${tilt.degrees.toFixed(2)} degrees; nothing was interpolated`,
    },
  };
}

function copyOf(slice: number): PlaneRecipe {
  return { sources: [{ slice, weight: 1, shiftPx: [0, 0] }] };
}

function requireVoxelLimit(voxels: number): void {
  if (voxels <= MAX_VOXELS) return;
  throw new PipelineError(
    'VolumeTooLarge',
    `the series would make a volume of ${voxels} voxels, at most ${MAX_VOXELS} are allowed; select fewer slices`,
    { voxels, allowed: MAX_VOXELS },
  );
}

function irregularSpacing({ oddGap }: SliceSpacing, policy: IrregularPolicy): PipelineError {
  const { after = 0, gapMm = 0, medianGapMm = 0 } = oddGap ?? {};
  const native = policy === 'native' ? 'no grid holds the acquired slices alone; ' : '';
  return new PipelineError(
    'IrregularSpacing',
    `the gap of ${gapMm.toFixed(3)} mm after slice ${after} differs from the median gap of ${medianGapMm.toFixed(3)} mm ` +
      `by more than 1 %, so a slice is missing or unevenly placed; ${native}transfer the series again, ` +
      'or convert it with --irregular resample',
    { k: after, gapMm, medianGapMm },
  );
}
