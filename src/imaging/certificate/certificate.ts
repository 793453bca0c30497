import type {
  Certificate,
  CertificateThresholds,
  CertifiedGrid,
  CertifiedInput,
  CertifiedRegion,
  RejectedSlice,
} from '../../contracts/certificate.ts';
import type { LabelPolicies } from '../../contracts/label-policy.ts';
import { type VolumeGeometry, voxelVolumeMl } from '../geometry/volume-geometry.ts';
import type { Mask } from '../mask/build-mask.ts';
import type { MaskRegion } from '../mask/mask-findings.ts';
import type { ResampledImage } from '../resample/resample-image.ts';
import type { ResampledMask } from '../resample/resample-mask.ts';
import type { ImageVolume } from '../series/image-volume.ts';
import type { IrregularityRecord, VolumePart } from '../series/volume-plan.ts';
import { DEFAULT_THRESHOLDS, evaluateGates, failureReasons } from './gates.ts';

/** Everything a certificate is made of; voxels are not needed, so stored reports do as well as live results. */
export interface CertifyInput {
  readonly softwareVersion: string;
  readonly inputs: readonly CertifiedInput[];
  readonly slicesRejected: readonly RejectedSlice[];
  readonly native: Pick<
    ImageVolume,
    'seriesUid' | 'geometry' | 'unit' | 'scaleSource' | 'maxStorageError' | 'warnings'
  > & {
    /** Acquired images of the volume. */
    readonly slices: readonly unknown[];
    readonly irregularity?: IrregularityRecord;
    readonly parts?: readonly VolumePart[];
  };
  readonly mask: Omit<Mask, 'labels'>;
  readonly resampledImage: Pick<ResampledImage, 'geometry' | 'maxRoundingError'>;
  readonly resampledMask: Pick<ResampledMask, 'geometry' | 'regions'>;
  readonly missingPolicy: LabelPolicies['missing'];
  readonly thresholds?: CertificateThresholds;
}

/**
 * Certifies one case: volumes before and after, everything unusual, and whether a person has to look.
 *
 * Equal input gives an equal certificate; it holds no time and no identifier of its own.
 */
export function certify(input: CertifyInput): Certificate {
  const { native, mask } = input;
  const subject = {
    regions: mask.regions.map((region) => certifyRegion(region, input)),
    overlaps: [...mask.overlaps],
    missing: mask.missing.map((region) => ({ ...region, policy: input.missingPolicy })),
    warnings: [
      ...imageWarnings(native),
      ...mask.warnings.map(({ code, message, region, needsReview }) => ({
        code,
        message,
        region: region ?? null,
        needsReview,
      })),
    ],
  };
  const gates = evaluateGates(subject, input.thresholds ?? DEFAULT_THRESHOLDS);
  const ready = gates.every(({ passed }) => passed);
  return {
    schemaVersion: 1,
    softwareVersion: input.softwareVersion,
    seriesUid: native.seriesUid,
    unit: native.unit,
    scaleSource: native.scaleSource,
    inputs: [...input.inputs],
    slicesUsed: native.slices.length,
    slicesRejected: [...input.slicesRejected],
    irregularity: certifyIrregularity(native.irregularity),
    parts: [...(native.parts ?? [])],
    nativeGrid: certifyGrid(native.geometry),
    modelGrid: certifyGrid(input.resampledImage.geometry),
    maxStorageError: native.maxStorageError,
    maxRoundingError: input.resampledImage.maxRoundingError,
    ...subject,
    sources: mask.sources.map((source) => ({ ...source, provenance: { ...source.provenance } })),
    unmapped: [...mask.unmapped],
    gates,
    outcome: ready ? 'ready' : 'needs-review',
    reasons: failureReasons(gates, subject),
  };
}

/** A resampled stack is told, but no reason to look at the case: its rule is exact and its planes are listed. */
function imageWarnings({ irregularity, warnings }: CertifyInput['native']): Certificate['warnings'] {
  const warn = (code: string, message: string) => ({ code, message, region: null, needsReview: false });
  return [
    ...(irregularity === undefined ? [] : [warn('IrregularStack', irregularity.rule)]),
    ...warnings.map((message) => warn('ImageWarning', message)),
  ];
}

function certifyIrregularity(record: IrregularityRecord | undefined): Certificate['irregularity'] {
  if (record === undefined) return null;
  const { kinds, gapRangeMm, synthesisedPlanes } = record;
  return {
    ...record,
    kinds: [...kinds],
    gapRangeMm: [...gapRangeMm],
    synthesisedPlanes: [...synthesisedPlanes],
  };
}

function certifyRegion(region: MaskRegion, { mask, resampledMask }: CertifyInput): CertifiedRegion {
  const resampled = resampledMask.regions.find(({ value }) => value === region.value);
  const { volumeMlContours, volumeMlVoxels } = region;
  const measurable = volumeMlContours > 0;
  return {
    name: region.name,
    value: region.value,
    roiNumbers: [...region.roiNumbers],
    contours: region.contours,
    planes: region.planes,
    gaps: region.gaps,
    voxelsDrawn: region.voxelsDrawn,
    voxelsNative: region.voxels,
    voxelsModel: resampled?.voxels ?? 0,
    volumeMlContours,
    volumeMlDrawn: volumeMlVoxels,
    volumeMlNative: region.voxels * voxelVolumeMl(mask.geometry),
    volumeMlModel: resampled?.volumeMl ?? 0,
    contourDriftPercent: measurable ? (100 * (volumeMlVoxels - volumeMlContours)) / volumeMlContours : null,
    resamplingDriftPercent: resampled?.driftPercent ?? null,
  };
}

function certifyGrid({ sizeIjk, spacingMm, originLps, directionLps }: VolumeGeometry): CertifiedGrid {
  return {
    sizeIjk: [...sizeIjk],
    spacingMm: [...spacingMm],
    originLps: [...originLps],
    directionLps: [...directionLps],
  };
}
