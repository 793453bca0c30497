import type { CaseTarget, QuarantineCaseInput, SessionContext } from '../contracts/stages/prepare-session.ts';
import type { NewCase } from './settle-case.ts';

type Origin = Pick<QuarantineCaseInput, 'seriesUid' | 'scanId' | 'seriesDescription' | 'modality' | 'roi'> & {
  readonly session: SessionContext;
};
type OriginFields = Omit<
  NewCase,
  | 'state'
  | 'classes'
  | 'ignoredValues'
  | 'spacingMm'
  | 'units'
  | 'resources'
  | 'certificate'
  | 'reasons'
  | 'problem'
>;

/** Where a case comes from: the part of its record that a finished and a quarantined case share. */
export function caseOrigin(
  input: Origin,
  { caseId, automation }: CaseTarget,
): OriginFields & { entity: 'case' } {
  const { archiveId, project, subject, session, generation, uploadManifestKey } = input.session;
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
    uploadManifestKey,
    acceptedBy: null,
    supersededBy: null,
  };
}
