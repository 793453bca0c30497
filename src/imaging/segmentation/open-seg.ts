import { PipelineError } from '../../contracts/errors.ts';
import { ByteSource, PIXEL_DATA_TAG } from '../dicom/data-elements.ts';
import { type DicomFile, openDicom } from '../dicom/data-set.ts';
import { readFileMeta } from '../dicom/file-meta.ts';
import { requireTransferSyntax } from '../dicom/transfer-syntax.ts';
import { type ByteRanges, memoryRanges } from './byte-ranges.ts';

/** A segmentation file: what comes before its pixels is in memory, uncompressed pixels stay where they are. */
export interface SegFile extends DicomFile {
  /** What offsets of elements refer to: the file, or what a deflated one inflates to. */
  readonly ranges: ByteRanges;
}

/** Holds the description of some thousand frames; doubled until it reaches the pixels. */
const FIRST_HEAD_BYTES = 1 << 20;

/**
 * Opens a DICOM file for random access. A deflated or compressed one, which is small, is read as a whole.
 *
 * @throws NotDicom, TruncatedDicom, MissingAttribute, UnsupportedTransferSyntax, DecompressionBomb
 */
export function openSeg(ranges: ByteRanges): SegFile {
  let head = readHead(ranges, FIRST_HEAD_BYTES);
  const { deflated, codec } = requireTransferSyntax(readFileMeta(new ByteSource(head)).transferSyntaxUid);
  if (deflated) {
    const file = openDicom(readHead(ranges, ranges.size));
    return { ...file, ranges: memoryRanges(file.dataSet.source.bytes) };
  }
  if (codec !== undefined) head = readHead(ranges, ranges.size);
  for (;;) {
    const file = openDicom(head);
    if (head.length === ranges.size || reachesPixels(file)) return { ...file, ranges };
    head = readHead(ranges, 2 * head.length);
  }
}

/** A copy, because the source may overwrite what it handed out. */
function readHead(ranges: ByteRanges, length: number): Uint8Array {
  return new Uint8Array(ranges.read(0, Math.min(length, ranges.size)));
}

function reachesPixels({ dataSet }: DicomFile): boolean {
  try {
    return dataSet.find(PIXEL_DATA_TAG) !== undefined;
  } catch (cause) {
    if (cause instanceof PipelineError && cause.code === 'TruncatedDicom') return false;
    throw cause;
  }
}
