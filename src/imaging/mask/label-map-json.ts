import type { LabelMapDraft, LabelMapEntry } from './label-map-entry.ts';
import { MAX_MASK_VALUE } from './mask-value.ts';

const TOP_LEVEL_KEYS = ['schemaVersion', 'regions', 'ignore', 'precedence'];
const REGION_KEYS = ['name', 'value', 'synonyms', 'fuse'];

/**
 * Reads the JSON superset of a label map:
 * `{"schemaVersion": 1, "regions": [{"name", "value", "synonyms"?, "fuse"?}], "ignore"?: [..], "precedence"?: [..]}`.
 *
 * `precedence` lists region names from the weakest to the strongest; without it the later region wins.
 */
export function parseJsonLabelMap(text: string): LabelMapDraft {
  const problems: string[] = [];
  const root = parseObject(text, problems);
  if (root === undefined) return { entries: [], ignore: [], problems };
  reportUnknownKeys(root, TOP_LEVEL_KEYS, 'the label map', problems);
  if (root.schemaVersion !== 1)
    problems.push(`schemaVersion ${String(root.schemaVersion)} is not known; allowed is 1`);
  const regions = Array.isArray(root.regions) ? root.regions : [];
  if (!Array.isArray(root.regions)) problems.push('"regions" is not a list');
  const entries = regions.flatMap((region, index) => parseRegion(region, `region ${index + 1}`, problems));
  const ignore = parseNames(root.ignore, '"ignore"', problems);
  const precedence = parseNames(root.precedence, '"precedence"', problems);
  return { entries: orderByPrecedence(entries, precedence, problems), ignore, problems };
}

function parseObject(text: string, problems: string[]): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    problems.push('it starts with "{" but is not valid JSON');
    return undefined;
  }
}

function parseRegion(region: unknown, place: string, problems: string[]): LabelMapEntry[] {
  if (typeof region !== 'object' || region === null) {
    problems.push(`${place} is not an object`);
    return [];
  }
  const { name, value, synonyms, fuse } = region as Record<string, unknown>;
  reportUnknownKeys(region, REGION_KEYS, place, problems);
  const entryName = typeof name === 'string' ? name.trim().normalize('NFC') : '';
  if (entryName === '') problems.push(`${place} has no name`);
  const maskValue = typeof value === 'number' ? value : Number.NaN;
  if (!Number.isInteger(maskValue) || maskValue < 1 || maskValue > MAX_MASK_VALUE) {
    problems.push(
      `${place}: value ${JSON.stringify(value)} is not a whole number between 1 and ${MAX_MASK_VALUE}`,
    );
  }
  return [
    {
      name: entryName,
      value: maskValue,
      synonyms: parseNames(synonyms, `${place} "synonyms"`, problems),
      fuse: parseNames(fuse, `${place} "fuse"`, problems),
    },
  ];
}

function parseNames(value: unknown, place: string, problems: string[]): string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((name) => typeof name === 'string' && name.trim() !== '')) {
    return value.map((name: string) => name.trim().normalize('NFC'));
  }
  problems.push(`${place} is not a list of names`);
  return [];
}

function orderByPrecedence(
  entries: LabelMapEntry[],
  names: readonly string[],
  problems: string[],
): LabelMapEntry[] {
  const rank = new Map(names.map((name, index) => [name, index]));
  const known = new Set(entries.map(({ name }) => name));
  for (const name of names) {
    if (!known.has(name)) problems.push(`"precedence" names "${name}", which is no region`);
  }
  const rankOf = ({ name }: LabelMapEntry) => rank.get(name) ?? -1;
  return entries.toSorted((a, b) => rankOf(a) - rankOf(b));
}

function reportUnknownKeys(
  object: object,
  known: readonly string[],
  place: string,
  problems: string[],
): void {
  for (const key of Object.keys(object)) {
    if (!known.includes(key)) problems.push(`${place} has an unknown member "${key}"`);
  }
}
