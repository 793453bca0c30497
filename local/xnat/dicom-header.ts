import dicomParser from 'dicom-parser';

/** What the archive reads of a DICOM file when it files it away. */
export interface DicomHeader {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly frameOfReferenceUid: string;
  readonly seriesNumber: string;
  readonly seriesDescription: string;
  readonly modality: string;
  readonly patientId: string;
  readonly patientName: string;
  readonly studyDate: string;
  /** ImagePositionPatient, mm; empty where the object has no plane. */
  readonly position: readonly number[];
  readonly orientation: readonly number[];
  /** PixelSpacing: between rows first. */
  readonly pixelSpacing: readonly number[];
}

const MAGIC_OFFSET = 128;

/** Reads up to the pixel data; null when the bytes are not a DICOM file or name no instance. */
export function readHeader(bytes: Uint8Array): DicomHeader | null {
  if (Buffer.from(bytes.subarray(MAGIC_OFFSET, MAGIC_OFFSET + 4)).toString('latin1') !== 'DICM') return null;
  const dataset = parseHeader(bytes);
  const text = (tag: string): string => dataset?.string(tag)?.trim() ?? '';
  const numbers = (tag: string): number[] => (text(tag) === '' ? [] : text(tag).split('\\').map(Number));
  if (text('x00080018') === '' || text('x0020000e') === '') return null;
  return {
    sopClassUid: text('x00080016'),
    sopInstanceUid: text('x00080018'),
    studyUid: text('x0020000d'),
    seriesUid: text('x0020000e'),
    frameOfReferenceUid: text('x00200052'),
    seriesNumber: text('x00200011'),
    seriesDescription: text('x0008103e'),
    modality: text('x00080060'),
    patientId: text('x00100020'),
    patientName: text('x00100010'),
    studyDate: text('x00080020'),
    position: numbers('x00200032'),
    orientation: numbers('x00200037'),
    pixelSpacing: numbers('x00280030'),
  };
}

function parseHeader(bytes: Uint8Array): dicomParser.DataSet | null {
  try {
    return dicomParser.parseDicom(bytes, { untilTag: 'x7fe00010' });
  } catch (error) {
    // A damaged file still tells who it is, as far as it could be read.
    return (error as { dataSet?: dicomParser.DataSet }).dataSet ?? null;
  }
}
