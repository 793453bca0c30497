import { PipelineError } from '../../contracts/errors.ts';
import type { PetAttributes, Slice } from '../dicom/slice.ts';

const GRAMS_PER_KILOGRAM = 1000;

/**
 * PET slices in body-weight standardised uptake values, g/ml: `SUV = Bq/ml x weight / dose`.
 *
 * The dose counts as it was at the time to which the image is decay-corrected: for DecayCorrection START that is the start
 * of the series, for ADMIN the time of injection. Slices of other modalities and values that are body-weight uptake already
 * stay as they are.
 *
 * @throws MissingDecayCorrection when the file does not say all that this needs
 */
export function toUptakeValues(slices: readonly Slice[]): readonly Slice[] {
  return slices.map((slice) => {
    if (slice.modality !== 'PT') return slice;
    if (isUptake(slice)) return { ...slice, units: 'SUV' };
    const factor = uptakeFactor(slice);
    const { slope, intercept, fromFile } = slice.rescale;
    const rescale = { slope: slope * factor, intercept: intercept * factor, fromFile };
    return { ...slice, units: 'SUV', rescale };
  });
}

function isUptake({ units, pet }: Slice): boolean {
  return units === 'GML' && (pet?.suvType ?? 'BW') === 'BW';
}

/** SUV for each Bq/ml. */
function uptakeFactor({ units, pet = {} }: Slice): number {
  if (units !== 'BQML') throw refuse(`Units (0054,1001) is ${units ?? 'absent'}, not BQML`);
  const weightKg = positive(pet.patientWeightKg, 'PatientWeight (0010,1030)');
  const doseBq = positive(pet.injectedDoseBq, 'RadionuclideTotalDose (0018,1074)');
  return (weightKg * GRAMS_PER_KILOGRAM) / (doseBq * remainingShare(pet));
}

/** Share of the injected activity that is left at the time to which the image is corrected. */
function remainingShare(pet: PetAttributes): number {
  if (pet.decayCorrection === 'ADMIN') return 1;
  if (pet.decayCorrection !== 'START') {
    throw refuse(
      `DecayCorrection (0054,1102) is ${pet.decayCorrection ?? 'absent'}; START or ADMIN are needed`,
    );
  }
  const halfLife = positive(pet.halfLifeSeconds, 'RadionuclideHalfLife (0018,1075)');
  const start = timeOf(pet.seriesStartedAt, 'SeriesDate and SeriesTime (0008,0021 and 0008,0031)');
  if (pet.acquiredAt !== undefined && timeOf(pet.acquiredAt, 'AcquisitionTime (0008,0032)') < start - 1) {
    throw refuse('the series is dated after its acquisition, so the time of decay correction is lost');
  }
  const injected = injectionTime(pet);
  if (injected > start) throw refuse('the dose was given after the series began');
  return 2 ** ((injected - start) / halfLife);
}

/** Seconds; a time without a day is one of the day of the series. */
function injectionTime({ injectedAt, injectedTime, seriesStartedAt = '' }: PetAttributes): number {
  const text =
    injectedAt ?? (injectedTime === undefined ? undefined : `${seriesStartedAt.slice(0, 8)}${injectedTime}`);
  return timeOf(text, 'RadiopharmaceuticalStartDateTime (0018,1078) or its time (0018,1072)');
}

/** Seconds of `YYYYMMDDHHMMSS.FFFFFF`; parts of the time that are left out are 0. */
function timeOf(text: string | undefined, name: string): number {
  const [, year, month, day, hours, minutes = '00', seconds = '00'] =
    /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})?(\d{2}(?:\.\d+)?)?/.exec(text ?? '') ?? [];
  if (hours === undefined)
    throw refuse(`${name} is ${text === undefined ? 'absent' : 'no date with a time'}`);
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day)) / 1000;
  return midnight + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

function positive(value: number | undefined, name: string): number {
  if (value !== undefined && value > 0) return value;
  throw refuse(`${name} is ${value ?? 'absent'}`);
}

function refuse(why: string): PipelineError {
  return new PipelineError(
    'MissingDecayCorrection',
    `uptake values cannot be computed: ${why}; convert the series without --suv, in the unit that it states`,
    { why },
  );
}
