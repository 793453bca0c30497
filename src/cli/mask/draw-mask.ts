import type { LabelPolicies } from '../../contracts/label-policy.ts';
import { voxelVolumeMl } from '../../imaging/geometry/volume-geometry.ts';
import { buildMask, type Mask } from '../../imaging/mask/build-mask.ts';
import type { LabelMap } from '../../imaging/mask/label-map.ts';
import type { RegionSet, RegionSource } from '../../imaging/mask/region-source.ts';
import { isSetAside } from '../imaging/plan-folder-series.ts';
import { type ChosenSeries, chooseSeries, type SeriesChoice } from './choose-series.ts';
import type { SliceHeaders } from './read-slice-headers.ts';
import { writeEachRegion } from './write-each-region.ts';
import { writeLabels } from './write-labels.ts';

export interface DrawMaskInput extends SeriesChoice {
  readonly headers: SliceHeaders;
  readonly labelMap?: LabelMap | undefined;
  readonly policies: LabelPolicies;
  readonly interpolateUpToMm?: number | undefined;
  /** Label map to write. */
  readonly out: string;
  /** Folder for one binary file per region. */
  readonly perRoi?: string | undefined;
  readonly softwareVersion: string;
  /** Told after each region that is drawn: twice with a file of its own. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** What `contourflow mask --json` prints. */
export interface MaskReport {
  /** One per region of the file, in its order; nulls for one that the label map leaves out. */
  readonly regions: readonly ReportedRegion[];
  /** Where each region of the file comes from, in its order. */
  readonly sources: Mask['sources'];
  readonly unmapped: readonly string[];
  readonly overlaps: Mask['overlaps'];
  readonly warnings: readonly ReportedWarning[];
}

interface ReportedRegion {
  readonly name: string;
  readonly value: number | null;
  /** Relative to the folder of the label map. */
  readonly file: string | null;
  /** That the region encloses, before a later one took any. */
  readonly voxels: number | null;
  readonly volumeMl: number | null;
}

interface ReportedWarning {
  readonly code: string;
  readonly message: string;
  readonly region: string | null;
  readonly needsReview: boolean;
}

/** Draws the regions on the grid that `convert` writes for their series, and writes the label map. */
export async function drawMask(asked: DrawMaskInput): Promise<MaskReport> {
  const input = { ...asked, regions: countedRegions(asked) };
  const chosen = chooseSeries(input.headers, input);
  const mask = buildMask({ ...input, target: chosen.target });
  const files = await writeEachRegion(mask, chosen, input);
  await writeLabels(input.out, mask.geometry, mask.labels, input.softwareVersion);
  const volumeMl = voxelVolumeMl(mask.geometry);
  return {
    regions: mask.sources.map(({ name, value, voxels }, index) => ({
      name,
      value,
      file: value === null ? null : (files[index] ?? null),
      voxels: value === null ? null : voxels,
      volumeMl: value === null ? null : voxels * volumeMl,
    })),
    sources: mask.sources,
    unmapped: mask.unmapped.map(({ name }) => name),
    overlaps: mask.overlaps,
    warnings: [...imageWarnings(chosen), ...missingWarnings(mask), ...maskWarnings(mask)],
  };
}

function countedRegions({ regions: set, onProgress, perRoi }: DrawMaskInput): DrawMaskInput['regions'] {
  if (onProgress === undefined) return set;
  const total = set.regions.length * (perRoi === undefined ? 1 : 2);
  let done = 0;
  const originals = new Map<RegionSource, RegionSource>();
  const regions = set.regions.map((region) => {
    const draw: RegionSource['draw'] = (...given) => {
      const drawing = region.draw(...given);
      onProgress(++done, total);
      return drawing;
    };
    const counted = { ...region, draw };
    originals.set(counted, region);
    return counted;
  });
  // A set knows its own regions only, and would check none of these.
  const check: RegionSet['check'] = (target, chosen) =>
    set.check(
      target,
      chosen.map((region) => originals.get(region) ?? region),
    );
  return { ...set, regions, check };
}

/** What may have been meant for the volume and is not in it is for a person to look at. */
function imageWarnings({ plan, series, leftOut, refused }: ChosenSeries): ReportedWarning[] {
  const warn = (code: string, message: string, needsReview = !isSetAside(code)) => ({
    code,
    message,
    region: null,
    needsReview,
  });
  return [
    ...(plan.irregularity === undefined ? [] : [warn('IrregularStack', plan.irregularity.rule, false)]),
    ...plan.warnings.map((message) => warn('ImageWarning', message, false)),
    ...series.rejected.map(({ code, message }) => warn(code, message)),
    ...leftOut.flatMap(({ file, refusal }) =>
      refusal === null ? [] : [warn(refusal.code, `${file} was left out: ${refusal.message}`)],
    ),
    ...refused.map(({ seriesUid, error }) =>
      warn(error.code, `series ${seriesUid} could not be drawn on: ${error.message}`),
    ),
  ];
}

function missingWarnings({ missing }: Mask): ReportedWarning[] {
  return missing.map(({ name, value }) => ({
    code: 'MissingRegion',
    message: `the label map asks for "${name}" (${value}), which nobody drew`,
    region: name,
    needsReview: true,
  }));
}

function maskWarnings({ warnings }: Mask): ReportedWarning[] {
  return warnings.map(({ code, message, region, needsReview }) => ({
    code,
    message,
    region: region ?? null,
    needsReview,
  }));
}
