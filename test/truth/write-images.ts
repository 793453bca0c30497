/** An acquisition as DICOM images: classic files, or one enhanced multi-frame object. */
import { decimals, type Element, sequence, uid, writeDicom } from '../helpers/dicom-elements.ts';
import {
  type AcquiredSlice,
  type Acquisition,
  FRAME_OF_REFERENCE_UID,
  STUDY_UID,
  toLps,
} from './acquisition.ts';
import { intensityAt } from './sample.ts';

export const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2';
export const ENHANCED_CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2.1';
/** Stored value of pixels outside the image of a tilted series, which is signed. */
const PADDING = -2000;

function intercept({ signed }: Acquisition): number {
  return signed ? 0 : -1024;
}

/** One file per slice, shuffled the same way every time, because order in a folder means nothing. */
export function writeClassic(acquisition: Acquisition, transferSyntaxUid?: string): Uint8Array[] {
  const files = acquisition.slices.map((slice) => {
    const elements = [
      ...commonElements(acquisition, CT_IMAGE_STORAGE, slice.sopInstanceUid),
      { tag: '00200013', vr: 'IS', value: String(slice.instanceNumber) } as const,
      decimals('00180050', [acquisition.sliceSpacingMm]),
      decimals('00200032', toLps(acquisition, slice.originUvw)),
      orientation(acquisition),
      pixelSpacing(acquisition),
      decimals('00281052', [intercept(acquisition)]),
      decimals('00281053', [1]),
      { tag: '00281054', vr: 'LO', value: 'HU' } as const,
      ...(acquisition.tiltDegrees === 0 ? [] : [decimals('00181120', [acquisition.tiltDegrees])]),
      { tag: '7fe00010', vr: 'OW', value: storedPixels(acquisition, slice) } as const,
    ];
    return writeDicom(elements, {
      meta: metaElements(CT_IMAGE_STORAGE, slice.sopInstanceUid),
      ...(transferSyntaxUid === undefined ? {} : { transferSyntaxUid }),
    });
  });
  return shuffled(files);
}

/** All slices as the frames of one object; give it what `asEnhanced` returns. */
export function writeEnhanced(acquisition: Acquisition): Uint8Array {
  const sopInstanceUid = acquisition.slices[0]?.sopInstanceUid ?? '';
  const frames = shuffledFrames(acquisition);
  const shared = [
    sequence('00289110', [
      [
        pixelSpacing(acquisition),
        decimals('00180050', [acquisition.sliceSpacingMm]),
        decimals('00180088', [acquisition.sliceSpacingMm]),
      ],
    ]),
    sequence('00209116', [[orientation(acquisition)]]),
    sequence('00289145', [
      [
        decimals('00281052', [intercept(acquisition)]),
        decimals('00281053', [1]),
        { tag: '00281054', vr: 'LO', value: 'HU' },
      ],
    ]),
    sequence('00189329', [[{ tag: '00089007', vr: 'CS', value: ['ORIGINAL', 'PRIMARY', 'VOLUME', 'NONE'] }]]),
  ];
  const elements: Element[] = [
    ...commonElements(acquisition, ENHANCED_CT_IMAGE_STORAGE, sopInstanceUid),
    { tag: '00200013', vr: 'IS', value: '1' },
    { tag: '00280008', vr: 'IS', value: String(frames.length) },
    sequence('52009229', [shared]),
    sequence(
      '52009230',
      frames.map((slice) => frameGroups(acquisition, slice)),
    ),
    { tag: '7fe00010', vr: 'OW', value: joined(frames.map((slice) => storedPixels(acquisition, slice))) },
  ];
  return writeDicom(elements, { meta: metaElements(ENHANCED_CT_IMAGE_STORAGE, sopInstanceUid) });
}

/** Frames are stored by their number; their order in space is what the acquisition says. */
function shuffledFrames({ slices }: Acquisition): readonly AcquiredSlice[] {
  return slices.toSorted((a, b) => a.frame - b.frame);
}

function frameGroups(acquisition: Acquisition, slice: AcquiredSlice): Element[] {
  return [
    sequence('00209111', [
      [
        { tag: '00209056', vr: 'SH', value: '1' },
        { tag: '00209057', vr: 'UL', value: slice.frame },
        { tag: '00209157', vr: 'UL', value: [1, slice.frame] },
      ],
    ]),
    sequence('00209113', [[decimals('00200032', toLps(acquisition, slice.originUvw))]]),
  ];
}

