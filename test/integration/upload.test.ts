import { createHash } from 'node:crypto';
import { CopyObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { s3Client } from '../../local/machine/aws-clients.ts';
import type { UploadManifest } from '../../src/contracts/events.ts';
import { sessionRecordId, UPLOAD_ARCHIVE_ID } from '../../src/contracts/identifiers.ts';
import { objectKeys } from '../../src/contracts/object-keys.ts';
import { allPreparations, deployedRecords } from './deployed.ts';
import { eventually } from './eventually.ts';
import { newProject, type TestProject } from './project.ts';
import { awaitCase, casesOf, phantom, upload } from './sessions.ts';

describe('plain S3 uploads', () => {
  let project: TestProject;
  beforeAll(async () => {
    project = await newProject('upload', { subscribed: false });
  }, 60_000);

  const bucket = () => project.machine.deployment?.dataBucket ?? '';
  const put = (key: string, body: string) =>
    s3Client(project.machine).send(new PutObjectCommand({ Bucket: bucket(), Key: key, Body: body }));
  const rejection = (code: string) =>
    eventually(`a rejected delivery with code ${code}`, async () => {
      const records = await deployedRecords(project);
      const { items } = await records.list('delivery', project.id, { state: 'rejected' });
      return items.find(({ problem }) => problem?.code === code);
    });

  it('starts nothing for a manifest whose files are not all there', async () => {
    const before = (await allPreparations(project)).length;
    const sha256 = createHash('sha256').update('never sent').digest('hex');
    const manifest: UploadManifest = {
      schemaVersion: 1,
      subject: 'S1',
      session: 'INCOMPLETE',
      images: [{ key: `${sha256}.dcm`, sha256 }],
      structures: [],
    };
    await put(objectKeys.incomingManifest(project.id, 'incomplete'), JSON.stringify(manifest));
    const { problem } = await rejection('UploadIncomplete');
    expect(problem?.message).toContain('1 of 1 files of the upload are missing');
    expect(await allPreparations(project)).toHaveLength(before);
  }, 60_000);

  it('starts nothing for a manifest that is none', async () => {
    const before = (await allPreparations(project)).length;
    await put(objectKeys.incomingManifest(project.id, 'malformed'), '{"images": "all of them"}');
    const { problem } = await rejection('MalformedBody');
    expect(problem?.message).toContain('is not an upload manifest');
    expect(await allPreparations(project)).toHaveLength(before);
  }, 60_000);

  it('makes a case of an upload once, however often its manifest is written', async () => {
    const patient = phantom(2);
    const key = await upload(project, patient);
    const made = await awaitCase(project, patient.session, 'ready');
    expect(made).toMatchObject({ archiveId: UPLOAD_ARCHIVE_ID, uploadManifestKey: key, scanId: null });

    await s3Client(project.machine).send(
      new CopyObjectCommand({
        Bucket: bucket(),
        Key: key,
        CopySource: `${bucket()}/${key}`,
        MetadataDirective: 'REPLACE',
      }),
    );
    const id = sessionRecordId(UPLOAD_ARCHIVE_ID, patient.session);
    const prepared = await eventually('the second preparation', async () => {
      const session = await (await deployedRecords(project)).get('session', project.id, id);
      return session?.preparedGeneration === 2 ? session : undefined;
    });
    expect(prepared).toMatchObject({ generation: 2, uploads: [{ manifestKey: key, pending: false }] });
    const cases = (await casesOf(project)).filter((one) => one.session === patient.session);
    expect(cases).toMatchObject([{ id: made.id, revision: made.revision }]);
  }, 180_000);

  it('puts an upload into quarantine whose contours refer to a series that was not sent', async () => {
    const [sound, other] = [phantom(5), phantom(6)];
    const mixed = { ...sound, session: 'MIXED', structures: other.structures };
    await upload(project, mixed);
    const { problem } = await awaitCase(project, 'MIXED', 'quarantined');
    expect(problem).toMatchObject({ code: 'ReferencedSeriesMissing', stage: 'FetchScans' });
  }, 120_000);
});
