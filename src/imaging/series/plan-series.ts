import { PipelineError } from '../../contracts/errors.ts';
import type { Slice } from '../dicom/slice.ts';
import { extentOf } from './extent.ts';
import { planStack } from './plan-stack.ts';
import { dropCopies } from './repeated-instances.ts';
import { groupByGrid } from './same-grid.ts';
import { rejectSlice, setAsideUnsuitable } from './set-aside.ts';
import { noSlices } from './slice-order.ts';
import { type SeriesPart, tellApart } from './tell-apart.ts';
import { toUptakeValues } from './uptake-values.ts';
import type { IrregularPolicy, PlanOptions, RejectedInput, SeriesPlan, VolumePlan } from './volume-plan.ts';

type Outcome =
  | { readonly volume: VolumePlan }
  | { readonly refusal: PipelineError; readonly part: SeriesPart<Slice> };

/** Slices that may make a volume. */
interface Candidate extends SeriesPart<Slice> {
  /** A lone image in a series of others. */
  readonly stray: boolean;
}

/**
 * Decides which volumes the slices of one series make, before a pixel is decoded.
 *
 * Localizers and secondary captures are set aside; slices of differing grids, components, stacks, echoes, b-values and
 * phases make a volume each; whatever cannot become part of a volume is rejected with a code.
 *
 * @throws MixedSeries when the slices name several series
 * @throws Localizer, SecondaryCapture, ColourImage, MixedSeries, TooFewSlices, DegenerateOrientation,
 *   DuplicateSlicePosition, IrregularSpacing, GantryTilt, VolumeTooLarge, ValueOutOfRange when no volume comes of the series
 * @throws MissingDecayCorrection when uptake values are asked for and the files do not say enough
 */
export function planSeries(slices: readonly Slice[], options: PlanOptions = {}): SeriesPlan {
  const seriesUid = requireOneSeries(slices);
  const sorted = slices.toSorted(byIdentity);
  const unique = dropCopies(options.suv ? toUptakeValues(sorted) : sorted);
  const { suitable, rejected } = setAsideUnsuitable(unique.slices);
  const parts = splitIntoParts(suitable);
  const outcomes = parts.map((part) => planPart(part, options.irregular ?? 'resample'));
  const refused = outcomes.filter((outcome) => 'refusal' in outcome);
  const volumes = outcomes.flatMap((outcome) => ('volume' in outcome ? [outcome.volume] : []));
  if (volumes.length === 0) throw refused[0]?.refusal ?? noSlices();
  return {
    seriesUid,
    volumes: volumes.map((volume) => warnOfCopies(volume, unique.repeatedUids)),
    rejected: [...rejected, ...refused.flatMap(rejectPart)],
  };
}

/** By instance and frame, so that nothing depends on the order in which files are read. */
function byIdentity(a: Slice, b: Slice): number {
  if (a.sopInstanceUid === b.sopInstanceUid) return a.frame - b.frame;
  return a.sopInstanceUid < b.sopInstanceUid ? -1 : 1;
}

/** The parts of each grid; grids are numbered as stacks when there are several. */
function splitIntoParts(slices: readonly Slice[]): Candidate[] {
  const groups = groupByGrid(slices);
  return groups.flatMap((group, at) => {
    const differs = group.differs === '' ? '' : `, differs in ${group.differs}`;
    const grid = { kind: 'stack', index: at + 1, label: `stack ${at + 1}${differs}` } as const;
    const parts = tellApartOrKeep(group.slices);
    const [, most] = extentOf(parts.map((part) => part.slices.length));
    return parts.map((part) => ({
      ...part,
      parts: groups.length === 1 ? part.parts : [grid, ...part.parts],
      warnings: [...part.warnings, ...incompleteWarnings(part, most)],
      stray: part.slices.length === 1 && (most > 1 || groups.length > 1),
    }));
  });
}

/** An orientation that cannot be ordered is one part, which planning then refuses with the reason. */
function tellApartOrKeep(slices: readonly Slice[]): SeriesPart<Slice>[] {
  try {
    return tellApart(slices);
  } catch (error) {
    if (error instanceof PipelineError) return [{ slices, parts: [], warnings: [] }];
    throw error;
  }
}

/** Stacks may differ in their slices; echoes and phases of one stack should not. */
function incompleteWarnings({ parts, slices }: SeriesPart<Slice>, most: number): string[] {
  if (slices.length === most || parts.some(({ kind }) => kind === 'stack')) return [];
  return [`this part of the series has ${slices.length} slices, others have up to ${most}`];
}

function planPart(candidate: Candidate, policy: IrregularPolicy): Outcome {
  if (candidate.stray) return { refusal: straySlice(candidate), part: candidate };
  try {
    const volume = planStack(candidate.slices, policy);
    const [part] = candidate.parts;
    return {
      volume: {
        ...volume,
        ...(part === undefined ? {} : { part, parts: candidate.parts }),
        warnings: [...volume.warnings, ...candidate.warnings],
      },
    };
  } catch (error) {
    if (error instanceof PipelineError) return { refusal: error, part: candidate };
    throw error;
  }
}

function straySlice({ parts }: SeriesPart<Slice>): PipelineError {
  const labels = parts.map(({ label }) => label);
  return new PipelineError(
    'MixedSeries',
    `a single image (${labels.join(', ')}) belongs to none of the stacks of its series; ` +
      'export it as a series of its own if it is needed',
    { parts: labels },
  );
}

function rejectPart({ refusal, part }: { refusal: PipelineError; part: SeriesPart<Slice> }): RejectedInput[] {
  return part.slices.map((slice) => rejectSlice(slice, refusal));
}

function requireOneSeries(slices: readonly Slice[]): string {
  const uids = [...new Set(slices.map(({ seriesUid }) => seriesUid))];
  const [uid] = uids;
  if (uid === undefined) throw noSlices();
  if (uids.length === 1) return uid;
  throw new PipelineError(
    'MixedSeries',
    `the slices name ${uids.length} different values of SeriesInstanceUID (0020,000E); select the images of a single series`,
    { attribute: 'SeriesInstanceUID (0020,000E)', values: uids.length },
  );
}

function warnOfCopies(volume: VolumePlan, repeatedUids: readonly string[]): VolumePlan {
  const own = new Set(volume.slices.map(({ sopInstanceUid }) => sopInstanceUid));
  const copies = repeatedUids.filter((uid) => own.has(uid));
  if (copies.length === 0) return volume;
  const warning = `${copies.length} SOP instances came more than once with the same pixels and were used once`;
  return { ...volume, warnings: [...volume.warnings, warning] };
}
