import { PipelineError } from '../../contracts/errors.ts';
import type { SliceHeader } from '../dicom/slice.ts';
import { norm, scale, subtract } from '../geometry/vector.ts';
import { extentOf } from './extent.ts';
import type { OrderedSlices } from './slice-order.ts';

/** Slice origins may shift sideways by this much over the whole stack before we call it a tilt. */
const SIDEWAYS_TOLERANCE_MM = 0.1;
/** Slices that shift by more than they rise are no stack of one volume. */
const STEEPEST_DEGREES = 45;

/** How far a stack leans from its normal. */
export interface StackTilt {
  readonly tilted: boolean;
  readonly sidewaysMm: number;
  readonly degrees: number;
  /** Every slice shifts in proportion to its height, so that a sheared affine describes the stack. */
  readonly even: boolean;
}

/** @throws GantryTilt when the stack leans by more than {@link STEEPEST_DEGREES}. */
export function measureTilt({ distancesMm, sidewaysLps }: OrderedSlices<SliceHeader>): StackTilt {
  const [, sidewaysMm] = extentOf(sidewaysLps.map(norm));
  const heightMm = distancesMm.at(-1) ?? 0;
  const tilted = sidewaysMm > SIDEWAYS_TOLERANCE_MM;
  const degrees = tilted ? (Math.atan2(sidewaysMm, heightMm) * 180) / Math.PI : 0;
  const last = sidewaysLps.at(-1) ?? [0, 0, 0];
  const even = sidewaysLps.every((offset, index) => {
    const expected = scale(last, (distancesMm[index] ?? 0) / heightMm);
    return heightMm === 0 || norm(subtract(offset, expected)) <= SIDEWAYS_TOLERANCE_MM;
  });
  const tilt = { tilted, sidewaysMm, degrees, even };
  if (degrees <= STEEPEST_DEGREES) return tilt;
  throw tiltError(tilt, 'a stack that leans by more than 45 degrees is no volume; export the series again');
}

export function tiltError({ sidewaysMm, degrees }: StackTilt, advice: string): PipelineError {
  return new PipelineError(
    'GantryTilt',
    `slice origins shift sideways by ${sidewaysMm.toFixed(2)} mm over the stack (about ${degrees.toFixed(1)} degrees), ` +
      `at most ${SIDEWAYS_TOLERANCE_MM} mm is upright; ${advice}`,
    { sidewaysMm, degrees, allowedMm: SIDEWAYS_TOLERANCE_MM },
  );
}
