import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { nodeHasher } from '../../../../src/adapters/aws/node-hasher.ts';
import { createS3ObjectStore } from '../../../../src/adapters/aws/s3-object-store.ts';

const s3 = mockClient(S3Client);
const store = createS3ObjectStore({
  client: new S3Client({ region: 'eu-west-1' }),
  bucket: 'data',
  hasher: nodeHasher,
});

const MIB = 1024 * 1024;
const TEMPORARY = 'projects/P/work/e 1/image.nii.gz';
const UPLOAD = { Bucket: 'data', Key: TEMPORARY, UploadId: 'u' };
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const noise = (length: number) => Uint8Array.from({ length }, (_, n) => (n * 31) >> 3);
const open = () => store.openBlob('P', TEMPORARY, 'application/gzip');

function failure(name: string, httpStatusCode: number): S3ServiceException {
  return new S3ServiceException({ name, $fault: 'client', $metadata: { httpStatusCode }, message: name });
}

beforeEach(() => {
  s3.reset();
  s3.on(CreateMultipartUploadCommand).resolves({ UploadId: 'u' });
  s3.on(UploadPartCommand).callsFake(({ PartNumber }) => ({ ETag: `etag-${PartNumber}` }));
  s3.on(HeadObjectCommand).rejects(failure('NotFound', 404));
});

describe('a blob of at most one part', () => {
  it('is written at once, under its digest', async () => {
    const upload = await open();
    await upload.write(noise(3));
    await upload.write(noise(5));
    const whole = Buffer.concat([noise(3), noise(5)]);
    const key = `projects/P/blobs/sha256/${digest(whole)}`;
    expect(await upload.finish()).toEqual({ key, sha256: digest(whole), sizeBytes: 8 });
    expect(s3.commandCalls(PutObjectCommand)[0]?.args[0].input).toMatchObject({
      Key: key,
      IfNoneMatch: '*',
      ContentType: 'application/gzip',
    });
    expect(s3.commandCalls(CreateMultipartUploadCommand)).toHaveLength(0);
  });

  it('leaves nothing when it is aborted', async () => {
    const upload = await open();
    await upload.write(noise(3));
    await upload.abort();
    expect(s3.calls()).toHaveLength(0);
  });
});

describe('a larger blob', () => {
  const whole = noise(20 * MIB + 7);
  const key = `projects/P/blobs/sha256/${digest(whole)}`;
  const write = async (upload: Awaited<ReturnType<typeof open>>) => {
    for (let from = 0; from < whole.length; from += 3 * MIB)
      await upload.write(whole.subarray(from, from + 3 * MIB));
  };

  it('goes in parts to a working file that expires, and is copied to its digest without tags', async () => {
    const upload = await open();
    await write(upload);
    expect(await upload.finish()).toEqual({ key, sha256: digest(whole), sizeBytes: whole.length });
    expect(s3.commandCalls(CreateMultipartUploadCommand)[0]?.args[0].input).toEqual({
      Bucket: 'data',
      Key: TEMPORARY,
      ContentType: 'application/gzip',
      Tagging: 'expires=work',
    });
    const parts = s3.commandCalls(UploadPartCommand).map(({ args }) => args[0].input);
    const sent = parts.map(({ PartNumber, Body }) => [PartNumber, (Body as Uint8Array).length]);
    expect(sent).toEqual([
      [1, 8 * MIB],
      [2, 8 * MIB],
      [3, 4 * MIB + 7],
    ]);
    expect(digest(Buffer.concat(parts.map(({ Body }) => Body as Uint8Array)))).toBe(digest(whole));
    expect(parts[2]?.ContentMD5).toBe(
      createHash('md5')
        .update(whole.subarray(16 * MIB))
        .digest('base64'),
    );
    expect(s3.commandCalls(CompleteMultipartUploadCommand)[0]?.args[0].input).toEqual({
      ...UPLOAD,
      MultipartUpload: { Parts: [1, 2, 3].map((n) => ({ PartNumber: n, ETag: `etag-${n}` })) },
    });
    expect(s3.commandCalls(CopyObjectCommand)[0]?.args[0].input).toEqual({
      Bucket: 'data',
      Key: key,
      CopySource: 'data/projects/P/work/e%201/image.nii.gz',
      MetadataDirective: 'REPLACE',
      TaggingDirective: 'REPLACE',
      ContentType: 'application/gzip',
      Metadata: { sha256: digest(whole) },
    });
  });

  it('is not copied over one that is there already', async () => {
    s3.on(HeadObjectCommand, { Bucket: 'data', Key: key }).resolves({ ContentLength: whole.length });
    const upload = await open();
    await write(upload);
    expect(await upload.finish()).toMatchObject({ key });
    expect(s3.commandCalls(CopyObjectCommand)).toHaveLength(0);
  });

  it('is aborted, and leaves no part behind', async () => {
    const upload = await open();
    await write(upload);
    await upload.abort();
    expect(s3.commandCalls(AbortMultipartUploadCommand)[0]?.args[0].input).toEqual(UPLOAD);
    expect(s3.commandCalls(CompleteMultipartUploadCommand)).toHaveLength(0);
  });

  it('fails with what S3 said of a part, which the writer hears at the next one or at the end', async () => {
    s3.on(UploadPartCommand).rejects(failure('SlowDown', 503));
    const upload = await open();
    await expect(write(upload).then(() => upload.finish())).rejects.toMatchObject({ name: 'SlowDown' });
  });

  it('is aborted by itself when it cannot be completed, even if aborting fails too', async () => {
    s3.on(CompleteMultipartUploadCommand).rejects(failure('InternalError', 500));
    s3.on(AbortMultipartUploadCommand).rejects(failure('NoSuchUpload', 404));
    const upload = await open();
    await write(upload);
    await expect(upload.finish()).rejects.toMatchObject({ name: 'InternalError' });
    expect(s3.commandCalls(AbortMultipartUploadCommand)).toHaveLength(1);
    expect(s3.commandCalls(CopyObjectCommand)).toHaveLength(0);
  });
});
