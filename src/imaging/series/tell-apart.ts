import type { SliceHeader } from '../dicom/slice.ts';
import { extentOf } from './extent.ts';
import {
  ALWAYS_APART,
  APART_BY_RANK,
  APART_BY_VALUE,
  type PartKey,
  type ValueAttribute,
} from './part-attributes.ts';
import { compareKeys, compareLists, phasesByInstanceNumber, phasesByRank } from './phases.ts';
import { orderSlices } from './slice-order.ts';
import { gatherByPlace } from './slice-spacing.ts';
import type { VolumePart } from './volume-plan.ts';

/** The slices of one volume of a series, and what tells them from the others. */
export interface SeriesPart<S extends SliceHeader> {
  readonly slices: readonly S[];
  readonly parts: readonly VolumePart[];
  readonly warnings: readonly string[];
}

interface Split<S extends SliceHeader> {
  readonly kind: VolumePart['kind'];
  /** In the order of their index. */
  readonly groups: readonly { readonly label: string; readonly slices: readonly S[] }[];
  readonly warning?: string;
}

/**
 * Tells slices in one place apart: as components, stacks, echoes, b-values and phases, in this order, one within another.
 *
 * Slices that no attribute tells apart stay together, so that planning them finds two images in one place.
 *
 * @param slices of one orientation
 * @throws DegenerateOrientation
 */
export function tellApart<S extends SliceHeader>(slices: readonly S[]): SeriesPart<S>[] {
  const split = findSplit(slices);
  if (split === undefined) return [{ slices, parts: [], warnings: [] }];
  return split.groups.flatMap((group, at) => {
    const part = { kind: split.kind, index: at + 1, label: group.label };
    return tellApart(group.slices).map((inner) => ({
      slices: inner.slices,
      parts: [part, ...inner.parts],
      warnings: [...(split.warning === undefined ? [] : [split.warning]), ...inner.warnings],
    }));
  });
}

function findSplit<S extends SliceHeader>(slices: readonly S[]): Split<S> | undefined {
  for (const attribute of ALWAYS_APART) {
    const split = splitByValue(slices, attribute);
    if (split.groups.length > 1) return split;
  }
  const places = gatherByPlace(orderSlices(slices));
  const [, most] = extentOf(places.map((place) => place.length));
  if (most === 1) return undefined;
  for (const attribute of APART_BY_VALUE) {
    const split = splitByValue(slices, attribute);
    const differs = places.some((place) => new Set(place.map(attribute.read)).size > 1);
    // More values than images in one place: the attribute numbers slices, not volumes.
    if (differs && split.groups.length <= most) return split;
  }
  return splitByOrder(places);
}

function splitByValue<S extends SliceHeader>(
  slices: readonly S[],
  { kind, read, label }: ValueAttribute,
): Split<S> {
  const groups = new Map<PartKey, S[]>();
  for (const slice of slices) {
    const group = groups.get(read(slice));
    if (group === undefined) groups.set(read(slice), [slice]);
    else group.push(slice);
  }
  const sorted = [...groups].toSorted(([a], [b]) => compareKeys(a, b));
  return { kind, groups: sorted.map(([value, members]) => ({ label: label(value), slices: members })) };
}

function splitByOrder<S extends SliceHeader>(places: readonly (readonly S[])[]): Split<S> | undefined {
  for (const { name, read } of APART_BY_RANK) {
    const phases = phasesByRank(places, read, compareLists);
    if (phases !== undefined) return describePhases(phases, name);
  }
  const numbered = phasesByInstanceNumber(places);
  if (numbered === undefined) return undefined;
  const warning =
    'only InstanceNumber (0020,0013) tells the images in one place apart; phases are in its order, and may be echoes, ' +
    'diffusion directions or repetitions';
  return { ...describePhases(numbered, 'InstanceNumber (0020,0013)'), warning };
}

function describePhases<S extends SliceHeader>(phases: readonly (readonly S[])[], name: string): Split<S> {
  return {
    kind: 'phase',
    groups: phases.map((slices, at) => ({
      label: `phase ${at + 1} of ${phases.length} by ${name}`,
      slices,
    })),
  };
}
