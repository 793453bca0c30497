import { sessionRecordId, UPLOAD_ARCHIVE_ID } from '../contracts/identifiers.ts';
import type { CaseTarget, QuarantineCaseInput, SessionContext } from '../contracts/stages/prepare-session.ts';
import type { Ports } from '../ports/index.ts';
import type { NewCase } from './settle-case.ts';

type Origin = Pick<QuarantineCaseInput, 'seriesUid' | 'scanId' | 'seriesDescription' | 'modality' | 'roi'> & {
  readonly session: SessionContext;
};
type OriginFields = Omit<
  NewCase,
  | 'state'
  | 'classes'
  | 'ignoredValues'
  | 'uploadManifestKey'
  | 'spacingMm'
  | 'units'
  | 'resources'
  | 'certificate'
  | 'reasons'
  | 'problem'
>;

/** Manifest of an uploaded session, with which it can be prepared again; null for a session of an XNAT. */
export async function uploadManifestOf(
  { archiveId, project, session }: SessionContext,
  records: Ports['records'],
): Promise<string | null> {
  if (archiveId !== UPLOAD_ARCHIVE_ID) return null;
  return (
    (await records.get('session', project, sessionRecordId(archiveId, session)))?.uploadManifestKey ?? null
  );
}

/** Where a case comes from: the part of its record that a finished and a quarantined case share. */
export function caseOrigin(
  input: Origin,
  { caseId, automation }: CaseTarget,
): OriginFields & { entity: 'case' } {
  const { archiveId, project, subject, session, generation } = input.session;
  return {
    entity: 'case',
    project,
    id: caseId,
    archiveId,
    subject,
    session,
    generation,
    scanId: input.scanId,
    seriesUid: input.seriesUid,
    seriesDescription: input.seriesDescription,
    modality: input.modality,
    automationId: automation.automationId,
    automationVersion: automation.version,
    assessorId: input.roi.assessorId,
    roiSavedAt: input.roi.savedAt,
    roiSha256: input.roi.content.sha256,
    acceptedBy: null,
    supersededBy: null,
  };
}
