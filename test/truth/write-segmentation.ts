/** The truth at the acquired voxels as a DICOM Segmentation, the way the XNAT viewer saves one. */
import { decimals, type Element, sequence, uid, writeDicom } from '../helpers/dicom-elements.ts';
import { type AcquiredSlice, type Acquisition, FRAME_OF_REFERENCE_UID, toLps } from './acquisition.ts';
import { truthOnSlice } from './sample.ts';
import type { Shape } from './shapes.ts';
import {
  CT_IMAGE_STORAGE,
  ENHANCED_CT_IMAGE_STORAGE,
  metaElements,
  orientation,
  pixelSpacing,
  studyElements,
} from './write-images.ts';

const SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.4';
const SOP_INSTANCE_UID = '1.2.826.0.1.3680043.10.77.8.1';
const DIMENSION_UID = '1.2.826.0.1.3680043.10.77.8.2';

interface Frame {
  readonly segment: number;
  readonly slice: AcquiredSlice;
  readonly bits: Uint8Array;
}

/** Pixel values of a FRACTIONAL segmentation, of 8 bits. */
export interface Shares {
  readonly maximum: number;
  readonly inside: number;
  readonly outside: number;
}

/**
 * BINARY, one bit per voxel packed across frames, unless shares are given; segment by segment, and only the slices that
 * hold any of it.
 */
export function writeSegmentation(
  acquisition: Acquisition,
  shapes: readonly Shape[],
  shares?: Shares,
): Uint8Array {
  const frames = framesOf(acquisition, shapes);
  const elements: Element[] = [
    { tag: '00080005', vr: 'CS', value: 'ISO_IR 192' },
    { tag: '00080008', vr: 'CS', value: ['DERIVED', 'PRIMARY'] },
    uid('00080016', SEGMENTATION_STORAGE),
    uid('00080018', SOP_INSTANCE_UID),
    { tag: '00080023', vr: 'DA', value: '20260102' },
    { tag: '00080033', vr: 'TM', value: '101112' },
    ...studyElements('SEG'),
    sequence('00081115', [referencedSeries(acquisition)]),
    uid('0020000e', `${SOP_INSTANCE_UID}.1`),
    { tag: '00200011', vr: 'IS', value: '4' },
    { tag: '00200013', vr: 'IS', value: '1' },
    uid('00200052', FRAME_OF_REFERENCE_UID),
    { tag: '00201040', vr: 'LO', value: '' },
    ...dimensions(),
    ...pixelFormat(acquisition, frames.length, shares === undefined ? 1 : 8),
    { tag: '00620001', vr: 'CS', value: shares === undefined ? 'BINARY' : 'FRACTIONAL' },
    sequence('00620002', shapes.map(segmentItem)),
    ...(shares === undefined ? [] : fractionalType(shares)),
    { tag: '00700080', vr: 'CS', value: 'TRUTH' },
    { tag: '00700081', vr: 'LO', value: 'truth' },
    { tag: '00700084', vr: 'PN', value: 'tester' },
    sequence('52009229', [sharedGroups(acquisition)]),
    sequence(
      '52009230',
      frames.map((frame) => frameGroups(acquisition, frame)),
    ),
    { tag: '7fe00010', vr: 'OB', value: pixels(frames, shares) },
  ];
  return writeDicom(elements, { meta: metaElements(SEGMENTATION_STORAGE, SOP_INSTANCE_UID) });
}

function fractionalType({ maximum }: Shares): Element[] {
  return [
    { tag: '0062000e', vr: 'US', value: maximum },
    { tag: '00620010', vr: 'CS', value: 'PROBABILITY' },
  ];
}

function pixels(frames: readonly Frame[], shares: Shares | undefined): Uint8Array {
  if (shares === undefined) return packed(frames.map(({ bits }) => bits));
  const { inside, outside } = shares;
  return Buffer.concat(frames.map(({ bits }) => bits.map((bit) => (bit === 1 ? inside : outside))));
}

function framesOf(acquisition: Acquisition, shapes: readonly Shape[]): Frame[] {
  return shapes.flatMap((shape, index) =>
    acquisition.slices.flatMap((slice, k) => {
      const bits = truthOnSlice(acquisition, shape, k);
      return bits.includes(1) ? [{ segment: index + 1, slice, bits }] : [];
    }),
  );
}

/** Bit 0 of the first byte is the first voxel; frames follow one another without padding (PS3.5 section 8.1.1). */
export function packed(frames: readonly Uint8Array[]): Uint8Array {
  const voxels = frames.reduce((sum, { length }) => sum + length, 0);
  const out = new Uint8Array(Math.ceil(voxels / 8));
  let at = 0;
  for (const bits of frames) {
    for (const bit of bits) {
      if (bit === 1) out[at >> 3] = (out[at >> 3] as number) | (1 << (at & 7));
      at++;
    }
  }
  return out;
}

