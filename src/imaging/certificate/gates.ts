import type {
  Certificate,
  CertificateGate,
  CertificateThresholds,
  CertifiedRegion,
} from '../../contracts/certificate.ts';

/** Limits that fit contours drawn on diagnostic images; an automation may set its own. */
export const DEFAULT_THRESHOLDS: CertificateThresholds = {
  contourVolumePercent: 5,
  resamplingDriftPercent: 5,
  smallRegionVoxels: 500,
  smallRegionPercent: 15,
  overlapPercent: 1,
};

/** The part of a certificate that the gates look at. */
export type GateSubject = Pick<Certificate, 'regions' | 'overlaps' | 'missing' | 'warnings'>;

interface Measured {
  readonly region: string | null;
  readonly value: number;
  readonly threshold: number;
}

/** Every gate once, with the region that comes closest to failing it or fails it worst. */
export function evaluateGates(subject: GateSubject, thresholds: CertificateThresholds): CertificateGate[] {
  const { regions } = subject;
  const perRegion = (measure: (region: CertifiedRegion) => number | null, usual: number) =>
    regions.map((region) => ({
      region: region.name,
      value: Math.abs(measure(region) ?? 0),
      threshold: isSmall(region, thresholds) ? Math.max(usual, thresholds.smallRegionPercent) : usual,
    }));
  const lost = regions.filter(isLost);
  const review = subject.missing.filter(({ policy }) => policy === 'review');
  const warnings = subject.warnings.filter(({ needsReview }) => needsReview);
  const counted = (region: string | null | undefined, value: number) => [
    { region: region ?? null, value, threshold: 0 },
  ];
  return [
    worst('contour-voxel-volume', perRegion(contourDrift, thresholds.contourVolumePercent)),
    worst(
      'resampling-drift',
      perRegion((region) => region.resamplingDriftPercent, thresholds.resamplingDriftPercent),
    ),
    worst('region-lost', counted(lost[0]?.name, lost.length)),
    worst('overlap-share', overlapShares(subject, thresholds.overlapPercent)),
    worst('missing-regions', counted(review[0]?.name, review.length)),
    worst('review-warnings', counted(warnings[0]?.region, warnings.length)),
  ];
}

/** One sentence per failed gate, for the person who reviews the case. */
export function failureReasons(gates: readonly CertificateGate[], subject: GateSubject): string[] {
  return gates.filter(({ passed }) => !passed).flatMap((gate) => REASONS[gate.gate](gate, subject));
}

const REASONS: Readonly<
  Record<CertificateGate['gate'], (gate: CertificateGate, subject: GateSubject) => string[]>
> = {
  'contour-voxel-volume': (gate) => [
    `the volume of "${gate.region}" in voxels differs from its contours by ${percent(gate)}`,
  ],
  'resampling-drift': (gate) => [
    `the volume of "${gate.region}" changes by ${percent(gate)} at model spacing`,
  ],
  'overlap-share': (gate) => [
    `"${gate.region}" loses ${percent(gate)} of its voxels to regions that overlap it`,
  ],
  'region-lost': (_, { regions }) => [`no voxel is left of ${names(regions.filter(isLost))}`],
  'missing-regions': (_, { missing }) => [
    `the label map asks for ${names(missing.filter(({ policy }) => policy === 'review'))}, which nobody drew`,
  ],
  'review-warnings': (_, { warnings }) =>
    warnings.filter(({ needsReview }) => needsReview).map(({ message }) => message),
};

function percent({ value, threshold }: CertificateGate): string {
  return `${value.toFixed(1)} % (allowed ${threshold} %)`;
}

function names(list: readonly { readonly name: string }[]): string {
  return list.map(({ name }) => `"${name}"`).join(', ');
}

/** Voxels of contours that enclose nothing are all beside them: nothing says that they are right. */
function contourDrift({ contourDriftPercent, voxelsDrawn }: CertifiedRegion): number {
  return contourDriftPercent ?? (voxelsDrawn > 0 ? 100 : 0);
}

/** Few voxels on either grid: a single layer of them is a large share of the region. */
function isSmall(
  { voxelsNative, voxelsModel }: CertifiedRegion,
  { smallRegionVoxels }: CertificateThresholds,
): boolean {
  return Math.min(voxelsNative, voxelsModel) < smallRegionVoxels;
}

function isLost({ voxelsNative, voxelsModel }: CertifiedRegion): boolean {
  return voxelsNative === 0 || voxelsModel === 0;
}

/** Share of its drawn voxels that each region lost to others. */
function overlapShares({ regions, overlaps }: GateSubject, threshold: number): Measured[] {
  return regions.map(({ name, voxelsDrawn }) => {
    const lost = overlaps
      .filter((overlap) => overlap.lost === name)
      .reduce((sum, { voxels }) => sum + voxels, 0);
    return { region: name, value: voxelsDrawn === 0 ? 0 : (100 * lost) / voxelsDrawn, threshold };
  });
}

function worst(gate: CertificateGate['gate'], measured: readonly Measured[]): CertificateGate {
  const excess = ({ value, threshold }: Measured) => value - threshold;
  const nothing: Measured = { region: null, value: 0, threshold: 0 };
  const [first = nothing, ...others] = measured;
  const { region, value, threshold } = others.reduce((a, b) => (excess(b) > excess(a) ? b : a), first);
  return { gate, region, value, threshold, passed: value <= threshold };
}
