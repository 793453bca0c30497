import { PipelineError } from '../../contracts/errors.ts';
import type { LabelPolicies } from '../../contracts/label-policy.ts';
import { type VolumeGeometry, voxelCount, voxelVolumeMl } from '../geometry/volume-geometry.ts';
import {
  type AssignedEntry,
  type Assignment,
  assignRegions,
  numberRegions,
  type RegionReference,
  type SourceReference,
} from './assign-regions.ts';
import { gapWarnings } from './gap-warnings.ts';
import { emptyLabels, LabelCanvas, type Labels } from './label-canvas.ts';
import type { LabelLedger, RegionOverlap } from './label-ledger.ts';
import type { LabelMap } from './label-map.ts';
import type { LabelMapEntry } from './label-map-entry.ts';
import type { MaskTarget } from './mask-target.ts';
import type { MaskWarning } from './mask-warning.ts';
import type {
  DrawOptions,
  RegionDrawing,
  RegionProvenance,
  RegionSet,
  RegionSource,
} from './region-source.ts';

export type { Labels };

export interface BuildMaskInput {
  readonly target: MaskTarget;
  readonly regions: RegionSet;
  /** Absent: every region of the file gets a value, 1 to N in the file's order. */
  readonly labelMap?: LabelMap | undefined;
  readonly policies: LabelPolicies;
  /** Longest stretch between two contours that `gaps: interpolate` fills, in mm. */
  readonly interpolateUpToMm?: number | undefined;
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
  /** Volume the source states: area of the contours times the depth their planes stand for, or its own voxels. */
  readonly volumeMlContours: number;
  readonly contours: number;
  readonly planes: number;
  /** Runs of slices without a contour between slices with one. */
  readonly gaps: number;
}

/** One region of the file, as it was drawn. */
export interface MaskSource {
  readonly number: number;
  readonly name: string;
  /** Null when the label map leaves it out. */
  readonly value: number | null;
  /** Voxels it encloses, whether or not a later region took them. */
  readonly voxels: number;
  readonly provenance: RegionProvenance;
}

/** What is to be known about a mask. */
export interface MaskFindings {
  readonly geometry: VolumeGeometry;
  readonly regions: readonly MaskRegion[];
  /** Every region of the file, in its order. */
  readonly sources: readonly MaskSource[];
  readonly unmapped: readonly SourceReference[];
  readonly missing: readonly RegionReference[];
  /** `voxels` that `lost` enclosed and the later region `won`. */
  readonly overlaps: readonly RegionOverlap[];
  readonly warnings: readonly MaskWarning[];
}

export interface Mask extends MaskFindings {
  readonly labels: Labels;
}

const DEFAULT_INTERPOLATION_MM = 10;

/**
 * Draws the mapped regions of a file on an image grid.
 *
 * A voxel belongs to a region when its centre lies inside. Where regions overlap, the later label map entry wins.
 *
 * @param onRegion - called after each region that is drawn
 * @throws ReferencedSeriesMissing, ReferencedImageMissing, FrameOfReferenceMismatch, ContourOffPlane, ContourNotPlanar
 * @throws MalformedContour, UnmappedRegion (policy `unmapped: fail`), OverlappingRegions (policy `overlap: fail`)
 */
export function buildMask(input: BuildMaskInput, onRegion: () => void = () => {}): Mask {
  const plan = new MaskPlan(input);
  const { geometry } = input.target;
  const labels = emptyLabels(voxelCount(geometry), plan.values);
  const canvas = new LabelCanvas(labels, geometry.sizeIjk[0] * geometry.sizeIjk[1], plan.values);
  const drawn = plan.wanted.map((region, index) => {
    let voxels = 0;
    const drawing = region.draw(input.target, drawOptions(input), (k, runs) => {
      canvas.paint(plan.values[index] as number, k, runs);
      voxels += runs.voxels();
    });
    onRegion();
    return { drawing, voxels };
  });
  return { labels, ...plan.findings(drawn, canvas.ledger) };
}

/** What is drawn, in which order and with which values; for whoever draws and paints in another way than all at once. */
export class MaskPlan {
  readonly #input: BuildMaskInput;
  readonly #assignment: Assignment;
  readonly #setWarnings: readonly MaskWarning[];
  /** The mapped regions, in the order in which they are painted. */
  readonly wanted: readonly RegionSource[];
  /** Of each wanted region. */
  readonly values: readonly number[];

  /** @throws whatever is wrong with the set or the label map as a whole */
  constructor(input: BuildMaskInput) {
    const { target, regions: set, labelMap, policies } = input;
    this.#input = input;
    this.#assignment =
      labelMap === undefined
        ? numberRegions(set.regions)
        : assignRegions(set.regions, labelMap, policies.unmapped);
    const { assigned } = this.#assignment;
    this.wanted = assigned.flatMap(({ regions }) => regions);
    this.values = assigned.flatMap(({ entry, regions }) => regions.map(() => entry.value));
    this.#setWarnings = [...set.warnings, ...set.check(target, this.wanted)];
  }

