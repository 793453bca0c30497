import type { DicomImages } from '../../src/cli/scan-dicom-folder.ts';

/** What tells one patient from another. */
export type Identified = Pick<DicomImages, 'studyUid' | 'patient'>;

/**
 * Numbers of the patients that series belong to, in order of appearance, from 1; patients are never named.
 *
 * Two studies of one patient are one subject, or they could end on both sides of a split. A PatientID
 * (0010,0020) whose issuer (0010,0021) some series do not name is one subject under every issuer, since two subjects
 * that are one patient do more harm than the reverse. A study without PatientID is a subject of its own.
 */
export function numberSubjects(series: readonly Identified[]): number[] {
  const withoutIssuer = new Set(
    series.flatMap(({ patient }) => (patient?.issuer === '' ? [patient.id] : [])),
  );
  const keyOf = ({ patient, studyUid }: Identified): string => {
    if (patient === null) return JSON.stringify([studyUid]);
    const { id, issuer } = patient;
    return JSON.stringify([id, withoutIssuer.has(id) ? '' : issuer]);
  };
  const keys = [...new Set(series.map(keyOf))];
  return series.map((one) => keys.indexOf(keyOf(one)) + 1);
}