function referencedSeries({ slices, seriesUid }: Acquisition): Element[] {
  const images = [...new Set(slices.map(({ sopInstanceUid }) => sopInstanceUid))];
  const sopClassUid = images.length === 1 ? ENHANCED_CT_IMAGE_STORAGE : CT_IMAGE_STORAGE;
  return [
    uid('0020000e', seriesUid),
    sequence(
      '0008114a',
      images.map((image) => [uid('00081150', sopClassUid), uid('00081155', image)]),
    ),
  ];
}

function dimensions(): Element[] {
  const index = (pointer: number, group: number): Element[] => [
    uid('00209164', DIMENSION_UID),
    { tag: '00209165', vr: 'AT', value: pointer },
    { tag: '00209167', vr: 'AT', value: group },
  ];
  return [
    sequence('00209221', [[uid('00209164', DIMENSION_UID)]]),
    sequence('00209222', [index(0x0062000b, 0x0062000a), index(0x00200032, 0x00209113)]),
  ];
}

function pixelFormat({ rows, columns }: Acquisition, frames: number, bits: 1 | 8): Element[] {
  return [
    { tag: '00280002', vr: 'US', value: 1 },
    { tag: '00280004', vr: 'CS', value: 'MONOCHROME2' },
    { tag: '00280008', vr: 'IS', value: String(frames) },
    { tag: '00280010', vr: 'US', value: rows },
    { tag: '00280011', vr: 'US', value: columns },
    { tag: '00280100', vr: 'US', value: bits },
    { tag: '00280101', vr: 'US', value: bits },
    { tag: '00280102', vr: 'US', value: bits - 1 },
    { tag: '00280103', vr: 'US', value: 0 },
    { tag: '00282110', vr: 'CS', value: '00' },
  ];
}

function segmentItem({ name }: Shape, index: number): Element[] {
  return [
    { tag: '00620004', vr: 'US', value: index + 1 },
    { tag: '00620005', vr: 'LO', value: name },
    { tag: '00620008', vr: 'CS', value: 'MANUAL' },
    { tag: '0062000d', vr: 'US', value: [30000 + 100 * index, 40000, 35000] },
    sequence('00620003', [code('85756007', 'Tissue')]),
    sequence('0062000f', [code('85756007', 'Tissue')]),
  ];
}

function code(value: string, meaning: string): Element[] {
  return [
    { tag: '00080100', vr: 'SH', value },
    { tag: '00080102', vr: 'SH', value: 'SCT' },
    { tag: '00080104', vr: 'LO', value: meaning },
  ];
}

function sharedGroups(acquisition: Acquisition): Element[] {
  return [
    sequence('00289110', [
      [
        pixelSpacing(acquisition),
        decimals('00180050', [acquisition.sliceSpacingMm]),
        decimals('00180088', [acquisition.sliceSpacingMm]),
      ],
    ]),
    sequence('00209116', [[orientation(acquisition)]]),
  ];
}

function frameGroups(acquisition: Acquisition, { segment, slice }: Frame): Element[] {
  const place = acquisition.slices.indexOf(slice) + 1;
  const source: Element[] = [
    uid('00081150', acquisition.slices[1]?.frame === 2 ? ENHANCED_CT_IMAGE_STORAGE : CT_IMAGE_STORAGE),
    uid('00081155', slice.sopInstanceUid),
    { tag: '00081160', vr: 'IS', value: String(slice.frame) },
    sequence('0040a170', [
      [
        { tag: '00080100', vr: 'SH', value: '121322' },
        { tag: '00080102', vr: 'SH', value: 'DCM' },
        { tag: '00080104', vr: 'LO', value: 'Source image for image processing operation' },
      ],
    ]),
  ];
  const derivation: Element[] = [
    { tag: '00080100', vr: 'SH', value: '113076' },
    { tag: '00080102', vr: 'SH', value: 'DCM' },
    { tag: '00080104', vr: 'LO', value: 'Segmentation' },
  ];
  return [
    sequence('00089124', [[sequence('00082112', [source]), sequence('00089215', [derivation])]]),
    sequence('00209111', [[{ tag: '00209157', vr: 'UL', value: [segment, place] }]]),
    sequence('00209113', [[decimals('00200032', toLps(acquisition, slice.originUvw))]]),
    sequence('0062000a', [[{ tag: '0062000b', vr: 'US', value: segment }]]),
  ];
}
