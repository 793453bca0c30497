import { type UnzipFileInfo, unzipSync } from 'fflate';
import { PipelineError } from '../contracts/errors.ts';

const MIB = 1024 * 1024;

/**
 * What the functions that take a bundle can hold (their memory and time: infra/stage-settings.ts).
 *
 * serve-api has 1,536 MiB and 29 s. With zip and weights at their limit of 256 MiB each, its peak is the storing of the
 * weights: zip (256) + weights (256) + their copy on the way to S3 (256) + the parts of the zip's download, where they are
 * not collected yet (256) + Node with its code (some 200): 1,224 MiB. Unpacking needs less: zip, weights, four
 * configurations (16) and the pickle of the weights (64). promote-model has 2,048 MiB for a checkpoint in float32 of a
 * model whose weights came in half precision: 512, three times by the same count, and Node: 1,736 MiB.
 */
export const BUNDLE_LIMITS = {
  entries: 2_000,
  /** Of the zip itself and of any file in it, in bytes. */
  fileBytes: 256 * MIB,
  /** Of all files together once unpacked, those that are not read included. */
  totalBytes: 320 * MIB,
  configBytes: 4 * MIB,
} as const;

/** Files that are read; everything else in a bundle is listed, bounded and left alone. */
const WANTED = [
  'configs/metadata.json',
  'configs/inference.json',
  'configs/train.json',
  'configs/region2MaskValueMap.txt',
  'models/model.pt',
] as const;
const SMALLER =
  'keep configs/ and models/model.pt only (no TorchScript, optimizer state or sample data), and save the weights in half ' +
  'precision if they are still too big';

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
  requireBoundedZip(zip.length);
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

/** @throws InvalidModel for a zip of more bytes than are accepted, with what to do; for use before it is read. */
export function requireBoundedZip(bytes: number): void {
  if (bytes <= BUNDLE_LIMITS.fileBytes) return;
  throw new PipelineError(
    'InvalidModel',
    `the zip has ${bytes} bytes; at most ${mib(BUNDLE_LIMITS.fileBytes)} are accepted: ${SMALLER}`,
    { bytes, limitBytes: BUNDLE_LIMITS.fileBytes },
  );
}

function requireBoundedSizes(entries: readonly UnzipFileInfo[]): void {
  let total = 0;
  for (const entry of entries) {
    const name = JSON.stringify(entry.name.slice(0, 80));
    const isText = /\.(json|txt)$/.test(entry.name) && entry.name.includes('configs/');
    const limit = isText ? BUNDLE_LIMITS.configBytes : BUNDLE_LIMITS.fileBytes;
    const bytes = unpackedBytes(entry);
    total += bytes;
    if (bytes > limit) {
      throw invalid(
        `${name} is too big once unpacked (${bytes} bytes, at most ${mib(limit)} are accepted): ${SMALLER}`,
      );
    }
    if (total > BUNDLE_LIMITS.totalBytes) {
      throw invalid(
        `the zip is too big once unpacked (${total} bytes up to ${name}, at most ${mib(BUNDLE_LIMITS.totalBytes)} ` +
          `are accepted altogether): ${SMALLER}`,
      );
    }
  }
}

/** A stored entry is copied by its size in the zip, whatever size it says it has. */
function unpackedBytes({ compression, size, originalSize }: UnzipFileInfo): number {
  return compression === 0 ? Math.max(size, originalSize) : originalSize;
}

function mib(bytes: number): string {
  return `${bytes / MIB} MiB`;
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
