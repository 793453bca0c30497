import type { Contour, Roi, StructureSet } from '../imaging/contour/structure-set.ts';
import type { ParsedRtstruct } from './jobs/parse-rtstruct.ts';
import { type PackedPoints, withPoints } from './packed-points.ts';
import { runJob } from './run-job.ts';

/** A structure set whose ROIs get their points one after the other. */
export interface ArrivingStructureSet {
  readonly structureSet: StructureSet;
  /** Resolves when the ROI at a place has its points, and all before it; rejects when one of them cannot be read. */
  readonly ready: (index: number) => Promise<void>;
  /** Resolves when all have; rejects with what is wrong with the first that cannot be read. */
  readonly complete: Promise<void>;
}

interface ArrivingRoi extends Roi {
  contours: readonly Contour[];
}

/**
 * Reads an RTSTRUCT on a thread, or on this one without any: first all but the points, which are nearly all of its bytes.
 *
 * @param bytes - in shared memory
 * @throws as `parseRtstruct`, apart from what points are refused for
 */
export async function readStructureSet(bytes: Uint8Array, workers: 0 | 1): Promise<ArrivingStructureSet> {
  let count = Number.POSITIVE_INFINITY;
  // Threads are asked for ROIs before it is known how many there are; of one too many they give no points.
  const tasks = (function* () {
    yield null;
    for (let index = 0; index < count; index++) yield index;
  })();
  const results = runJob('parse-rtstruct', { bytes }, tasks, { workers });
  const { outline } = (await results.next()).value as ParsedRtstruct & { outline: StructureSet };
  const rois = outline.rois.map((roi): ArrivingRoi => ({ ...roi }));
  count = rois.length;
  let last = Promise.resolve();
  const arrivals = rois.map((roi) => {
    last = last.then(async () => {
      const { points } = (await results.next()).value as ParsedRtstruct & { points: PackedPoints };
      roi.contours = withPoints(roi.contours, points);
    });
    last.catch(() => undefined);
    return last;
  });
  const complete = last.finally(() => results.return(undefined));
  // Told to whoever waits, now or later; that nobody waits yet is no failure of the process.
  complete.catch(() => undefined);
  return { structureSet: { ...outline, rois }, ready: (index) => arrivals[index] ?? last, complete };
}
