import { type Acquisition, patientPoint } from './acquisition.ts';
import { CT_IMAGE_STORAGE } from './structures.ts';
import { cosineStrings, decimalStrings, writeDicomFile } from './write-dicom.ts';

/** How HU are stored: signed with intercept 0, or unsigned with intercept -1024. */
export type PixelStorage = 'int16' | 'uint16';

/** What one CT slice needs besides its pixels. */
export interface CtSlice {
  readonly grid: Acquisition;
  /** Slice index along the normal. */
  readonly k: number;
  readonly instanceNumber: number;
  readonly seriesNumber: string;
  readonly storage: PixelStorage;
  readonly patientId: string;
  readonly patientName: string;
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly frameOfReferenceUid: string;
  readonly sopInstanceUid: string;
}

/** One CT Image Storage file; `hounsfield` holds rows x columns values, column fastest. */
export function writeCtSlice(slice: CtSlice, hounsfield: Int16Array): Buffer {
  const { grid, storage } = slice;
  const intercept = storage === 'uint16' ? -1024 : 0;
  const stored = Uint16Array.from(hounsfield, (value) => (value - intercept) & 0xffff);
  return writeDicomFile([
    [0x00080005, 'CS', 'ISO_IR 192'],
    [0x00080008, 'CS', ['ORIGINAL', 'PRIMARY', 'AXIAL']],
    [0x00080016, 'UI', CT_IMAGE_STORAGE],
    [0x00080018, 'UI', slice.sopInstanceUid],
    [0x00080020, 'DA', '20260101'],
    [0x00080030, 'TM', '110000'],
    [0x00080060, 'CS', 'CT'],
    [0x00080070, 'LO', 'CONTOURFLOW'],
    [0x0008103e, 'LO', 'Phantom abdomen'],
    [0x00100010, 'PN', slice.patientName],
    [0x00100020, 'LO', slice.patientId],
    [0x00180050, 'DS', decimalStrings([grid.spacing[2]])],
    [0x00180060, 'DS', '120'],
    [0x00185100, 'CS', grid.orientation === 'feet-first' ? 'FFS' : 'HFS'],
    [0x0020000d, 'UI', slice.studyUid],
    [0x0020000e, 'UI', slice.seriesUid],
    [0x00200010, 'SH', '1'],
    [0x00200011, 'IS', slice.seriesNumber],
    [0x00200013, 'IS', String(slice.instanceNumber)],
    [0x00200032, 'DS', cosineStrings(patientPoint(grid, 0, 0, slice.k)).map((text) => text.slice(0, 16))],
    [0x00200037, 'DS', cosineStrings([...grid.rowCosine, ...grid.columnCosine])],
    [0x00200052, 'UI', slice.frameOfReferenceUid],
    [0x00280002, 'US', [1]],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', [grid.rows]],
    [0x00280011, 'US', [grid.columns]],
    // PixelSpacing: between rows first, then between columns.
    [0x00280030, 'DS', decimalStrings([grid.spacing[1], grid.spacing[0]])],
    [0x00280100, 'US', [16]],
    [0x00280101, 'US', [16]],
    [0x00280102, 'US', [15]],
    [0x00280103, 'US', [storage === 'int16' ? 1 : 0]],
    [0x00281052, 'DS', String(intercept)],
    [0x00281053, 'DS', '1'],
    [0x00281054, 'LO', 'HU'],
    [0x7fe00010, 'OW', new Uint8Array(stored.buffer)],
  ]);
}
