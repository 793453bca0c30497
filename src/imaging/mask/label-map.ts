import { canonicalJson } from '../../contracts/canonical-json.ts';
import type { RegionClass } from '../../contracts/dataset.ts';
import { PipelineError } from '../../contracts/errors.ts';
import type { LabelMapDraft, LabelMapEntry } from './label-map-entry.ts';
import { parseJsonLabelMap } from './label-map-json.ts';
import { parseTextLabelMap } from './label-map-text.ts';
import { foldRegionName } from './region-name.ts';

export interface LabelMap {
  readonly schemaVersion: 1;
  readonly entries: readonly LabelMapEntry[];
  /** ROI names that are left out knowingly and not reported. */
  readonly ignore: readonly string[];
  /** What every name of the map means, by its folded form. */
  readonly names: ReadonlyMap<string, RegionMatch | 'ignored'>;
}

/** How an ROI name was found in the map. */
export interface RegionMatch {
  readonly entry: LabelMapEntry;
  readonly via: 'name' | 'synonym' | 'fuse';
}

const MAX_LABEL_MAP_BYTES = 1_048_576;
/** Synonyms, parts and ignored names included; anatomy has fewer. */
const MAX_NAMES = 16_384;

/**
 * Reads a label map: `region2MaskValueMap.txt` (`Liver=10`, one a line), or its JSON superset.
 *
 * Text is UTF-8 with or without byte order mark. A line splits at its last `=`; `#` starts a comment line.
 *
 * @throws MalformedLabelMap with every bad line in `details.problems`
 */
export function parseLabelMap(source: string | Uint8Array): LabelMap {
  const text = decodeSource(source);
  const draft = text.trimStart().startsWith('{') ? parseJsonLabelMap(text) : parseTextLabelMap(text);
  const problems = [...tooManyNames(draft), ...draft.problems, ...nameClashes(draft)];
  if (draft.entries.length === 0 && problems.length === 0) problems.push('it names no region');
  if (problems.length > 0) throw malformed(problems);
  return { schemaVersion: 1, entries: draft.entries, ignore: draft.ignore, names: indexNames(draft) };
}

/** Entry for an ROI of this name, or undefined when the map has none. */
export function matchRegion(map: LabelMap, roiName: string): RegionMatch | undefined {
  const match = map.names.get(foldRegionName(roiName));
  return match === 'ignored' ? undefined : match;
}

/** Whether the map says to leave an ROI of this name out. */
export function isIgnoredRegion(map: LabelMap, roiName: string): boolean {
  return map.names.get(foldRegionName(roiName)) === 'ignored';
}

/** Contiguous class indices from 1 in ascending mask value; entries of one value are one class, named by the first. */
export function classTable(map: LabelMap): RegionClass[] {
  const nameOf = new Map<number, string>();
  for (const { name, value } of map.entries) if (!nameOf.has(value)) nameOf.set(value, name);
  return [...nameOf]
    .sort(([a], [b]) => a - b)
    .map(([maskValue, name], position) => ({ index: position + 1, maskValue, name }));
}

/** Text that is equal for maps that act alike, whatever file they came from; its digest identifies the map. */
export function labelMapDigestInput(map: LabelMap): string {
  const sorted = (names: readonly string[]) => names.map(foldRegionName).sort();
  return canonicalJson({
    schemaVersion: map.schemaVersion,
    entries: map.entries.map(({ name, value, synonyms, fuse }) => ({
      name: name.normalize('NFC'),
      value,
      synonyms: sorted(synonyms),
      fuse: sorted(fuse),
    })),
    ignore: sorted(map.ignore),
  });
}

function decodeSource(source: string | Uint8Array): string {
  if (source.length > MAX_LABEL_MAP_BYTES)
    throw malformed([`it is larger than ${MAX_LABEL_MAP_BYTES} bytes`]);
  if (typeof source === 'string') return source.replace(/^\uFEFF/u, '');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(source);
  } catch {
    throw malformed(['it is not UTF-8 text; save it as UTF-8']);
  }
}

/** No name comes twice: the map would have been refused. */
function indexNames({ entries, ignore }: LabelMapDraft): LabelMap['names'] {
  const ignored = ignore.map((name) => [foldRegionName(name), 'ignored'] as const);
  const meant = entries.flatMap((entry) => {
    const match = (via: RegionMatch['via']) => (name: string) =>
      [foldRegionName(name), { entry, via }] as const;
    return [
      match('name')(entry.name),
      ...entry.synonyms.map(match('synonym')),
      ...entry.fuse.map(match('fuse')),
    ];
  });
  return new Map<string, RegionMatch | 'ignored'>([...ignored, ...meant]);
}

function tooManyNames({ entries, ignore }: LabelMapDraft): string[] {
  const names = entries.reduce(
    (sum, { synonyms, fuse }) => sum + 1 + synonyms.length + fuse.length,
    ignore.length,
  );
  if (names <= MAX_NAMES) return [];
  return [`it has ${names} names, at most ${MAX_NAMES} are allowed; leave out what is not to be drawn`];
}

/** Two names that compare equal leave it open which value is meant. */
function nameClashes({ entries, ignore }: LabelMapDraft): string[] {
  const seen = new Map<string, string>();
  const names = [...entries.flatMap(({ name, synonyms, fuse }) => [name, ...synonyms, ...fuse]), ...ignore];
  return names.flatMap((name) => {
    const folded = foldRegionName(name);
    const earlier = seen.get(folded);
    seen.set(folded, earlier ?? name);
    return earlier === undefined
      ? []
      : [`"${name}" and "${earlier}" are the same name once case and spaces are ignored`];
  });
}

function malformed(problems: readonly string[]): PipelineError {
  return new PipelineError(
    'MalformedLabelMap',
    `the label map has ${problems.length} problem(s): ${problems.slice(0, 5).join('; ')}; ` +
      'write one "name=value" a line with a value of 1 to 65535',
    { problems },
  );
}
