import type { Assessor, Resource, Session } from './model.ts';
import type { Store } from './store.ts';

/** The JSON of an object as Event Service filters see it, re-read when the event is processed. */
export function assessorPayload(store: Store, assessor: Assessor): Record<string, unknown> {
  const session = store.state.sessions[assessor.session];
  return {
    type: 'Assessor',
    id: assessor.id,
    label: assessor.label,
    xsiType: 'icr:roiCollectionData',
    uri: `/experiments/${assessor.session}/assessors/${assessor.id}`,
    'project-id': assessor.project,
    'session-id': assessor.session,
    props: {
      collectiontype: assessor.collectionType,
      subjectid: session?.subject ?? '',
      name: assessor.name,
    },
    resources: store.resourcesOf(assessor).map(resourcePayload),
  };
}

export function sessionPayload(store: Store, session: Session): Record<string, unknown> {
  return {
    id: session.id,
    label: session.label,
    xsiType: session.xsiType,
    uri: `/archive/experiments/${session.id}`,
    'project-id': session.project,
    'subject-id': session.subject,
    'modalities-in-study': [session.modality],
    scans: session.scans.map((scan) => ({
      type: 'Scan',
      id: scan.id,
      label: `${scan.id} - ${scan.type}`,
      xsiType: scan.xsiType,
      uri: `/archive/experiments/${session.id}/scans/${scan.id}`,
      resources: store.resourcesOf(scan).map(resourcePayload),
      'integer-id': scan.rowId,
      'scan-type': scan.type,
      'session-id': session.id,
    })),
    assessors: [],
    resources: store.resourcesOf(session).map(resourcePayload),
  };
}

export function resourcePayload(resource: Resource): Record<string, unknown> {
  return {
    type: 'Resource',
    id: String(resource.id),
    'integer-id': resource.id,
    label: resource.label,
    files: resource.files.map((file) => ({
      type: 'File',
      name: file.path,
      size: file.size,
      checksum: file.digest,
      format: file.format,
      content: file.content,
    })),
  };
}