  /**
   * @param drawn - of each wanted region. @param ledger - of all slices
   * @throws OverlappingRegions (policy `overlap: fail`)
   */
  findings(drawn: readonly RegionResult[], ledger: LabelLedger): MaskFindings {
    const { target, regions: set, labelMap, policies } = this.#input;
    const { assigned, unmapped, missing, warnings } = this.#assignment;
    const entries = drawnEntries(assigned, drawn);
    const nameOf = regionNames(labelMap?.entries ?? assigned.map(({ entry }) => entry));
    const overlaps = ledger.overlaps(nameOf);
    if (policies.overlap === 'fail' && overlaps.length > 0) throw overlapping(overlaps);
    return {
      geometry: target.geometry,
      regions: summarise(entries, ledger, target.geometry, nameOf),
      sources: describeSources(set.regions, entries),
      unmapped,
      missing,
      overlaps,
      warnings: [
        ...this.#setWarnings,
        ...warnings,
        ...entries.flatMap((entry) => entryWarnings(entry, policies.gaps)),
      ],
    };
  }
}

/** How far a policy lets gaps be filled; the same for a mask and for a region drawn by itself. */
export function drawOptions({
  policies,
  interpolateUpToMm = DEFAULT_INTERPOLATION_MM,
}: Pick<BuildMaskInput, 'policies' | 'interpolateUpToMm'>): DrawOptions {
  return { interpolateUpToMm: policies.gaps === 'interpolate' ? interpolateUpToMm : 0 };
}

/** One wanted region as it was drawn. */
export interface RegionResult {
  readonly drawing: RegionDrawing;
  /** Voxels that it encloses. */
  readonly voxels: number;
}

interface DrawnRegion extends RegionResult {
  readonly region: RegionSource;
}

interface DrawnEntry {
  readonly entry: LabelMapEntry;
  readonly drawn: readonly DrawnRegion[];
}

function drawnEntries(assigned: readonly AssignedEntry[], drawn: readonly RegionResult[]): DrawnEntry[] {
  let next = 0;
  return assigned.map(({ entry, regions }) => ({
    entry,
    drawn: regions.map((region) => ({ region, ...(drawn[next++] as RegionResult) })),
  }));
}

function summarise(
  entries: readonly DrawnEntry[],
  ledger: LabelLedger,
  geometry: VolumeGeometry,
  nameOf: (value: number) => string,
): MaskRegion[] {
  const values = [...new Set(entries.map(({ entry }) => entry.value))];
  return values.map((value) => {
    const drawn = entries.filter(({ entry }) => entry.value === value).flatMap((entry) => entry.drawn);
    const regions = drawn.map(({ region }) => region);
    const { voxels: voxelsDrawn, repeated, held } = ledger.account(value);
    const colour = regions.find((region) => region.colour !== undefined)?.colour;
    const sum = (of: (drawing: RegionDrawing) => number) =>
      drawn.reduce((total, { drawing }) => total + of(drawing), 0);
    return {
      name: nameOf(value),
      value,
      roiNumbers: regions.map(({ number }) => number),
      ...(colour === undefined ? {} : { colour }),
      voxels: held,
      voxelsDrawn,
      volumeMlVoxels: voxelsDrawn * voxelVolumeMl(geometry),
      // Regions of one value that overlap each other would otherwise count their common part twice.
      volumeMlContours: sum(({ volumeMm3 }) => volumeMm3) / 1000 - repeated * voxelVolumeMl(geometry),
      contours: regions.reduce((total, { parts }) => total + parts, 0),
      planes: sum(({ planes }) => planes),
      gaps: sum(({ gaps }) => gaps.length),
    };
  });
}

function describeSources(regions: readonly RegionSource[], entries: readonly DrawnEntry[]): MaskSource[] {
  const byRegion = new Map(
    entries.flatMap(({ entry, drawn }) =>
      drawn.map(({ region, voxels }) => [region, { value: entry.value, voxels }] as const),
    ),
  );
  return regions.map((region) => {
    const { number, name, provenance } = region;
    const { value = null, voxels = 0 } = byRegion.get(region) ?? {};
    return { number, name, value, voxels, provenance };
  });
}

/** A label map tells regions by its own names, so warnings of a synonym speak of the entry. */
function entryWarnings({ entry, drawn }: DrawnEntry, gaps: LabelPolicies['gaps']): MaskWarning[] {
  return [
    ...drawn.flatMap(({ drawing }) =>
      drawing.warnings.map((warning) => ({ ...warning, region: entry.name })),
    ),
    ...gapWarnings(
      entry.name,
      drawn.flatMap(({ drawing }) => drawing.gaps),
      gaps,
    ),
  ];
}

/** Voxels of each value of a label map other than 0. */
export function countValues(labels: Labels): Map<number, number> {
  const counts = new Uint32Array(65536);
  for (let at = 0; at < labels.length; at++)
    counts[labels[at] as number] = (counts[labels[at] as number] as number) + 1;
  const present = [...counts.entries()].filter(([value, count]) => value > 0 && count > 0);
  return new Map(present);
}

/** Name of the first entry with a value. */
function regionNames(entries: readonly LabelMapEntry[]): (value: number) => string {
  const names = new Map(entries.toReversed().map(({ name, value }) => [value, name]));
  return (value) => names.get(value) ?? String(value);
}

function overlapping(overlaps: readonly RegionOverlap[]): PipelineError {
  const pairs = overlaps.map(({ lost, won, voxels }) => `"${lost}" and "${won}" share ${voxels} voxels`);
  return new PipelineError(
    'OverlappingRegions',
    `${pairs.join('; ')}; correct the contours, or set the policy for overlaps to "later-wins"`,
    { overlaps },
  );
}
