import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
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

const ABC = new TextEncoder().encode('abc');
const ABC_SHA256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const ABC_BASE64 = 'ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=';
const KEY = 'projects/p/cases/c/certificate.json';

function failure(name: string, httpStatusCode: number): S3ServiceException {
  return new S3ServiceException({ name, $fault: 'client', $metadata: { httpStatusCode }, message: name });
}

/** The part of a response body that the store uses. */
function body(bytes: Uint8Array): never {
  return { transformToByteArray: async () => bytes } as never;
}

beforeEach(() => {
  s3.reset();
});

describe('reading objects', () => {
  it('reads bytes from its own bucket', async () => {
    s3.on(GetObjectCommand, { Bucket: 'data', Key: KEY }).resolves({ Body: body(ABC) });
    expect(await store.read({ key: KEY })).toEqual(ABC);
  });

  it('reads an object without a body as empty', async () => {
    s3.on(GetObjectCommand).resolves({});
    expect(await store.read({ key: KEY })).toEqual(new Uint8Array());
  });

  it('accepts bytes of the promised digest, and refuses others with DigestMismatch', async () => {
    s3.on(GetObjectCommand).resolves({ Body: body(ABC) });
    expect(await store.read({ key: KEY, sha256: ABC_SHA256, sizeBytes: 3 })).toEqual(ABC);
    const expected = '0'.repeat(64);
    await expect(store.read({ key: KEY, sha256: expected, sizeBytes: 3 })).rejects.toMatchObject({
      code: 'DigestMismatch',
      details: { key: KEY, expected, actual: ABC_SHA256 },
    });
  });

  it('answers NotFound for a missing object, with what S3 said as its cause', async () => {
    const cause = failure('NoSuchKey', 404);
    s3.on(GetObjectCommand).rejects(cause);
    await expect(store.read({ key: KEY })).rejects.toMatchObject({ code: 'NotFound', cause });
  });

  it.each([
    ['SlowDown', 503],
    ['AccessDenied', 403],
  ])('passes %s on as it is', async (name, status) => {
    s3.on(GetObjectCommand).rejects(failure(name, status));
    await expect(store.read({ key: KEY })).rejects.toMatchObject({ name });
  });

  it('passes on an error without a response', async () => {
    s3.on(GetObjectCommand).rejects(new Error('socket hang up'));
    await expect(store.read({ key: KEY })).rejects.toThrow('socket hang up');
  });

  it('reads [from, to) of a file as an inclusive byte range', async () => {
    s3.on(GetObjectCommand, { Range: 'bytes=10-19' }).resolves({ Body: body(ABC) });
    expect(await store.readRange(KEY, 10, 20)).toEqual(ABC);
  });

  it('asks S3 nothing for an empty range', async () => {
    expect(await store.readRange(KEY, 10, 10)).toEqual(new Uint8Array());
    expect(s3.calls()).toHaveLength(0);
  });

  it('reads beyond the end as nothing, but reports other failures', async () => {
    s3.on(GetObjectCommand).rejectsOnce(failure('InvalidRange', 416)).rejects(failure('NoSuchKey', 404));
    expect(await store.readRange(KEY, 10, 20)).toEqual(new Uint8Array());
    await expect(store.readRange(KEY, 10, 20)).rejects.toMatchObject({ code: 'NotFound' });
  });
});

