import { PipelineError } from '../../contracts/errors.ts';
import { type ChosenVolume, chooseVolume, type VolumeChoice } from '../../imaging/mask/choose-volume.ts';
import type { RegionSet } from '../../imaging/mask/region-source.ts';
import { groupBySeries } from '../../imaging/series/group-by-series.ts';
import type { IrregularPolicy, SeriesPlan } from '../../imaging/series/volume-plan.ts';
import { planFolderSeries } from '../imaging/plan-folder-series.ts';
import type { HeaderFile, SliceHeaders } from './read-slice-headers.ts';

export interface SeriesChoice {
  readonly dicomFolder: string;
  readonly regions: RegionSet;
  readonly seriesUid?: string | undefined;
  readonly irregular: IrregularPolicy;
  readonly choice: VolumeChoice;
}

/** The volume that is drawn on, and what was found out about the images beside it. */
export interface ChosenSeries extends ChosenVolume {
  readonly series: SeriesPlan;
  /** Of its series, and images of which nobody knows the series. */
  readonly leftOut: readonly HeaderFile[];
  /** Series that might have been meant, had they made a volume. */
  readonly refused: readonly RefusedSeries[];
}

interface RefusedSeries {
  readonly seriesUid: string;
  readonly error: PipelineError;
}

/**
 * Only the series that the file names are planned, where it names any that is there; each of them as `convert` plans it.
 *
 * @throws the first refusal when none of them makes a volume, or none that the regions fit, and what `chooseVolume` throws
 */
export function chooseSeries({ files }: SliceHeaders, wanted: SeriesChoice): ChosenSeries {
  const all = groupBySeries(files.filter(hasSeries));
  if (all.size === 0) throw noImages(wanted.dicomFolder);
  const named = namedSeries([...all.keys()], wanted);
  const uids = named.length > 0 ? named : [...all.keys()];
  const plans = new Map<string, SeriesPlan>();
  const refused: RefusedSeries[] = [];
  for (const uid of uids) {
    try {
      plans.set(uid, planFolderSeries(all.get(uid) ?? [], { irregular: wanted.irregular }));
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error;
      refused.push({ seriesUid: uid, error });
    }
  }
  // Where the file names a series that was refused, that is why nothing else fits.
  const reason = plans.size === 0 || named.length > 0 ? refused[0]?.error : undefined;
  const volumes = [...plans.values()].flatMap((plan) => plan.volumes);
  const chosen = chooseOr(reason, () => chooseVolume(volumes, wanted.regions, wanted.choice));
  const { seriesUid } = chosen.plan;
  return {
    ...chosen,
    series: plans.get(seriesUid) as SeriesPlan,
    leftOut: files.filter(
      (file) => file.refusal !== null && (file.seriesUid === undefined || file.seriesUid === seriesUid),
    ),
    refused,
  };
}

function namedSeries(there: readonly string[], { regions, seriesUid }: SeriesChoice): readonly string[] {
  const named = seriesUid === undefined ? regions.referencedSeriesUids : [seriesUid];
  const found = [...new Set(named)].filter((uid) => there.includes(uid));
  if (seriesUid !== undefined && found.length === 0) throw noSuchSeries(seriesUid, there);
  return found;
}

function chooseOr(reason: PipelineError | undefined, choose: () => ChosenVolume): ChosenVolume {
  try {
    return choose();
  } catch (error) {
    throw error instanceof PipelineError ? (reason ?? error) : error;
  }
}

function hasSeries(file: HeaderFile): file is HeaderFile & { readonly seriesUid: string } {
  return file.seriesUid !== undefined;
}

function noImages(folder: string): PipelineError {
  return new PipelineError(
    'TooFewSlices',
    `${folder} holds no DICOM image of a volume; give the folder of the series that the regions were drawn on`,
  );
}

function noSuchSeries(seriesUid: string, there: readonly string[]): PipelineError {
  return new PipelineError(
    'ReferencedSeriesMissing',
    `the folder holds no series ${seriesUid}; it holds ${there.join(', ')}`,
    { seriesUid, there },
  );
}
