import type { LabelPolicies } from '../../contracts/label-policy.ts';
import { writeMask } from '../../engine/write-mask.ts';
import { voxelVolumeMl } from '../../imaging/geometry/volume-geometry.ts';
import type { LabelMap } from '../../imaging/mask/label-map.ts';
import type { MaskFindings } from '../../imaging/mask/mask-findings.ts';
import { isSetAside } from '../imaging/plan-folder-series.ts';
import { type ChosenSeries, chooseSeries, type SeriesChoice } from './choose-series.ts';
import { labelPacking, openLabelFile } from './label-file.ts';
import type { SliceHeaders } from './read-slice-headers.ts';
import { writeEachRegion } from './write-each-region.ts';

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
  readonly sources: MaskFindings['sources'];
  readonly unmapped: readonly string[];
  readonly overlaps: MaskFindings['overlaps'];
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
  const chosen = chooseSeries(input.headers, input);
  const tick = ticker(input);
  const { out, softwareVersion } = input;
  const { findings: mask } = await writeMask(
    { ...input, target: chosen.target },
    {
      openSink: () => openLabelFile(out),
      packing: labelPacking(out),
      softwareVersion,
      onRegion: tick,
    },
  );
  const files = await writeEachRegion(mask, chosen, { ...input, onRegion: tick });
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

function ticker({ regions: { regions }, onProgress, perRoi }: DrawMaskInput): () => void {
  const total = regions.length * (perRoi === undefined ? 1 : 2);
  let done = 0;
  return () => onProgress?.(++done, total);
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

function missingWarnings({ missing }: MaskFindings): ReportedWarning[] {
  return missing.map(({ name, value }) => ({
    code: 'MissingRegion',
    message: `the label map asks for "${name}" (${value}), which nobody drew`,
    region: name,
    needsReview: true,
  }));
}

function maskWarnings({ warnings }: MaskFindings): ReportedWarning[] {
  return warnings.map(({ code, message, region, needsReview }) => ({
    code,
    message,
    region: region ?? null,
    needsReview,
  }));
}
