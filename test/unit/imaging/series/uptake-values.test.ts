import { describe, expect, it } from '@jest/globals';
import type { PetAttributes, Slice } from '../../../../src/imaging/dicom/slice.ts';
import { toUptakeValues } from '../../../../src/imaging/series/uptake-values.ts';
import { codeOf, makeSeries, makeSlice, planOne } from './make-slice.ts';

const HALF_LIFE = 6586.2;

const PET: PetAttributes = {
  decayCorrection: 'START',
  injectedDoseBq: 370e6,
  halfLifeSeconds: HALF_LIFE,
  injectedAt: '20260131100000',
  seriesStartedAt: '20260131110000',
  acquiredAt: '20260131110130.25',
  patientWeightKg: 74,
};

function petSlice(pet: PetAttributes, changes: Partial<Slice> = {}): Slice {
  const rescale = { slope: 2, intercept: 1, type: 'US', fromFile: true };
  return makeSlice({ modality: 'PT', units: 'BQML', rescale, pet, ...changes });
}

function slopeOf(slice: Slice): number {
  return (toUptakeValues([slice])[0] as Slice).rescale.slope;
}

function without(name: keyof PetAttributes): PetAttributes {
  return Object.fromEntries(Object.entries(PET).filter(([key]) => key !== name));
}

describe('uptake values', () => {
  it('count the dose as it was when the series began', () => {
    const remaining = 370e6 * 2 ** (-3600 / HALF_LIFE);
    const [slice] = toUptakeValues([petSlice(PET)]);
    expect(slice?.rescale.slope).toBeCloseTo((2 * 74_000) / remaining, 12);
    expect(slice?.rescale.intercept).toBeCloseTo(74_000 / remaining, 12);
    expect(slice?.units).toBe('SUV');
  });

  it('count the dose as given where the image is corrected to the injection', () => {
    expect(slopeOf(petSlice({ ...PET, decayCorrection: 'ADMIN' }))).toBeCloseTo((2 * 74_000) / 370e6, 12);
  });

  it('take an injection time without a day as one of the day of the series', () => {
    const { injectedAt: _, ...rest } = PET;
    expect(slopeOf(petSlice({ ...rest, injectedTime: '1000' }))).toBe(slopeOf(petSlice(PET)));
  });

  it('cross midnight with the date of the injection', () => {
    const late = {
      ...PET,
      injectedAt: '20260131233000',
      seriesStartedAt: '20260201003000',
      acquiredAt: '20260201003000',
    };
    expect(slopeOf(petSlice(late))).toBeCloseTo(slopeOf(petSlice(PET)), 15);
  });

  it('leave other modalities and uptake values as they are', () => {
    const ct = makeSlice();
    const uptake = petSlice({}, { units: 'GML' });
    expect(toUptakeValues([ct])[0]).toBe(ct);
    expect(toUptakeValues([uptake])[0]).toEqual({ ...uptake, units: 'SUV' });
  });

  it.each<{ what: string; slice: Slice; says: string }>([
    { what: 'units', slice: petSlice(PET, { units: 'CNTS' }), says: 'is CNTS, not BQML' },
    {
      what: 'another uptake',
      slice: petSlice({ suvType: 'LBM' }, { units: 'GML' }),
      says: 'is GML, not BQML',
    },
    {
      what: 'correction',
      slice: petSlice(without('decayCorrection')),
      says: 'DecayCorrection (0054,1102) is absent',
    },
    {
      what: 'no correction',
      slice: petSlice({ ...PET, decayCorrection: 'NONE' }),
      says: 'is NONE; START or ADMIN',
    },
    {
      what: 'weight',
      slice: petSlice({ ...PET, patientWeightKg: 0 }),
      says: 'PatientWeight (0010,1030) is 0',
    },
    { what: 'dose', slice: petSlice(without('injectedDoseBq')), says: 'RadionuclideTotalDose' },
    { what: 'half-life', slice: petSlice(without('halfLifeSeconds')), says: 'RadionuclideHalfLife' },
    { what: 'injection', slice: petSlice(without('injectedAt')), says: 'RadiopharmaceuticalStartDateTime' },
    { what: 'series time', slice: petSlice(without('seriesStartedAt')), says: 'SeriesTime' },
    {
      what: 'series time',
      slice: petSlice({ ...PET, seriesStartedAt: 'noon' }),
      says: 'no date with a time',
    },
    {
      what: 'order',
      slice: petSlice({ ...PET, injectedAt: '20260131120000' }),
      says: 'after the series began',
    },
    {
      what: 'reprocessing',
      slice: petSlice({ ...PET, acquiredAt: '20260131104500' }),
      says: 'dated after its acquisition',
    },
    { what: 'record', slice: makeSlice({ modality: 'PT', units: 'BQML' }), says: 'PatientWeight' },
  ])('are refused for want of $what', ({ slice, says }) => {
    expect(codeOf(() => toUptakeValues([slice]))).toBe('MissingDecayCorrection');
    expect(() => toUptakeValues([slice])).toThrow(says);
  });

  it('are an option of a plan', () => {
    const slices = makeSeries(2, (k) => ({
      ...petSlice(PET),
      sopInstanceUid: `1.${k}`,
      positionLps: [0, 0, k],
    }));
    expect(planOne(slices)).toMatchObject({ unit: 'BQML', scaleSource: 'rescale' });
    expect(planOne(slices, { suv: true })).toMatchObject({
      unit: 'SUV',
      scaleSource: 'suv',
      dataType: 'float32',
    });
  });
});
