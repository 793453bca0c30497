import type { LabelMapDraft, LabelMapEntry } from './label-map-entry.ts';
import { MAX_MASK_VALUE } from './mask-value.ts';

/** Reads `name=value` lines, the format of XNAT ML's region2MaskValueMap.txt; complains by line number. */
export function parseTextLabelMap(text: string): LabelMapDraft {
  const entries: LabelMapEntry[] = [];
  const problems: string[] = [];
  text.split(/\r\n|\n|\r/u).forEach((line, index) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return;
    const parsed = parseLine(trimmed);
    if (typeof parsed === 'string') problems.push(`line ${index + 1}: ${parsed}`);
    else entries.push(parsed);
  });
  return { entries, ignore: [], problems };
}

function parseLine(line: string): LabelMapEntry | string {
  const split = line.lastIndexOf('=');
  if (split < 0) return 'it has no "="';
  const name = line.slice(0, split).trim().normalize('NFC');
  const text = line.slice(split + 1).trim();
  if (name === '') return 'the name before "=" is empty';
  if (!/^[0-9]{1,9}$/.test(text)) return `"${text}" is not a whole number`;
  const value = Number(text);
  if (value < 1 || value > MAX_MASK_VALUE) return `value ${value} is not between 1 and ${MAX_MASK_VALUE}`;
  return { name, value, synonyms: [], fuse: [] };
}
