import { PipelineError } from '../contracts/errors.ts';
import type { SeriesTarget } from '../contracts/stages/prepare-session.ts';
import { describeRegions } from './read-regions.ts';
import { isDataProblem, type SourceContour } from './session-source.ts';

/** A collection after its file was stored and read. */
export interface ReadContour {
  readonly roi: SeriesTarget['roi'];
  readonly seriesUids: readonly string[];
  readonly problem: PipelineError | null;
}

/** One series and the collection that counts for it. */
export interface ContourTarget {
  readonly seriesUid: string | null;
  readonly roi: SeriesTarget['roi'];
  readonly problem: PipelineError | null;
}

/** Which series the collection was drawn on; a file that cannot be read is a problem, not a failure. */
export function readContour(
  { assessorId, savedAt, bytes, problem }: SourceContour,
  stored: Pick<SeriesTarget['roi'], 'content' | 'companion'>,
): ReadContour {
  // The collection may have been saved as AIM; what counts is the file that was read, by what is in it.
  const roi = { assessorId, collectionType: 'RTSTRUCT', savedAt, ...stored } as const;
  if (problem) return { roi, seriesUids: [], problem };
  try {
    const { format, seriesUids } = describeRegions(bytes);
    const read = { ...roi, collectionType: format };
    return { roi: read, seriesUids, problem: seriesUids.length > 0 ? null : namesNoSeries() };
  } catch (error) {
    if (!isDataProblem(error)) throw error;
    return { roi, seriesUids: [], problem: error };
  }
}

/**
 * For each referenced series the newest collection counts; an unreadable one is a target of its own. Collections
 * saved at the same time are told apart by id, so that the choice is the same in every run.
 */
export function chooseContours(contours: readonly ReadContour[]): ContourTarget[] {
  const newestFirst = [...contours].sort(
    (a, b) => compare(b.roi.savedAt, a.roi.savedAt) || compare(b.roi.assessorId, a.roi.assessorId),
  );
  const chosen = new Map<string, ContourTarget>();
  const broken: ContourTarget[] = [];
  for (const { roi, seriesUids, problem } of newestFirst) {
    if (problem) broken.push({ seriesUid: null, roi, problem });
    for (const seriesUid of seriesUids) {
      if (!chosen.has(seriesUid)) chosen.set(seriesUid, { seriesUid, roi, problem: null });
    }
  }
  return [...chosen.values(), ...broken];
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function namesNoSeries(): PipelineError {
  return new PipelineError(
    'ReferencedSeriesMissing',
    'the contours name no image series, as RTReferencedSeriesSequence (3006,0014) of an RTSTRUCT does; save them again on ' +
      'the series',
  );
}
