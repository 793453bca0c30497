import { PipelineError } from '../contracts/errors.ts';
import {
  type Attribute,
  hasAttribute,
  openDicom,
  readString,
  readUint16,
  requireString,
} from '../imaging/dicom/data-set.ts';

const SERIES_UID: Attribute = { name: 'SeriesInstanceUID', tag: 'x0020000e' };
const SERIES_DESCRIPTION: Attribute = { name: 'SeriesDescription', tag: 'x0008103e' };
const MODALITY: Attribute = { name: 'Modality', tag: 'x00080060' };
const ROWS: Attribute = { name: 'Rows', tag: 'x00280010' };
const FRAMES: Attribute = { name: 'NumberOfFrames', tag: 'x00280008' };
const COLUMNS: Attribute = { name: 'Columns', tag: 'x00280011' };

export interface SeriesHeader {
  readonly seriesUid: string;
  readonly seriesDescription: string;
  readonly modality: string;
  /** Rows (0028,0010) x Columns (0028,0011) x NumberOfFrames (0028,0008), which is 1 when absent; 0 without pixels. */
  readonly pixels: number;
}

/** SeriesInstanceUID alone, also of a file that ends soon after it; null when there is none to be read. */
export function readSeriesUid(bytes: Uint8Array): string | null {
  const ifReadable = <T>(read: () => T): T | null => {
    try {
      return read();
    } catch (error) {
      if (error instanceof PipelineError) return null;
      throw error;
    }
  };
  const file = ifReadable(() => openDicom(bytes));
  if (!file) return null;
  // The first look says that the file is cut off, and finds what lies before that.
  ifReadable(() => hasAttribute(file.dataSet, ROWS));
  return ifReadable(() => readString(file.dataSet, SERIES_UID)) ?? null;
}

/**
 * To which series a file belongs, without its pixels.
 *
 * @throws NotDicom, TruncatedDicom, MissingAttribute
 */
export function readSeriesHeader(bytes: Uint8Array): SeriesHeader {
  const { dataSet } = openDicom(bytes);
  const frames = Math.trunc(Number(readString(dataSet, FRAMES) ?? 1));
  return {
    seriesUid: requireString(dataSet, SERIES_UID),
    seriesDescription: readString(dataSet, SERIES_DESCRIPTION) ?? '',
    modality: readString(dataSet, MODALITY) ?? '',
    pixels:
      (readUint16(dataSet, ROWS) ?? 0) * (readUint16(dataSet, COLUMNS) ?? 0) * (frames > 0 ? frames : 1),
  };
}
