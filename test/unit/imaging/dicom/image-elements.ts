import { type Element, sequence, uid } from '../../../helpers/dicom-elements.ts';

/** The elements that every image has, for a grey image of 16-bit samples. */
export function imageElements(columns: number, rows: number): Element[] {
  return [
    { tag: '00080008', vr: 'CS', value: ['ORIGINAL', 'PRIMARY', 'M'] },
    uid('00080016', '1.2.840.10008.5.1.4.1.1.4.1'),
    uid('00080018', '1.2.3.1'),
    { tag: '00080060', vr: 'CS', value: 'MR' },
    uid('0020000d', '1.2.3.2'),
    uid('0020000e', '1.2.3.3'),
    uid('00200052', '1.2.3.4'),
    { tag: '00280002', vr: 'US', value: 1 },
    { tag: '00280004', vr: 'CS', value: 'MONOCHROME2' },
    { tag: '00280010', vr: 'US', value: rows },
    { tag: '00280011', vr: 'US', value: columns },
    { tag: '00280100', vr: 'US', value: 16 },
    { tag: '00280101', vr: 'US', value: 16 },
    { tag: '00280102', vr: 'US', value: 15 },
    { tag: '00280103', vr: 'US', value: 0 },
  ];
}

/** A functional group: a sequence of one item. */
export function group(tag: string, elements: Element[]): Element {
  return sequence(tag, [elements]);
}

/** Groups that place a frame: position, and optionally orientation and measures. */
export function planePosition(position: readonly number[]): Element {
  return group('00209113', [{ tag: '00200032', vr: 'DS', value: position.map(String) }]);
}

export const PLANE_ORIENTATION = group('00209116', [
  { tag: '00200037', vr: 'DS', value: ['1', '0', '0', '0', '1', '0'] },
]);
export const PIXEL_MEASURES = group('00289110', [
  { tag: '00180050', vr: 'DS', value: '2' },
  { tag: '00180088', vr: 'DS', value: '2.5' },
  { tag: '00280030', vr: 'DS', value: ['0.8', '0.6'] },
]);
