import { describe, expect, it } from '@jest/globals';
import { parseSlices } from '../../../../src/imaging/dicom/parse-slice.ts';
import { type Element, samples16, sequence, writeDicom } from '../../../helpers/dicom-elements.ts';
import { group, imageElements } from './image-elements.ts';

/** A classic image with more or other elements. */
function classic(more: readonly Element[]) {
  const elements: Element[] = [
    ...imageElements(2, 1),
    { tag: '00200032', vr: 'DS', value: ['0', '0', '0'] },
    { tag: '00200037', vr: 'DS', value: ['1', '0', '0', '0', '1', '0'] },
    { tag: '00280030', vr: 'DS', value: ['1', '1'] },
    { tag: '7fe00010', vr: 'OW', value: samples16([1, 2]) },
  ];
  const kept = elements.filter(({ tag }) => !more.some((element) => element.tag === tag));
  const [slice] = parseSlices(writeDicom([...kept, ...more]));
  if (slice === undefined) throw new Error('no slice');
  return slice;
}

describe('what tells images at one place apart', () => {
  it('is read of a classic image', () => {
    const { acquisition, pet } = classic([
      { tag: '00080032', vr: 'TM', value: '101112.5' },
      { tag: '00180081', vr: 'DS', value: '4.5' },
      { tag: '00180086', vr: 'IS', value: '2' },
      { tag: '00181060', vr: 'DS', value: '120' },
      { tag: '00189087', vr: 'FD', value: 700 },
      { tag: '00200012', vr: 'IS', value: '3' },
      { tag: '00200013', vr: 'IS', value: '17' },
      { tag: '00200100', vr: 'IS', value: '5' },
    ]);
    expect(acquisition).toEqual({
      instanceNumber: 17,
      acquisitionNumber: 3,
      temporalPosition: 5,
      echoTimeMs: 4.5,
      echoNumber: 2,
      triggerTimeMs: 120,
      bValue: 700,
      acquiredAt: '101112.5',
    });
    expect(pet).toBeUndefined();
  });

  it('is absent where the file says nothing', () => {
    expect(classic([]).acquisition).toEqual({});
  });

  it('prefers the date and time in one attribute', () => {
    const dateTime: Element = { tag: '0008002a', vr: 'DT', value: '20260101101112.5' };
    const time: Element = { tag: '00080032', vr: 'TM', value: '1' };
    expect(classic([dateTime, time]).acquisition.acquiredAt).toBe('20260101101112.5');
  });
});

describe('what an uptake value needs', () => {
  const modality: Element = { tag: '00080060', vr: 'CS', value: 'PT' };

  it('is read of a PET image', () => {
    const { pet, units } = classic([
      modality,
      { tag: '00080021', vr: 'DA', value: '20260131' },
      { tag: '00080031', vr: 'TM', value: '142530.5' },
      { tag: '00080022', vr: 'DA', value: '20260131' },
      { tag: '00080032', vr: 'TM', value: '142600' },
      { tag: '00101030', vr: 'DS', value: '71.5' },
      { tag: '00181242', vr: 'IS', value: '60000' },
      { tag: '00280051', vr: 'CS', value: ['DECY', 'ATTN'] },
      sequence('00540016', [
        [
          { tag: '00181072', vr: 'TM', value: '131000' },
          { tag: '00181074', vr: 'DS', value: '3.5E8' },
          { tag: '00181075', vr: 'DS', value: '6586.2' },
          { tag: '00181078', vr: 'DT', value: '20260131131000' },
        ],
      ]),
      { tag: '00541001', vr: 'CS', value: 'BQML' },
      { tag: '00541006', vr: 'CS', value: 'BW' },
      { tag: '00541102', vr: 'CS', value: 'START' },
      { tag: '00541300', vr: 'DS', value: '1234.5' },
      { tag: '00541321', vr: 'DS', value: '1.02' },
    ]);
    expect(units).toBe('BQML');
    expect(pet).toEqual({
      decayCorrection: 'START',
      correctedImage: ['DECY', 'ATTN'],
      suvType: 'BW',
      injectedDoseBq: 3.5e8,
      halfLifeSeconds: 6586.2,
      injectedAt: '20260131131000',
      injectedTime: '131000',
      seriesStartedAt: '20260131142530.5',
      acquiredAt: '20260131142600',
      patientWeightKg: 71.5,
      frameReferenceTimeMs: 1234.5,
      frameDurationMs: 60000,
      decayFactor: 1.02,
    });
  });

  it('is empty where the file says nothing, and knows no time without its date', () => {
    expect(classic([modality]).pet).toEqual({});
    const time: Element = { tag: '00080031', vr: 'TM', value: '142530.5' };
    expect(classic([modality, time]).pet).toEqual({});
    const dateTime: Element = { tag: '0008002a', vr: 'DT', value: '20260101101112.5' };
    expect(classic([modality, dateTime]).pet).toEqual({ acquiredAt: '20260101101112.5' });
  });
});

describe('the scale of a classic image', () => {
  const mapping = group('00409096', [{ tag: '00409225', vr: 'FD', value: 0.25 }]);

  it('is the rescale, else the only real-world mapping', () => {
    expect(classic([mapping]).rescale).toEqual({
      slope: 0.25,
      intercept: 0,
      fromFile: true,
      fromRealWorldMapping: true,
    });
    expect(classic([mapping, { tag: '00281053', vr: 'DS', value: '2' }]).rescale.slope).toBe(2);
  });

  it('keeps the padding range, and MONOCHROME1 as it is stored', () => {
    const slice = classic([
      { tag: '00280004', vr: 'CS', value: 'MONOCHROME1' },
      { tag: '00280120', vr: 'US', value: 65000 },
      { tag: '00280121', vr: 'US', value: 64000 },
    ]);
    expect(slice.photometricInterpretation).toBe('MONOCHROME1');
    expect(slice.paddingStored).toEqual({ low: 64000, high: 65000 });
  });
});
