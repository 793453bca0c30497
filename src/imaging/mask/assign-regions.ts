import { PipelineError } from '../../contracts/errors.ts';
import type { LabelPolicies } from '../../contracts/label-policy.ts';
import { isIgnoredRegion, type LabelMap, matchRegion } from './label-map.ts';
import type { LabelMapEntry } from './label-map-entry.ts';
import { MAX_MASK_VALUE } from './mask-value.ts';
import type { MaskWarning } from './mask-warning.ts';
import { foldRegionName } from './region-name.ts';
import type { RegionSource } from './region-source.ts';

/** One entry of the label map with the regions it stands for, in the map's order. */
export interface AssignedEntry {
  readonly entry: LabelMapEntry;
  readonly regions: readonly RegionSource[];
}

export interface SourceReference {
  readonly number: number;
  readonly name: string;
}

export interface RegionReference {
  readonly name: string;
  readonly value: number;
}

export interface Assignment {
  readonly assigned: readonly AssignedEntry[];
  /** Drawn regions that the map does not mention. */
  readonly unmapped: readonly SourceReference[];
  /** Regions of the map that nobody drew. */
  readonly missing: readonly RegionReference[];
  readonly warnings: readonly MaskWarning[];
}

/** Gives regions the values 1 to N in the order of their file, drawn or not. */
export function numberRegions(regions: readonly RegionSource[]): Assignment {
  if (regions.length > MAX_MASK_VALUE) {
    throw new PipelineError(
      'ValueOutOfRange',
      `the file holds ${regions.length} regions, a label map at most ${MAX_MASK_VALUE}; select regions with a label map`,
      { regions: regions.length, allowed: MAX_MASK_VALUE },
    );
  }
  const assigned = regions.map((region, index) => ({
    entry: { name: region.name, value: index + 1, synonyms: [], fuse: [] },
    regions: [region],
  }));
  const empty = regions.filter(({ parts }) => parts === 0);
  return { assigned, unmapped: [], missing: [], warnings: empty.map(emptyRegion) };
}

/**
 * Matches regions with label map entries by name.
 *
 * @throws UnmappedRegion under policy `unmapped: fail`
 */
export function assignRegions(
  regions: readonly RegionSource[],
  map: LabelMap,
  unmappedPolicy: LabelPolicies['unmapped'],
): Assignment {
  const drawn = regions.filter(({ parts }) => parts > 0);
  const matches = drawn.map((region) => ({ region, match: matchRegion(map, region.name) }));
  const unmapped = matches
    .filter(({ region, match }) => match === undefined && !isIgnoredRegion(map, region.name))
    .map(({ region: { number, name } }) => ({ number, name }));
  if (unmapped.length > 0 && unmappedPolicy === 'fail') throw unmappedRegion(unmapped, map);
  const regionsOf = new Map<LabelMapEntry, RegionSource[]>();
  for (const { region, match } of matches) {
    if (match === undefined) continue;
    const known = regionsOf.get(match.entry);
    if (known === undefined) regionsOf.set(match.entry, [region]);
    else known.push(region);
  }
  const assigned = map.entries.flatMap((entry) => {
    const found = regionsOf.get(entry);
    return found === undefined ? [] : [{ entry, regions: found }];
  });
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

function mergeWarnings({ entry, regions }: AssignedEntry, map: LabelMap): MaskWarning[] {
  const parts = new Set(entry.fuse.map(foldRegionName));
  const whole = regions.filter(
    ({ name }) => !parts.has(foldRegionName(name)) || matchRegion(map, name)?.via !== 'fuse',
  );
  const repeated = regions.length - new Set(regions.map(({ name }) => foldRegionName(name))).size;
  const roiNumbers = regions.map(({ number }) => number).join(', ');
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

function emptyRegion({ number, name }: RegionSource): MaskWarning {
  return {
    code: 'EmptyRegion',
    message: `region "${name}" (number ${number}) is named but nothing is drawn of it`,
    region: name,
    needsReview: false,
    details: { number },
  };
}

function unmappedRegion(unmapped: readonly SourceReference[], map: LabelMap): PipelineError {
  const names = unmapped.map(({ name }) => `"${name}"`).join(', ');
  return new PipelineError(
    'UnmappedRegion',
    `the label map has no entry for ${names}; it knows ${map.entries.map(({ name }) => `"${name}"`).join(', ')}: ` +
      'add an entry, or set the policy for unmapped regions to "report"',
    { unmapped },
  );
}
