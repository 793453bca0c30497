import type { ApiClient } from '../../src/cli/api-client.ts';
import { Certificate } from '../../src/contracts/certificate.ts';
import type { CaseRecord } from '../../src/contracts/records.ts';

/** The worst number that any case's certificate holds, and in which region. */
export interface Worst {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly where: string;
}

/** Reads every certificate and keeps the worst of each measure. */
export async function worstNumbers(
  api: ApiClient,
  project: string,
  cases: readonly CaseRecord[],
): Promise<Worst[]> {
  const worst = new Map<string, Worst>();
  for (const { id, session } of cases) {
    const { certificate } = await api.call('getCertificate', { project, caseId: id });
    for (const found of measuresOf(Certificate.parse(certificate), session)) {
      const known = worst.get(found.what);
      if (known === undefined || Math.abs(found.value) > Math.abs(known.value)) worst.set(found.what, found);
    }
  }
  return [...worst.values()];
}

function measuresOf(
  { regions, overlaps, warnings, maxRoundingError, unit }: Certificate,
  session: string,
): Worst[] {
  const perRegion = regions.flatMap(({ name, contourDriftPercent, resamplingDriftPercent }) => {
    const where = `${name}, ${session}`;
    return [
      { what: 'voxels against contours', value: contourDriftPercent ?? 0, unit: '% of volume', where },
      {
        what: 'model mask against native mask',
        value: resamplingDriftPercent ?? 0,
        unit: '% of volume',
        where,
      },
    ];
  });
  const lost = overlaps.reduce((sum, { voxels }) => sum + voxels, 0);
  return [
    ...perRegion,
    { what: 'voxels claimed by two regions', value: lost, unit: 'voxels', where: session },
    { what: 'rounding of model values', value: maxRoundingError, unit, where: session },
    { what: 'warnings', value: warnings.length, unit: 'warnings', where: session },
  ];
}
