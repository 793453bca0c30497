/** Masks of contours on a small grid, for the tests of `buildMask`. */
import { PipelineError } from '../../../../src/contracts/errors.ts';
import type { LabelPolicies } from '../../../../src/contracts/label-policy.ts';
import type { PatientContour, StructureSet } from '../../../../src/imaging/contour/structure-set.ts';
import type { VolumeGeometry } from '../../../../src/imaging/geometry/volume-geometry.ts';
import { buildMask } from '../../../../src/imaging/mask/build-mask.ts';
import { contourRegions } from '../../../../src/imaging/mask/contour-regions.ts';
import { parseLabelMap } from '../../../../src/imaging/mask/label-map.ts';
import { centredGrid, contourOnSlice, targetOf } from '../../../helpers/imaging-phantom.ts';

export const POLICIES: LabelPolicies = {
  unmapped: 'report',
  missing: 'review',
  overlap: 'later-wins',
  gaps: 'review',
};
export const GRID = centredGrid([32, 32, 9], [1, 1, 2], [1, 0, 0], [0, 1, 0]);
export type Points = readonly (readonly [number, number])[];
export const SQUARE: Points = [
  [4.5, 4.5],
  [14.5, 4.5],
  [14.5, 14.5],
  [4.5, 14.5],
];

export interface Case {
  readonly geometry?: VolumeGeometry;
  readonly set: StructureSet;
  readonly map: string;
  readonly policies?: Partial<LabelPolicies>;
  readonly interpolateUpToMm?: number;
}

export function build({ geometry = GRID, set, map, policies = {}, ...options }: Case) {
  return buildMask({
    target: targetOf(geometry),
    regions: contourRegions(set),
    labelMap: parseLabelMap(map),
    policies: { ...POLICIES, ...policies },
    ...options,
  });
}

export function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'no error';
}

/** The same ring on a run of slices. */
export function column3d(points: Points, from: number, to: number, geometry = GRID): PatientContour[] {
  return Array.from({ length: to - from + 1 }, (_, n) => contourOnSlice(geometry, from + n, points));
}

export function move(points: Points, x: number, y: number): Points {
  return points.map(([a, b]) => [a + x, b + y] as const);
}

/** The same contour, without the name of its image. */
export function withoutImage({ geometricType, pointsLps }: PatientContour): PatientContour {
  return { geometricType, pointsLps };
}
