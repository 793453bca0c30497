import type { SliceHeader } from '../dicom/slice.ts';
import { extentOf } from './extent.ts';
import type { PartKey } from './part-attributes.ts';

/**
 * The n-th slice of every place, in the order of a value that each slice has for itself, as phase n.
 *
 * Undefined unless every place has as many slices, and every slice a value unlike that of the others in its place.
 */
export function phasesByRank<S extends SliceHeader, V>(
  places: readonly (readonly S[])[],
  read: (slice: S) => V | undefined,
  compare: (a: V, b: V) => number,
): S[][] | undefined {
  const count = places[0]?.length ?? 0;
  if (places.some((place) => place.length !== count)) return undefined;
  const ranked: S[][] = [];
  for (const place of places) {
    const values = place.map((slice) => ({ slice, value: read(slice) }));
    const stated = values.filter((entry): entry is { slice: S; value: V & {} } => entry.value !== undefined);
    const sorted = stated.toSorted((a, b) => compare(a.value, b.value));
    const tied = sorted.some(
      ({ value }, at) => at > 0 && compare((sorted[at - 1] as { value: V }).value, value) === 0,
    );
    if (tied || sorted.length < count) return undefined;
    ranked.push(sorted.map(({ slice }) => slice));
  }
  return Array.from({ length: count }, (_, phase) => ranked.map((place) => place[phase] as S));
}

/**
 * Phases by InstanceNumber alone, for files that state nothing else.
 *
 * Only where the numbers run phase after phase or place after place, over two places or more: anything less regular could
 * as well be a slice sent twice.
 */
export function phasesByInstanceNumber<S extends SliceHeader>(
  places: readonly (readonly S[])[],
): S[][] | undefined {
  const number = (slice: S) => slice.acquisition.instanceNumber;
  const phases = places.length < 2 ? undefined : phasesByRank(places, number, (a, b) => a - b);
  if (phases === undefined) return undefined;
  const numbers = (group: readonly S[]) => group.map((slice) => number(slice) as number);
  const regular = followEachOther(phases.map(numbers)) || followEachOther(places.map(numbers));
  return regular ? phases : undefined;
}

/** The ranges of the groups do not overlap. */
function followEachOther(groups: readonly (readonly number[])[]): boolean {
  const ranges = groups.map(extentOf);
  const sorted = ranges.toSorted((a, b) => a[0] - b[0]);
  return sorted.every(([low], at) => at === 0 || (sorted[at - 1]?.[1] ?? 0) < low);
}

/** Numbers ascending, then text, then what is not stated. */
export function compareKeys(a: PartKey, b: PartKey): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? 1 : -1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a) < String(b) ? -1 : 1;
}

export function compareLists(a: readonly PartKey[], b: readonly PartKey[]): number {
  const differing = a.findIndex((value, at) => compareKeys(value, b[at]) !== 0);
  return differing < 0 ? 0 : compareKeys(a[differing], b[differing]);
}
