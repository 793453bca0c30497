import {
  type Attribute,
  openDicom,
  readString,
  readUint16,
  requireString,
} from '../imaging/dicom/data-set.ts';

const SERIES_UID: Attribute = { name: 'SeriesInstanceUID', tag: 'x0020000e' };
const SERIES_DESCRIPTION: Attribute = { name: 'SeriesDescription', tag: 'x0008103e' };
const MODALITY: Attribute = { name: 'Modality', tag: 'x00080060' };
const ROWS: Attribute = { name: 'Rows', tag: 'x00280010' };
const COLUMNS: Attribute = { name: 'Columns', tag: 'x00280011' };

export interface SeriesHeader {
  readonly seriesUid: string;
  readonly seriesDescription: string;
  readonly modality: string;
  /** Rows (0028,0010) x Columns (0028,0011); 0 when the file has none. */
  readonly pixels: number;
}

/**
 * To which series a file belongs, without its pixels.
 *
 * @throws NotDicom, TruncatedDicom, MissingAttribute
 */
export function readSeriesHeader(bytes: Uint8Array): SeriesHeader {
  const { dataSet } = openDicom(bytes);
  return {
    seriesUid: requireString(dataSet, SERIES_UID),
    seriesDescription: readString(dataSet, SERIES_DESCRIPTION) ?? '',
    modality: readString(dataSet, MODALITY) ?? '',
    pixels: (readUint16(dataSet, ROWS) ?? 0) * (readUint16(dataSet, COLUMNS) ?? 0),
  };
}
