import { PipelineError } from '../../contracts/errors.ts';
import type { LabelPolicies } from '../../contracts/label-policy.ts';
import type { Roi, StructureSet } from '../contour/structure-set.ts';
import { isIgnoredRegion, type LabelMap, matchRegion } from './label-map.ts';
import type { LabelMapEntry } from './label-map-entry.ts';
import type { MaskWarning } from './mask-warning.ts';
import { foldRegionName } from './region-name.ts';

/** One entry of the label map with the ROIs it stands for, in the map's order. */
export interface AssignedEntry {
  readonly entry: LabelMapEntry;
  readonly rois: readonly Roi[];
}

export interface RoiReference {
  readonly number: number;
  readonly name: string;
}

export interface RegionReference {
  readonly name: string;
  readonly value: number;
}

export interface Assignment {
  readonly assigned: readonly AssignedEntry[];
  /** ROIs with contours that the map does not mention. */
  readonly unmapped: readonly RoiReference[];
  /** Regions of the map for which no ROI with contours exists. */
  readonly missing: readonly RegionReference[];
  readonly warnings: readonly MaskWarning[];
}

/**
 * Matches ROIs with label map entries by name.
 *
 * @throws UnmappedRegion under policy `unmapped: fail`
 */
export function assignRois(
  structureSet: StructureSet,
  map: LabelMap,
  unmappedPolicy: LabelPolicies['unmapped'],
): Assignment {
  const drawn = structureSet.rois.filter((roi) => roi.contours.length > 0);
  const matches = drawn.map((roi) => ({ roi, match: matchRegion(map, roi.name) }));
  const unmapped = matches
    .filter(({ roi, match }) => match === undefined && !isIgnoredRegion(map, roi.name))
    .map(({ roi: { number, name } }) => ({ number, name }));
  if (unmapped.length > 0 && unmappedPolicy === 'fail') throw unmappedRegion(unmapped, map);
  const assigned = map.entries
    .map((entry) => ({
      entry,
      rois: matches.filter(({ match }) => match?.entry === entry).map(({ roi }) => roi),
    }))
    .filter(({ rois }) => rois.length > 0);
  return {
    assigned,
    unmapped: unmappedPolicy === 'ignore' ? [] : unmapped,
    missing: findMissing(map, assigned),
    warnings: assigned.flatMap((entry) => mergeWarnings(entry, map)),
  };
}

/** A region is a mask value; it is there when any of the names that share the value is. */
function findMissing(map: LabelMap, assigned: readonly AssignedEntry[]): RegionReference[] {
  const present = new Set(assigned.map(({ entry }) => entry.value));
  const absent = map.entries.filter(({ value }) => !present.has(value));
  return [
    ...new Map(absent.toReversed().map(({ name, value }) => [value, { name, value }])).values(),
  ].reverse();
}

function mergeWarnings({ entry, rois }: AssignedEntry, map: LabelMap): MaskWarning[] {
  const parts = new Set(entry.fuse.map(foldRegionName));
  const whole = rois.filter(
    (roi) => !parts.has(foldRegionName(roi.name)) || matchRegion(map, roi.name)?.via !== 'fuse',
  );
  const repeated = rois.length - new Set(rois.map((roi) => foldRegionName(roi.name))).size;
  const roiNumbers = rois.map((roi) => roi.number).join(', ');
  if (repeated > 0) {
    return [
      {
        code: 'MergedRois',
        message: `several ROIs have the name of region "${entry.name}" (numbers ${roiNumbers}); they were joined`,
        region: entry.name,
        needsReview: true,
        details: { roiNumbers },
      },
    ];
  }
  if (whole.length < 2) return [];
  return [
    {
      code: 'AmbiguousSynonyms',
      message: `several spellings of region "${entry.name}" are drawn (ROI numbers ${roiNumbers}); they were joined`,
      region: entry.name,
      needsReview: true,
      details: { roiNumbers },
    },
  ];
}

function unmappedRegion(unmapped: readonly RoiReference[], map: LabelMap): PipelineError {
  const names = unmapped.map(({ name }) => `"${name}"`).join(', ');
  return new PipelineError(
    'UnmappedRegion',
    `the label map has no entry for ${names}; it knows ${map.entries.map(({ name }) => `"${name}"`).join(', ')}: ` +
      'add an entry, or set the policy for unmapped regions to "report"',
    { unmapped },
  );
}
