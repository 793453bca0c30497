import { isIgnoredRegion, type LabelMap, matchRegion, type RegionMatch } from './label-map.ts';

/** What a label map makes of the regions of one file, before anything is drawn. */
export interface RegionMatches {
  readonly matched: readonly MatchedRegion[];
  /** Drawn, but the map has no entry. */
  readonly unmapped: readonly string[];
  /** Drawn, and left out on purpose. */
  readonly ignored: readonly string[];
  /** Named, but nothing is drawn of them. */
  readonly empty: readonly string[];
  /** Entries for which nothing is drawn, once per value. */
  readonly missing: readonly { readonly name: string; readonly value: number }[];
}

interface MatchedRegion {
  /** As the file spells it. */
  readonly name: string;
  readonly entry: string;
  readonly value: number;
  readonly via: RegionMatch['via'];
}

/** @param regions - names as in the file, and how much is drawn of each */
export function matchRegions(
  map: LabelMap,
  regions: readonly { readonly name: string; readonly parts: number }[],
): RegionMatches {
  const drawn = regions.filter(({ parts }) => parts > 0).map(({ name }) => name);
  const matched = drawn.flatMap((name) => {
    const match = matchRegion(map, name);
    return match === undefined
      ? []
      : [{ name, entry: match.entry.name, value: match.entry.value, via: match.via }];
  });
  const others = drawn.filter((name) => matchRegion(map, name) === undefined);
  const present = new Set(matched.map(({ value }) => value));
  const absent = new Map<number, string>();
  for (const { name, value } of map.entries) {
    if (!present.has(value) && !absent.has(value)) absent.set(value, name);
  }
  return {
    matched,
    unmapped: others.filter((name) => !isIgnoredRegion(map, name)),
    ignored: others.filter((name) => isIgnoredRegion(map, name)),
    empty: regions.filter(({ parts }) => parts === 0).map(({ name }) => name),
    missing: [...absent].map(([value, name]) => ({ name, value })),
  };
}
