import { z } from 'zod';
import { PipelineError } from '../../contracts/errors.ts';
import type { CaseRecord } from '../../contracts/records.ts';
import { SCHEMA_VERSION } from '../../contracts/schema-version.ts';
import { requireRecord } from '../../pipeline/require-record.ts';
import { readJson } from '../../pipeline/stored-json.ts';
import type { ApiPorts, Call, Handlers } from '../call.ts';
import { listRecords } from '../list-records.ts';
import { requireUpload } from '../require-upload.ts';

/** The certificate's own schema is the imaging core's; the API hands it on as it is. */
const AnyCertificate = z.record(z.string(), z.unknown());

export const caseOperations: Handlers<
  'listCases' | 'getCase' | 'listRefusedUploads' | 'getCertificate' | 'acceptCase' | 'retryCase'
> = {
  listCases: ({ path, request }, { records }) => listRecords(records, 'case', path.project, request),
  getCase: ({ path }, { records }) => requireRecord(records, 'case', path.project, path.caseId),
  listRefusedUploads,
  getCertificate,
  acceptCase,
  retryCase,
};

/** No case tells of these: nothing was started for them. */
async function listRefusedUploads({ path, request }: Call<'listRefusedUploads'>, { records }: ApiPorts) {
  const page = await listRecords(records, 'delivery', path.project, { ...request, state: 'rejected' });
  const items = page.items.flatMap(({ id, uploadManifestKey, createdAt, problem }) =>
    problem ? [{ id, manifestKey: uploadManifestKey, refusedAt: createdAt, problem }] : [],
  );
  return { items, next: page.next };
}

async function getCertificate({ path }: Call<'getCertificate'>, { records, objects }: ApiPorts) {
  const { certificate, state } = await requireRecord(records, 'case', path.project, path.caseId);
  if (!certificate) {
    throw new PipelineError(
      'NotFound',
      `case ${path.caseId} is ${state} and has no certificate; fix its problem and retry it`,
      { caseId: path.caseId },
    );
  }
  return { certificate: await readJson(objects, AnyCertificate, certificate) };
}

async function acceptCase(
  { path: { project, caseId }, caller }: Call<'acceptCase'>,
  { records }: ApiPorts,
): Promise<CaseRecord> {
  await requireRecord(records, 'case', project, caseId);
  return records.update('case', project, caseId, (current) => {
    if (current.state !== 'needs-review') {
      throw new PipelineError(
        'Conflict',
        `case ${caseId} is ${current.state}; only a case that needs review can be accepted`,
        { caseId, state: current.state },
      );
    }
    return { ...current, state: 'ready', acceptedBy: caller.user };
  });
}

async function retryCase(
  { path: { project, caseId } }: Call<'retryCase'>,
  { records, hints, ids, objects }: ApiPorts,
): Promise<{ hinted: number }> {
  const { archiveId, session, uploadManifestKey } = await requireRecord(records, 'case', project, caseId);
  if (uploadManifestKey !== null) await requireUpload(uploadManifestKey, objects);
  await hints.send({
    schemaVersion: SCHEMA_VERSION,
    kind: 'session-hint',
    deliveryId: ids.next('retry'),
    cause: 'retry',
    archiveId,
    project,
    session,
    uploadManifestKey,
  });
  return { hinted: 1 };
}
