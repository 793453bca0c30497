import { PipelineError } from '../../contracts/errors.ts';
import { ByteSource, DataSet } from '../../imaging/dicom/data-elements.ts';
import { hasAttribute, openDicom, readString } from '../../imaging/dicom/data-set.ts';
import { readFileMeta } from '../../imaging/dicom/file-meta.ts';
import { IMAGE } from '../../imaging/dicom/image-attributes.ts';
import { parseSlices } from '../../imaging/dicom/parse-slice.ts';
import type { Slice } from '../../imaging/dicom/slice.ts';

/** What one file of a folder is to a converter of images. */
export type ImageFile =
  | { readonly kind: 'image'; readonly seriesUid: string; readonly slices: readonly Slice[] }
  /** An image that cannot be read or is of no use. Without a series UID nobody knows what it was part of. */
  | { readonly kind: 'refused'; readonly seriesUid: string; readonly error: PipelineError }
  | { readonly kind: 'refused'; readonly seriesUid: undefined; readonly error: PipelineError }
  /** A DICOM object without an image of its own: contours, segmentations, doses, reports. */
  | { readonly kind: 'object' }
  | { readonly kind: 'not-dicom' };

/** Modalities (0008,0060) of objects that are no images of a series, though some have rows and columns. */
const NO_SERIES = ['SEG', 'RTDOSE', 'RTSTRUCT', 'RTPLAN', 'SR', 'PR', 'KO', 'REG'];

/** Reads a file's slices, their pixels left where they are; refusals are told, not thrown. */
export function readImageFile(bytes: Uint8Array): ImageFile {
  try {
    const slices = parseSlices(bytes);
    return { kind: 'image', seriesUid: slices[0]?.seriesUid ?? '', slices };
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    return error.code === 'NotDicom' ? { kind: 'not-dicom' } : explain(bytes, error);
  }
}

/** SeriesInstanceUID (0020,000E) of any DICOM file; undefined where it cannot be found. */
function seriesUidOf(bytes: Uint8Array): string | undefined {
  return attempt(() => readString(openAny(bytes), IMAGE.seriesUid));
}

function explain(bytes: Uint8Array, error: PipelineError): ImageFile {
  const dataSet = attempt(() => openAny(bytes));
  const modality = dataSet && attempt(() => readString(dataSet, IMAGE.modality));
  const rows = dataSet && attempt(() => hasAttribute(dataSet, IMAGE.rows));
  // Of a file that ends early nobody knows whether it had rows.
  const hasNone = rows === false && error.code !== 'TruncatedDicom';
  if (hasNone || NO_SERIES.includes(modality ?? '')) return { kind: 'object' };
  return { kind: 'refused', seriesUid: seriesUidOf(bytes), error };
}

/** Also in a transfer syntax that cannot be read: all of those describe their pixels in explicit little endian. */
function openAny(bytes: Uint8Array): DataSet {
  try {
    return openDicom(bytes).dataSet;
  } catch (error) {
    if (!(error instanceof PipelineError) || error.code !== 'UnsupportedTransferSyntax') throw error;
    const source = new ByteSource(bytes);
    const { dataSetStart } = readFileMeta(source);
    const encoding = { explicitVr: true, littleEndian: true };
    return new DataSet(source, dataSetStart, source.view.byteLength, encoding);
  }
}

/** Damage beyond the place that is looked at is told elsewhere. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof PipelineError) return undefined;
    throw error;
  }
}