/** Patient, study, series and pixel format; what every image, and with another class every object, of the study has. */
function commonElements(acquisition: Acquisition, sopClassUid: string, sopInstanceUid: string): Element[] {
  return [
    { tag: '00080005', vr: 'CS', value: 'ISO_IR 192' },
    { tag: '00080008', vr: 'CS', value: ['ORIGINAL', 'PRIMARY', 'AXIAL'] },
    uid('00080016', sopClassUid),
    uid('00080018', sopInstanceUid),
    ...studyElements('CT'),
    uid('0020000e', acquisition.seriesUid),
    { tag: '00200011', vr: 'IS', value: '3' },
    { tag: '00185100', vr: 'CS', value: acquisition.patientPosition },
    uid('00200052', FRAME_OF_REFERENCE_UID),
    { tag: '00280002', vr: 'US', value: 1 },
    { tag: '00280004', vr: 'CS', value: 'MONOCHROME2' },
    { tag: '00280010', vr: 'US', value: acquisition.rows },
    { tag: '00280011', vr: 'US', value: acquisition.columns },
    { tag: '00280100', vr: 'US', value: 16 },
    { tag: '00280101', vr: 'US', value: 16 },
    { tag: '00280102', vr: 'US', value: 15 },
    { tag: '00280103', vr: 'US', value: acquisition.signed ? 1 : 0 },
    // What upright planes through a leaning stack show where it ends.
    ...(acquisition.tiltDegrees === 0 ? [] : [{ tag: '00280120', vr: 'SS', value: PADDING } as const]),
  ];
}

/** What readers ask of any object: patient, study and equipment. */
export function studyElements(modality: string): Element[] {
  return [
    { tag: '00080020', vr: 'DA', value: '20260102' },
    { tag: '00080030', vr: 'TM', value: '101112' },
    { tag: '00080050', vr: 'SH', value: '1' },
    { tag: '00080060', vr: 'CS', value: modality },
    { tag: '00080070', vr: 'LO', value: 'Contourflow tests' },
    { tag: '00080090', vr: 'PN', value: '' },
    { tag: '00081090', vr: 'LO', value: 'Phantom' },
    { tag: '00100010', vr: 'PN', value: 'Phantom' },
    { tag: '00100020', vr: 'LO', value: 'PHANTOM' },
    { tag: '00100030', vr: 'DA', value: '' },
    { tag: '00100040', vr: 'CS', value: 'O' },
    { tag: '00181000', vr: 'LO', value: '1' },
    { tag: '00181020', vr: 'LO', value: '1' },
    uid('0020000d', STUDY_UID),
    { tag: '00200010', vr: 'SH', value: '1' },
  ];
}

export function metaElements(sopClassUid: string, sopInstanceUid: string): Element[] {
  return [
    { tag: '00020001', vr: 'OB', value: Uint8Array.of(0, 1) },
    uid('00020002', sopClassUid),
    uid('00020003', sopInstanceUid),
    uid('00020012', '1.2.826.0.1.3680043.10.77.0'),
  ];
}

export function orientation({ rowCosines, columnCosines }: Acquisition): Element {
  return decimals('00200037', [...rowCosines, ...columnCosines]);
}

/** PixelSpacing: the distance of rows comes first. */
export function pixelSpacing({ spacingMm }: Acquisition): Element {
  return decimals('00280030', [spacingMm.rows, spacingMm.columns]);
}

function storedPixels(acquisition: Acquisition, { originUvw: [u0, v0, w] }: AcquiredSlice): Uint8Array {
  const { columns, rows, spacingMm } = acquisition;
  // Two's complement, so that one kind of array holds both.
  const samples = new Uint16Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = intensityAt([u0 + column * spacingMm.columns, v0 + row * spacingMm.rows, w]);
      samples[row * columns + column] = Math.round(value) - intercept(acquisition);
    }
  }
  return new Uint8Array(samples.buffer);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Every file once, in an order that is neither spatial nor reversed. */
function shuffled<T>(files: readonly T[]): T[] {
  return files
    .map((file, index) => ({ file, place: ((index * 29 + 7) % 1009) % (files.length + 3) }))
    .sort((a, b) => a.place - b.place)
    .map(({ file }) => file);
}
