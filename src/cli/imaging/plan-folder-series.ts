import { type ErrorCode, PipelineError } from '../../contracts/errors.ts';
import type { Slice } from '../../imaging/dicom/slice.ts';
import { planSeries } from '../../imaging/series/plan-series.ts';
import type { PlanOptions, RejectedInput, SeriesPlan } from '../../imaging/series/volume-plan.ts';

/** What planning needs of one file of a series. */
export interface SeriesMember {
  /** None of a file that was refused. */
  readonly slices: readonly Slice[];
  readonly refusal: PipelineError | null;
}

/** Images of one series that are in no volume for one reason. */
export interface RefusedImages {
  readonly reason: string;
  readonly message: string;
  /** Files, or frames of multi-frame objects. */
  readonly images: number;
}

/** Sound images that are no slices of a volume. Anything else that is refused holds up its whole series. */
const SET_ASIDE: readonly string[] = ['Localizer', 'SecondaryCapture', 'ColourImage'] satisfies ErrorCode[];

/** Whether an image of this refusal was never meant for a volume, so that nothing is amiss without it. */
export function isSetAside(code: string): boolean {
  return SET_ASIDE.includes(code);
}

/**
 * The one way from the files of a series to its volumes: what is converted and what is drawn on must be one grid.
 *
 * @throws what `planSeries` throws, and the refusal of a file that may have been a slice
 */
export function planFolderSeries(files: readonly SeriesMember[], options: PlanOptions): SeriesPlan {
  requireSound(files);
  return planSeries(
    files.flatMap(({ slices }) => slices),
    options,
  );
}

/** What was refused though it may have been meant for a volume: one entry per reason, in the order of the plan. */
export function refusedImages({ rejected }: Pick<SeriesPlan, 'rejected'>): RefusedImages[] {
  const byReason = new Map<string, RejectedInput[]>();
  for (const input of rejected) {
    if (isSetAside(input.code)) continue;
    const reason = `${input.code} ${input.message}`;
    const known = byReason.get(reason);
    if (known === undefined) byReason.set(reason, [input]);
    else known.push(input);
  }
  return [...byReason.values()].map((inputs) => {
    const { code, message } = inputs[0] as RejectedInput;
    return { reason: code, message, images: inputs.length };
  });
}

/** @throws the first refusal that is no mere other kind of image; the first of all when nothing else is there */
function requireSound(files: readonly SeriesMember[]): void {
  const refusals = files.flatMap(({ refusal }) => (refusal === null ? [] : [refusal]));
  const fault = refusals.find(({ code }) => !isSetAside(code));
  if (fault !== undefined && refusals.length < files.length) {
    throw new PipelineError(
      fault.code,
      `${refusals.length} of ${files.length} files of the series cannot be read, the first because ${fault.message}`,
      fault.details,
    );
  }
  const [first] = refusals;
  if (first !== undefined && refusals.length === files.length) throw fault ?? first;
}
