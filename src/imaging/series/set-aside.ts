import { type ErrorCode, PipelineError } from '../../contracts/errors.ts';
import type { Slice, SliceHeader } from '../dicom/slice.ts';
import type { RejectedInput } from './volume-plan.ts';

/** Secondary Capture Image Storage and its multi-frame forms (PS3.4 B.5) begin with this. */
const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';

interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Slices that may be part of a volume, and those whose kind of image never is. */
export interface SortedSlices {
  readonly suitable: readonly Slice[];
  readonly rejected: readonly RejectedInput[];
}

/**
 * Sets localizers and secondary captures aside.
 *
 * @throws Localizer, SecondaryCapture, ColourImage when no other image is left
 */
export function setAsideUnsuitable(slices: readonly Slice[]): SortedSlices {
  const suitable = slices.filter((slice) => refusalOf(slice) === undefined);
  const rejected = slices.flatMap((slice) => {
    const refusal = refusalOf(slice);
    return refusal === undefined ? [] : [rejectSlice(slice, refusal)];
  });
  const [first] = rejected;
  if (suitable.length > 0 || first === undefined) return { suitable, rejected };
  throw new PipelineError(
    first.code as ErrorCode,
    `the series holds no other image: ${first.message}; select a series of slices`,
    { slices: slices.length },
  );
}

/** One rejected slice with its reason. */
export function rejectSlice(
  { sopInstanceUid, frame }: SliceHeader,
  { code, message }: Refusal,
): RejectedInput {
  return { sopInstanceUid, frame, code, message };
}

function refusalOf({ imageType, sopClassUid, photometricInterpretation }: SliceHeader): Refusal | undefined {
  if (imageType.includes('LOCALIZER')) {
    return {
      code: 'Localizer',
      message: 'ImageType (0008,0008) says LOCALIZER: it shows where slices lie and is none',
    };
  }
  if (sopClassUid === SECONDARY_CAPTURE || sopClassUid.startsWith(`${SECONDARY_CAPTURE}.`)) {
    return { code: 'SecondaryCapture', message: 'a secondary capture is a picture of a screen, not a slice' };
  }
  if (photometricInterpretation.startsWith('MONOCHROME')) return undefined;
  return {
    code: 'ColourImage',
    message: `colour images (${photometricInterpretation}) carry no single value per voxel`,
  };
}
