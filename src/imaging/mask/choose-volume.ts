import { PipelineError } from '../../contracts/errors.ts';
import type { VolumePart, VolumePlan } from '../series/volume-plan.ts';
import { type MaskTarget, maskTarget } from './mask-target.ts';
import type { RegionSet } from './region-source.ts';

/** Which of several volumes is meant; numbers count from 1. */
export interface VolumeChoice {
  readonly phase?: number | undefined;
  readonly echo?: number | undefined;
}

/** A volume that a file of regions belongs to. */
export interface ChosenVolume {
  readonly plan: VolumePlan;
  readonly target: MaskTarget;
}

/**
 * The one volume that the regions were drawn on: the references of the file decide, and the grid where it has none.
 *
 * @throws AmbiguousSeries when several volumes would do
 * @throws ReferencedSeriesMissing, ReferencedImageMissing, FrameOfReferenceMismatch, SegGridMismatch, MaskGridMismatch when
 *   none does: what the file's own series, or else the first volume, says
 */
export function chooseVolume(
  volumes: readonly VolumePlan[],
  set: RegionSet,
  choice: VolumeChoice = {},
): ChosenVolume {
  const asked = volumes.filter((volume) => isAsked(volume, choice));
  if (asked.length === 0) throw noSuchPart(volumes, choice);
  const referenced = asked.filter(({ seriesUid }) => set.referencedSeriesUids.includes(seriesUid));
  // Some writers name the wrong series; the images that contours name may still settle it.
  const candidates = referenced.length > 0 ? referenced : asked;
  const drawn = set.regions.filter(({ parts }) => parts > 0);
  const fitting: ChosenVolume[] = [];
  let refusal: unknown;
  for (const plan of candidates) {
    const target = maskTarget(plan);
    try {
      set.check(target, drawn);
      fitting.push({ plan, target });
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error;
      refusal ??= error;
    }
  }
  const [chosen] = fitting;
  if (chosen === undefined) throw refusal;
  if (fitting.length > 1) throw ambiguous(fitting.map(({ plan }) => plan));
  return chosen;
}

/** Whether the volume is the phase and the echo that were asked for. */
export function isAsked({ part, parts }: VolumePlan, { phase, echo }: VolumeChoice): boolean {
  const is = (kind: VolumePart['kind'], index: number | undefined) =>
    index === undefined ||
    [part, ...(parts ?? [])].some((one) => one?.kind === kind && one.index === index) ||
    // A series without phases or echoes is its own first.
    (index === 1 && ![part, ...(parts ?? [])].some((one) => one?.kind === kind));
  return is('phase', phase) && is('echo', echo);
}

function ambiguous(volumes: readonly VolumePlan[]): PipelineError {
  const series = [...new Set(volumes.map(({ seriesUid }) => seriesUid))];
  const parts = volumes.map(describeParts).filter((text) => text !== '');
  const which =
    series.length > 1
      ? `series ${series.join(', ')}; choose one with --series`
      : `several volumes of series ${series[0]} (${parts.join('; ')}); choose one with --phase or --echo`;
  return new PipelineError('AmbiguousSeries', `the regions fit ${which}`, { series, parts });
}

/** @returns the refusal when no volume is the one that was asked for */
export function noSuchPart(volumes: readonly VolumePlan[], { phase, echo }: VolumeChoice): PipelineError {
  const asked = [phase && `phase ${phase}`, echo && `echo ${echo}`].filter(Boolean).join(' and ');
  const parts = volumes.map(describeParts).filter((text) => text !== '');
  const there = parts.length === 0 ? 'a single volume' : parts.join('; ');
  return new PipelineError('AmbiguousSeries', `there is no ${asked}: the series holds ${there}`, { parts });
}

function describeParts({ part, parts }: VolumePlan): string {
  return (parts ?? (part === undefined ? [] : [part]))
    .map(({ kind, index, label }) => `${kind} ${index}: ${label}`)
    .join(', ');
}
