import { PipelineError } from '../../contracts/errors.ts';
import { openDicom, readString } from '../../imaging/dicom/data-set.ts';
import type { RegionSet } from '../../imaging/mask/region-source.ts';
import type { ByteRanges } from '../../imaging/segmentation/byte-ranges.ts';
import { openRanges } from './file-ranges.ts';

/** A file of regions of any kind; what it holds open is let go by `close`. */
export interface RegionFile {
  readonly set: RegionSet;
  close(): void;
}

export interface RegionFileOptions {
  /** Of a fractional segmentation, 0 to 1. */
  readonly fractionalThreshold?: number | undefined;
  /** Take the nearest voxel of a segmentation on another grid. */
  readonly resample?: boolean | undefined;
}

const SOP_CLASS_UID = { name: 'SOPClassUID', tag: 'x00080016' } as const;
const RT_STRUCTURE_SET = '1.2.840.10008.5.1.4.1.1.481.3';
/** Segmentation and Label Map Segmentation Storage. */
const SEGMENTATIONS = ['1.2.840.10008.5.1.4.1.1.66.4', '1.2.840.10008.5.1.4.1.1.66.7'];
const START_BYTES = 1024;
/** Larger files are segmentations, whose pixels stay where they are. */
const WHOLE_BYTES = 64 * 1024 * 1024;

/**
 * Opens an RTSTRUCT, an AIM 4 collection, a DICOM segmentation (all parts of it) or a NIfTI mask, by what is in it.
 *
 * @throws UnsupportedRoiType when it is none of these, and what the reader of its kind throws
 */
export async function openRegionFile(
  paths: readonly string[],
  options: RegionFileOptions = {},
): Promise<RegionFile> {
  const files = paths.map((path) => openRanges(path));
  const close = () => {
    for (const file of files) file.close();
  };
  try {
    return { set: await readRegions(paths, files, options), close };
  } catch (error) {
    close();
    throw error;
  }
}

async function readRegions(
  paths: readonly string[],
  files: readonly ByteRanges[],
  options: RegionFileOptions,
): Promise<RegionSet> {
  const [path] = paths as readonly [string];
  const [file] = files as readonly [ByteRanges];
  const kind = kindOf(file.read(0, Math.min(START_BYTES, file.size)));
  if (kind === 'dicom') return readDicom(files, options);
  requireOneFile(paths);
  if (kind === 'xml') {
    const { parseAim } = await import('../../imaging/contour/parse-aim.ts');
    const { contourRegions } = await import('../../imaging/mask/contour-regions.ts');
    return contourRegions(parseAim(file.read(0, file.size)));
  }
  const { openNifti } = await import('../../engine/arriving-nifti.ts');
  const { niftiRegions } = await import('../../imaging/mask/nifti-regions.ts');
  const { header, values, complete } = await openNifti(path);
  await complete;
  return niftiRegions({ geometry: header.geometry, values });
}

async function readDicom(files: readonly ByteRanges[], options: RegionFileOptions): Promise<RegionSet> {
  const { openSeg } = await import('../../imaging/segmentation/open-seg.ts');
  const [file] = files as readonly [ByteRanges];
  const { dataSet, transferSyntaxUid } = openOrRefuse(() =>
    file.size > WHOLE_BYTES ? openSeg(file) : openDicom(file.read(0, file.size)),
  );
  const sopClassUid = readString(dataSet, SOP_CLASS_UID) ?? 'that is not stated';
  if (SEGMENTATIONS.includes(sopClassUid)) {
    const { prepareCodecs } = await import('../../imaging/dicom/codecs/prepare-codecs.ts');
    const { parseSeg } = await import('../../imaging/segmentation/parse-seg.ts');
    await prepareCodecs([transferSyntaxUid]);
    return parseSeg(files, options);
  }
  if (sopClassUid !== RT_STRUCTURE_SET) throw unsupported(`a DICOM object of SOP class ${sopClassUid}`);
  requireOneFile(files);
  const { parseRtstruct } = await import('../../imaging/contour/parse-rtstruct.ts');
  const { contourRegions } = await import('../../imaging/mask/contour-regions.ts');
  return contourRegions(parseRtstruct(file.read(0, file.size)));
}

/** By the first bytes; whatever is neither XML nor NIfTI is tried as DICOM, which may lack its prefix. */
function kindOf(start: Uint8Array): 'xml' | 'nifti' | 'dicom' {
  const [first, second] = start;
  if (first === 0x1f && second === 0x8b) return 'nifti';
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const headerBytes = start.length < 4 ? [] : [view.getInt32(0, true), view.getInt32(0, false)];
  if (headerBytes.includes(348) || headerBytes.includes(540)) return 'nifti';
  const text = new TextDecoder('latin1').decode(start).replaceAll('\0', '');
  return /^(?:\u00ef\u00bb\u00bf|\u00ff\u00fe|\u00fe\u00ff)?\s*</u.test(text) ? 'xml' : 'dicom';
}

function openOrRefuse<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'NotDicom') throw unsupported('something else');
    throw error;
  }
}

function requireOneFile(files: readonly unknown[]): void {
  if (files.length === 1) return;
  throw unsupported(`given as ${files.length} files, which only the parts of one segmentation can be`);
}

function unsupported(what: string): PipelineError {
  return new PipelineError(
    'UnsupportedRoiType',
    `the file of regions is ${what}; an RTSTRUCT, an AIM 4 collection, a DICOM segmentation or a NIfTI mask is needed`,
  );
}
