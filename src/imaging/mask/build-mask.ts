import { PipelineError } from '../../contracts/errors.ts';
import type { LabelPolicies } from '../../contracts/label-policy.ts';
import type { StructureSet } from '../contour/structure-set.ts';
import { type VolumeGeometry, voxelVolumeMl } from '../geometry/volume-geometry.ts';
import { type AssignedEntry, assignRois, type RegionReference, type RoiReference } from './assign-rois.ts';
import { checkReferences } from './check-references.ts';
import { drawRoi, type RoiDrawing } from './draw-roi.ts';
import { drawingWarnings } from './drawing-warnings.ts';
import { LabelCanvas, type RegionOverlap } from './label-canvas.ts';
import type { LabelMap } from './label-map.ts';
import type { MaskTarget } from './mask-target.ts';
import type { MaskWarning } from './mask-warning.ts';

/** Values of a label map volume: uint8 when they fit, uint16 otherwise; i fastest, then j, then k. */
export type Labels = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

export interface BuildMaskInput {
  readonly target: MaskTarget;
  readonly structureSet: StructureSet;
  readonly labelMap: LabelMap;
  readonly policies: LabelPolicies;
  /** Longest stretch between two contours that `gaps: interpolate` fills, in mm. */
  readonly interpolateUpToMm?: number;
}

export interface MaskRegion {
  /** Name of the first label map entry with this value. */
  readonly name: string;
  readonly value: number;
  readonly roiNumbers: readonly number[];
  readonly colour?: readonly [number, number, number];
  /** Voxels with this value in the finished mask. */
  readonly voxels: number;
  /** Voxels the contours enclose, before other regions took any. */
  readonly voxelsDrawn: number;
  readonly volumeMlVoxels: number;
  /** Area of the contours times the depth their planes stand for. */
  readonly volumeMlContours: number;
  readonly contours: number;
  readonly planes: number;
  /** Runs of slices without a contour between slices with one. */
  readonly gaps: number;
}

export interface Mask {
  readonly geometry: VolumeGeometry;
  readonly labels: Labels;
  readonly regions: readonly MaskRegion[];
  readonly unmapped: readonly RoiReference[];
  readonly missing: readonly RegionReference[];
  /** `voxels` that `lost` enclosed and the later region `won`. */
  readonly overlaps: readonly RegionOverlap[];
  readonly warnings: readonly MaskWarning[];
}

const DEFAULT_INTERPOLATION_MM = 10;

/**
 * Draws the mapped regions of a structure set on an image grid.
 *
 * A voxel belongs to a region when its centre lies inside. Where regions overlap, the later label map entry wins.
 *
 * @throws ReferencedSeriesMissing, ReferencedImageMissing, FrameOfReferenceMismatch, ContourOffPlane, ContourNotPlanar
 * @throws MalformedContour, UnmappedRegion (policy `unmapped: fail`), OverlappingRegions (policy `overlap: fail`)
 */
export function buildMask(input: BuildMaskInput): Mask {
  const { target, structureSet, labelMap, policies } = input;
  const { assigned, unmapped, missing, warnings } = assignRois(structureSet, labelMap, policies.unmapped);
  const contours = assigned.flatMap(({ rois }) => rois.flatMap((roi) => roi.contours));
  const referenceWarnings = checkReferences(target, structureSet, contours);
  const canvas = new LabelCanvas(
    target.geometry,
    labelMap.entries.map(({ value }) => value),
  );
  const drawn = assigned.map((entry) => ({ entry, drawings: drawEntry(entry, input, canvas) }));
  const overlaps = canvas.overlaps(nameOf(labelMap));
  if (policies.overlap === 'fail' && overlaps.length > 0) throw overlapping(overlaps);
  return {
    geometry: target.geometry,
    labels: canvas.labels,
    regions: summarise(drawn, canvas, target.geometry, nameOf(labelMap)),
    unmapped,
    missing,
    overlaps,
    warnings: [
      ...referenceWarnings,
      ...warnings,
      ...drawn.flatMap(({ entry, drawings }) => drawingWarnings(entry.entry.name, drawings, policies.gaps)),
    ],
  };
}

function drawEntry({ entry, rois }: AssignedEntry, input: BuildMaskInput, canvas: LabelCanvas): RoiDrawing[] {
  const fill = input.policies.gaps === 'interpolate';
  const interpolateUpToMm = fill ? (input.interpolateUpToMm ?? DEFAULT_INTERPOLATION_MM) : 0;
  return rois.map((roi) =>
    drawRoi(roi, input.target, { interpolateUpToMm }, (k, mask) => canvas.paint(entry.value, k, mask)),
  );
}

interface DrawnEntry {
  readonly entry: AssignedEntry;
  readonly drawings: readonly RoiDrawing[];
}

function summarise(
  drawn: readonly DrawnEntry[],
  canvas: LabelCanvas,
  geometry: VolumeGeometry,
  regionName: (value: number) => string,
): MaskRegion[] {
  const finished = countValues(canvas.labels);
  const values = [...new Set(drawn.map(({ entry }) => entry.entry.value))];
  return values.map((value) => {
    const members = drawn.filter(({ entry }) => entry.entry.value === value);
    const rois = members.flatMap(({ entry }) => entry.rois);
    const drawings = members.flatMap((member) => member.drawings);
    const { voxels: voxelsDrawn, repeated } = canvas.drawnVoxels(value);
    const colour = rois.find((roi) => roi.colour !== undefined)?.colour;
    const sum = (of: (drawing: RoiDrawing) => number) =>
      drawings.reduce((total, drawing) => total + of(drawing), 0);
    return {
      name: regionName(value),
      value,
      roiNumbers: rois.map((roi) => roi.number),
      ...(colour === undefined ? {} : { colour }),
      voxels: finished.get(value) ?? 0,
      voxelsDrawn,
      volumeMlVoxels: voxelsDrawn * voxelVolumeMl(geometry),
      // ROIs of one region that overlap each other would otherwise count their common part twice.
      volumeMlContours: sum(({ volumeMm3 }) => volumeMm3) / 1000 - repeated * voxelVolumeMl(geometry),
      contours: rois.reduce((total, roi) => total + roi.contours.length, 0),
      planes: sum(({ planes }) => planes),
      gaps: sum(({ gaps }) => gaps.length),
    };
  });
}

/** Voxels of each value of a label map other than 0. */
export function countValues(labels: Labels): Map<number, number> {
  const counts = new Uint32Array(65536);
  for (let at = 0; at < labels.length; at++)
    counts[labels[at] as number] = (counts[labels[at] as number] as number) + 1;
  const present = [...counts.entries()].filter(([value, count]) => value > 0 && count > 0);
  return new Map(present);
}

function nameOf({ entries }: LabelMap): (value: number) => string {
  return (value) => entries.find((entry) => entry.value === value)?.name ?? String(value);
}

function overlapping(overlaps: readonly RegionOverlap[]): PipelineError {
  const pairs = overlaps.map(({ lost, won, voxels }) => `"${lost}" and "${won}" share ${voxels} voxels`);
  return new PipelineError(
    'OverlappingRegions',
    `${pairs.join('; ')}; correct the contours, or set the policy for overlaps to "later-wins"`,
    { overlaps },
  );
}
