import { PipelineError } from '../../contracts/errors.ts';
import type { LabelPolicies } from '../../contracts/label-policy.ts';
import { type VolumeGeometry, voxelVolumeMl } from '../geometry/volume-geometry.ts';
import type { AssignedEntry, Assignment, RegionReference, SourceReference } from './assign-regions.ts';
import { gapWarnings } from './gap-warnings.ts';
import type { LabelLedger, RegionOverlap } from './label-ledger.ts';
import type { LabelMapEntry } from './label-map-entry.ts';
import type { BuildMaskInput } from './mask-input.ts';
import type { MaskWarning } from './mask-warning.ts';
import type { RegionDrawing, RegionProvenance, RegionSource } from './region-source.ts';

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

/** One wanted region as it was drawn. */
export interface RegionResult {
  readonly drawing: RegionDrawing;
  /** Voxels that it encloses. */
  readonly voxels: number;
}

/** A mask of which every slice was painted. */
interface PaintedMask {
  /** Of each wanted region, in the order of the assignment. */
  readonly drawn: readonly RegionResult[];
  readonly ledger: LabelLedger;
  /** Of the set as a whole. */
  readonly warnings: readonly MaskWarning[];
}

/** @throws OverlappingRegions (policy `overlap: fail`) */
export function maskFindings(
  { target: { geometry }, regions: set, labelMap, policies }: BuildMaskInput,
  { assigned, unmapped, missing, warnings }: Assignment,
  painted: PaintedMask,
): MaskFindings {
  const entries = drawnEntries(assigned, painted.drawn);
  const nameOf = regionNames(labelMap?.entries ?? assigned.map(({ entry }) => entry));
  const overlaps = painted.ledger.overlaps(nameOf);
  if (policies.overlap === 'fail' && overlaps.length > 0) throw overlapping(overlaps);
  return {
    geometry,
    regions: summarise(entries, painted.ledger, geometry, nameOf),
    sources: describeSources(set.regions, entries),
    unmapped,
    missing,
    overlaps,
    warnings: [
      ...painted.warnings,
      ...warnings,
      ...entries.flatMap((entry) => entryWarnings(entry, policies.gaps)),
    ],
  };
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
  return [...Map.groupBy(entries, ({ entry }) => entry.value)].map(([value, sharing]) => {
    const drawn = sharing.flatMap((entry) => entry.drawn);
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