describe('writing objects', () => {
  it('sends the SHA-256 for S3 to check and keeps it as metadata', async () => {
    s3.on(PutObjectCommand).resolves({});
    expect(await store.write(KEY, ABC, 'application/json')).toEqual({
      key: KEY,
      sha256: ABC_SHA256,
      sizeBytes: 3,
    });
    expect(s3.commandCalls(PutObjectCommand)[0]?.args[0].input).toEqual({
      Bucket: 'data',
      Key: KEY,
      Body: ABC,
      ContentType: 'application/json',
      ChecksumSHA256: ABC_BASE64,
      Metadata: { sha256: ABC_SHA256 },
    });
  });

  it('tags working files for expiry, and nothing else', async () => {
    s3.on(PutObjectCommand).resolves({});
    await store.write('projects/p/work/x/scans.json', ABC);
    await store.write('projects/work/runs/r/spec.json', ABC);
    const [work, lasting] = s3.commandCalls(PutObjectCommand).map(({ args }) => args[0].input);
    expect(work?.Tagging).toBe('expires=work');
    expect(lasting?.Tagging).toBeUndefined();
    expect(lasting?.ContentType).toBe('application/octet-stream');
  });

  it('writes once under the condition that the key is free', async () => {
    s3.on(PutObjectCommand).resolves({});
    await store.writeOnce(KEY, ABC);
    expect(s3.commandCalls(PutObjectCommand)[0]?.args[0].input).toMatchObject({ IfNoneMatch: '*' });
    expect(s3.commandCalls(HeadObjectCommand)).toHaveLength(0);
  });

  it.each([
    ['PreconditionFailed', 412],
    ['ConditionalRequestConflict', 409],
  ])('takes %s over the same bytes as success', async (name, status) => {
    s3.on(PutObjectCommand).rejects(failure(name, status));
    s3.on(HeadObjectCommand).resolves({ Metadata: { sha256: ABC_SHA256 } });
    expect(await store.writeOnce(KEY, ABC)).toEqual({ key: KEY, sha256: ABC_SHA256, sizeBytes: 3 });
  });

  it('reports Conflict over other bytes', async () => {
    const stored = 'f'.repeat(64);
    s3.on(PutObjectCommand).rejects(failure('PreconditionFailed', 412));
    s3.on(HeadObjectCommand).resolves({ Metadata: { sha256: stored } });
    await expect(store.writeOnce(KEY, ABC)).rejects.toMatchObject({
      code: 'Conflict',
      details: { key: KEY, stored, offered: ABC_SHA256 },
    });
  });

  it('reads an object that another program stored without metadata', async () => {
    s3.on(PutObjectCommand).rejects(failure('PreconditionFailed', 412));
    s3.on(HeadObjectCommand).resolves({ Metadata: {} });
    s3.on(GetObjectCommand)
      .resolvesOnce({ Body: body(ABC) })
      .resolves({ Body: body(new Uint8Array([1])) });
    expect(await store.writeOnce(KEY, ABC)).toMatchObject({ sha256: ABC_SHA256 });
    await expect(store.writeOnce(KEY, ABC)).rejects.toMatchObject({ code: 'Conflict' });
  });

  it('asks to try again while another writer has not finished yet', async () => {
    s3.on(PutObjectCommand).rejects(failure('ConditionalRequestConflict', 409));
    s3.on(HeadObjectCommand).rejects(failure('NotFound', 404));
    await expect(store.writeOnce(KEY, ABC)).rejects.toMatchObject({ code: 'UpstreamError', retryable: true });
  });

  it('passes on a failure to look at what is there', async () => {
    s3.on(PutObjectCommand).rejects(failure('PreconditionFailed', 412));
    s3.on(HeadObjectCommand).rejects(failure('SlowDown', 503));
    await expect(store.writeOnce(KEY, ABC)).rejects.toMatchObject({ name: 'SlowDown' });
  });

  it('passes on any other failure to write', async () => {
    s3.on(PutObjectCommand).rejects(failure('SlowDown', 503));
    await expect(store.writeOnce(KEY, ABC)).rejects.toMatchObject({ name: 'SlowDown' });
    expect(s3.commandCalls(HeadObjectCommand)).toHaveLength(0);
  });

  it('stores a blob once, under its digest in its project', async () => {
    s3.on(PutObjectCommand).resolves({});
    const { key } = await store.writeBlob('p', ABC, 'application/dicom');
    expect(key).toBe(`projects/p/blobs/sha256/${ABC_SHA256}`);
    expect(s3.commandCalls(PutObjectCommand)[0]?.args[0].input).toMatchObject({
      Key: key,
      IfNoneMatch: '*',
      ContentType: 'application/dicom',
    });
  });

  it('copies within the bucket, with the source as a URL path', async () => {
    s3.on(CopyObjectCommand).resolves({});
    await store.copy('incoming/p/u/a file+1.dcm', 'projects/p/x');
    expect(s3.commandCalls(CopyObjectCommand)[0]?.args[0].input).toEqual({
      Bucket: 'data',
      Key: 'projects/p/x',
      CopySource: 'data/incoming/p/u/a%20file%2B1.dcm',
    });
  });
});

describe('looking at objects', () => {
  it('gives the size of an object, and null for a missing one', async () => {
    s3.on(HeadObjectCommand)
      .resolvesOnce({ ContentLength: 7 })
      .resolvesOnce({})
      .rejects(failure('NotFound', 404));
    expect(await store.stat(KEY)).toEqual({ sizeBytes: 7 });
    expect(await store.stat(KEY)).toEqual({ sizeBytes: 0 });
    expect(await store.stat(KEY)).toBeNull();
  });

  it('does not take a refusal for a missing object', async () => {
    s3.on(HeadObjectCommand).rejects(failure('AccessDenied', 403));
    await expect(store.stat(KEY)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('follows the pages of a list', async () => {
    const LastModified = new Date('2026-01-01T00:00:00.000Z');
    s3.on(ListObjectsV2Command, { Prefix: 'a/', ContinuationToken: undefined }).resolves({
      Contents: [{ Key: 'a/1', Size: 1, LastModified }, {}],
      NextContinuationToken: 'more',
    });
    s3.on(ListObjectsV2Command, { Prefix: 'a/', ContinuationToken: 'more' }).resolves({
      Contents: [{ Key: 'a/2', Size: 2, LastModified }],
    });
    expect(await store.list('a/')).toEqual([
      { key: 'a/1', sizeBytes: 1, modifiedAt: '2026-01-01T00:00:00.000Z' },
      { key: '', sizeBytes: 0, modifiedAt: '' },
      { key: 'a/2', sizeBytes: 2, modifiedAt: '2026-01-01T00:00:00.000Z' },
    ]);
  });

  it('lists nothing below an unused prefix', async () => {
    s3.on(ListObjectsV2Command).resolves({});
    expect(await store.list('a/')).toEqual([]);
  });

  it('stops at the limit without reading another page', async () => {
    s3.on(ListObjectsV2Command).resolves({
      Contents: [{ Key: 'a/1' }, { Key: 'a/2' }],
      NextContinuationToken: 'x',
    });
    expect((await store.list('a/', 3)).map(({ key }) => key)).toEqual(['a/1', 'a/2', 'a/1']);
    const limits = s3.commandCalls(ListObjectsV2Command).map(({ args }) => args[0].input.MaxKeys);
    expect(limits).toEqual([3, 1]);
  });
});
