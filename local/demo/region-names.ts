import { parseTextLabelMap } from '../../src/imaging/mask/label-map-text.ts';
import { foldRegionName } from '../../src/imaging/mask/region-name.ts';

/** What neither a line of a label map nor the list of a starter bundle's classes can hold. */
const UNUSABLE = /,|^#/u;

/** Every ROI name that occurs, in order of how often: 10, 20, 30, ... as XNAT ML numbers its examples. */
export function labelMapOfNames(sets: readonly (readonly string[])[]): {
  readonly labelMap: string;
  readonly notices: readonly string[];
} {
  const counts = new Map<string, { name: string; count: number }>();
  for (const name of sets.flat()) {
    const folded = foldRegionName(name);
    const known = counts.get(folded) ?? {
      name: name.normalize('NFC').trim().replace(/\s+/gu, ' '),
      count: 0,
    };
    counts.set(folded, { ...known, count: known.count + 1 });
  }
  const ordered = [...counts.values()].sort((a, b) => b.count - a.count || a.name.localeCompare(b.name));
  const usable = ordered.filter(({ name }) => !UNUSABLE.test(name));
  const left = ordered.length - usable.length;
  return {
    labelMap: usable.map(({ name }, at) => `${name}=${10 * (at + 1)}\n`).join(''),
    notices:
      left === 0
        ? []
        : [
            `${left} region(s) are left out, having a comma or a leading "#" in the name; map them with --label-map`,
          ],
  };
}

/** `name=value` of the first name of each mask value, which is what a model's classes are called. */
export function classesOf(labelMap: string): string {
  const byValue = new Map<number, string>();
  for (const { name, value } of parseTextLabelMap(labelMap.replace(/^\ufeff/u, '')).entries) {
    if (!byValue.has(value)) byValue.set(value, name.replace(/,\s*/gu, ' '));
  }
  return [...byValue].map(([value, name]) => `${name}=${value}`).join(',');
}
