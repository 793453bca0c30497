import { PipelineError } from '../../contracts/errors.ts';
import type { LabelPolicies } from '../../contracts/label-policy.ts';
import { voxelVolumeMl } from '../../imaging/geometry/volume-geometry.ts';
import { buildMask, type Mask } from '../../imaging/mask/build-mask.ts';
import { type ChosenVolume, chooseVolume, type VolumeChoice } from '../../imaging/mask/choose-volume.ts';
import type { LabelMap } from '../../imaging/mask/label-map.ts';
import type { RegionSet } from '../../imaging/mask/region-source.ts';
import { groupBySeries } from '../../imaging/series/group-by-series.ts';
import { planSeries } from '../../imaging/series/plan-series.ts';
import type { IrregularPolicy, RejectedInput, VolumePlan } from '../../imaging/series/volume-plan.ts';
import type { SliceHeaders } from './read-slice-headers.ts';
import { writeEachRegion } from './write-each-region.ts';
import { writeLabels } from './write-labels.ts';

export interface DrawMaskInput {
  readonly dicomFolder: string;
  readonly headers: SliceHeaders;
  readonly regions: RegionSet;
  readonly labelMap?: LabelMap | undefined;
  readonly policies: LabelPolicies;
  readonly interpolateUpToMm?: number | undefined;
  readonly seriesUid?: string | undefined;
  readonly irregular: IrregularPolicy;
  readonly choice: VolumeChoice;
  /** Label map to write. */
  readonly out: string;
  /** Folder for one binary file per region. */
  readonly perRoi?: string | undefined;
  readonly softwareVersion: string;
}

/** What `contourflow mask --json` prints. */
export interface MaskReport {
  /** One per region of the file, in its order; nulls for one that the label map leaves out. */
  readonly regions: readonly ReportedRegion[];
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
export async function drawMask(input: DrawMaskInput): Promise<MaskReport> {
  const { headers } = input;
  const { chosen, rejected } = chooseSeries(headers, input);
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
    unmapped: mask.unmapped.map(({ name }) => name),
    overlaps: mask.overlaps,
    warnings: [
      ...imageWarnings(chosen.plan, rejected, headers),
      ...missingWarnings(mask),
      ...maskWarnings(mask),
    ],
  };
}

interface Candidates {
  readonly chosen: ChosenVolume;
  readonly rejected: readonly RejectedInput[];
}

/** Only the series that the file names are planned, where it names any that is there. */
function chooseSeries({ slices }: SliceHeaders, input: DrawMaskInput): Candidates {
  const all = groupBySeries(slices);
  if (all.size === 0) throw noImages(input.dicomFolder);
  const named = input.seriesUid === undefined ? input.regions.referencedSeriesUids : [input.seriesUid];
  const there = named.filter((uid) => all.has(uid));
  if (input.seriesUid !== undefined && there.length === 0)
    throw noSuchSeries(input.seriesUid, [...all.keys()]);
  const uids = there.length > 0 ? there : [...all.keys()];
  const volumes: VolumePlan[] = [];
  const rejected = new Map<string, readonly RejectedInput[]>();
  let refusal: unknown;
  for (const uid of uids) {
    try {
      const plan = planSeries(all.get(uid) ?? [], { irregular: input.irregular });
      volumes.push(...plan.volumes);
      rejected.set(uid, plan.rejected);
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error;
      refusal ??= error;
    }
  }
  if (volumes.length === 0) throw refusal;
  const chosen = chooseVolume(volumes, input.regions, input.choice);
  return { chosen, rejected: rejected.get(chosen.plan.seriesUid) ?? [] };
}

function imageWarnings(
  { seriesUid, warnings, irregularity }: VolumePlan,
  rejected: readonly RejectedInput[],
  { leftOut }: SliceHeaders,
): ReportedWarning[] {
  const warn = (code: string, message: string, needsReview: boolean) => ({
    code,
    message,
    region: null,
    needsReview,
  });
  return [
    ...(irregularity === undefined ? [] : [warn('IrregularStack', irregularity.rule, false)]),
    ...warnings.map((message) => warn('ImageWarning', message, false)),
    ...rejected.map(({ code, message }) => warn(code, message, false)),
    ...leftOut
      .filter((file) => file.seriesUid === undefined || file.seriesUid === seriesUid)
      .map(({ file, error }) => warn(error.code, `${file} was left out: ${error.message}`, true)),
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
