import { type UnzipFileInfo, unzipSync } from 'fflate';
import { PipelineError } from '../contracts/errors.ts';

export const BUNDLE_LIMITS = {
  entries: 2_000,
  /** Of the zip itself and of any file in it, in bytes. */
  fileBytes: 512 * 1024 * 1024,
  totalBytes: 1024 * 1024 * 1024,
  configBytes: 4 * 1024 * 1024,
} as const;

/** Files that are read; everything else in a bundle is listed, bounded and left alone. */
const WANTED = [
  'configs/metadata.json',
  'configs/inference.json',
  'configs/train.json',
  'configs/region2MaskValueMap.txt',
  'models/model.pt',
] as const;
export type BundleFile = (typeof WANTED)[number];

export type BundleFiles = ReadonlyMap<BundleFile, Uint8Array>;

/**
 * Reads the files of a MONAI bundle zip that Contourflow uses. A folder around everything is taken off.
 *
 * Sizes come from the zip's own directory and are checked before anything is inflated; nothing is written to disk.
 *
 * @throws InvalidModel for what is not a bundle zip or is too big; UnsafeModel for names that leave the folder
 *   or come twice (two readers would see two different files).
 */
export function readBundleZip(zip: Uint8Array): BundleFiles {
  const entries = listEntries(zip);
  const root = commonFolder(entries.map(({ name }) => name));
  const wantedNames = new Map(WANTED.map((file) => [`${root}${file}`, file]));
  const inflated = inflate(zip, (entry) => wantedNames.has(entry.name));
  const files = new Map<BundleFile, Uint8Array>();
  for (const [name, bytes] of Object.entries(inflated)) {
    const file = wantedNames.get(name);
    if (file) files.set(file, bytes);
  }
  for (const required of ['configs/metadata.json', 'models/model.pt'] as const) {
    if (!files.has(required)) {
      throw invalid(
        `the bundle has no ${required}; a MONAI bundle needs configs/metadata.json and models/model.pt`,
      );
    }
  }
  return files;
}

/** Names and sizes of a zip's entries, checked for count, size, doubles and names that climb out. */
export function listEntries(zip: Uint8Array): UnzipFileInfo[] {
  if (zip.length > BUNDLE_LIMITS.fileBytes) {
    throw invalid(`the file has ${zip.length} bytes; at most ${BUNDLE_LIMITS.fileBytes} are accepted`);
  }
  const entries: UnzipFileInfo[] = [];
  inflate(zip, (entry) => {
    entries.push(entry);
    if (entries.length > BUNDLE_LIMITS.entries) {
      throw invalid(
        `the zip has more than ${BUNDLE_LIMITS.entries} entries; remove what is not part of the bundle`,
      );
    }
    return false;
  });
  requireSafeNames(entries.map(({ name }) => name));
  requireBoundedSizes(entries);
  return entries;
}

function inflate(zip: Uint8Array, filter: (entry: UnzipFileInfo) => boolean): Record<string, Uint8Array> {
  try {
    return unzipSync(zip, { filter });
  } catch (cause) {
    if (cause instanceof PipelineError) throw cause;
    throw new PipelineError(
      'InvalidModel',
      'the file is not a readable zip; upload the bundle again',
      {},
      { cause },
    );
  }
}

function requireSafeNames(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    const climbs = name.startsWith('/') || name.includes('\\') || /^[A-Za-z]:/.test(name);
    if (climbs || name.split('/').includes('..') || name.includes('\0')) {
      throw unsafe(
        `the zip has an entry whose name leaves its folder (${JSON.stringify(name.slice(0, 80))})`,
      );
    }
    if (seen.has(name)) {
      throw unsafe(`the zip has two entries named ${JSON.stringify(name.slice(0, 80))}`);
    }
    seen.add(name);
  }
}

function requireBoundedSizes(entries: readonly UnzipFileInfo[]): void {
  let total = 0;
  for (const { name, originalSize } of entries) {
    const isText = /\.(json|txt)$/.test(name) && name.includes('configs/');
    const limit = isText ? BUNDLE_LIMITS.configBytes : BUNDLE_LIMITS.fileBytes;
    total += originalSize;
    if (originalSize > limit || total > BUNDLE_LIMITS.totalBytes) {
      throw invalid(
        `${JSON.stringify(name.slice(0, 80))} is too big once unpacked (${originalSize} bytes, ` +
          `at most ${limit}, ${BUNDLE_LIMITS.totalBytes} altogether); remove what is not part of the bundle`,
      );
    }
  }
}

/** `spleen/` when every entry lies below `spleen/`, else nothing. */
function commonFolder(names: readonly string[]): string {
  const isBundleRoot = names.some((name) => name === 'configs/metadata.json');
  const first = names[0]?.split('/')[0];
  const folder = `${first}/`;
  return !isBundleRoot && first && names.every((name) => name.startsWith(folder)) ? folder : '';
}

function invalid(message: string): PipelineError {
  return new PipelineError('InvalidModel', message);
}

function unsafe(message: string): PipelineError {
  return new PipelineError('UnsafeModel', `${message}; such a file is not installed`);
}
