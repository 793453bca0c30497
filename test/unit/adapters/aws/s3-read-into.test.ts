import { createHash, randomBytes } from 'node:crypto';
import { GetObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
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
const KEY = 'projects/P/blobs/sha256/x';
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const refTo = (bytes: Uint8Array) => ({ key: KEY, sha256: digest(bytes), sizeBytes: bytes.length });

/** The part of a response body that is read here: pieces as they arrive. */
function body(bytes: Uint8Array, pieceBytes = 1000): never {
  return (async function* () {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  })() as never;
}

beforeEach(() => {
  s3.reset();
});

describe('readInto', () => {
  it('fills shared memory with a small object, asked for as a whole', async () => {
    const bytes = Uint8Array.from({ length: 2500 }, (_, n) => n * 7);
    s3.on(GetObjectCommand).resolves({ Body: body(bytes) });
    const target = new Uint8Array(new SharedArrayBuffer(2500));
    await store.readInto(refTo(bytes), target);
    expect(digest(target)).toBe(digest(bytes));
    expect(s3.commandCalls(GetObjectCommand)[0]?.args[0].input).toEqual({ Bucket: 'data', Key: KEY });
  });

  it('reads a large object in ranges', async () => {
    const bytes = new Uint8Array(randomBytes(35 * MIB));
    s3.on(GetObjectCommand).callsFake(({ Range }: { Range: string }) => {
      const [from = 0, to = 0] = Range.slice('bytes='.length).split('-').map(Number);
      return { Body: body(bytes.subarray(from, to + 1), MIB) };
    });
    const target = new Uint8Array(bytes.length);
    await store.readInto(refTo(bytes), target);
    expect(digest(target)).toBe(digest(bytes));
    expect(s3.commandCalls(GetObjectCommand).map(({ args }) => args[0].input.Range)).toEqual([
      `bytes=0-${16 * MIB - 1}`,
      `bytes=${16 * MIB}-${32 * MIB - 1}`,
      `bytes=${32 * MIB}-${35 * MIB - 1}`,
    ]);
  });

  it('reads an empty object without asking for it', async () => {
    await store.readInto(refTo(new Uint8Array()), new Uint8Array());
    expect(s3.calls()).toHaveLength(0);
  });

  it.each([
    ['other', Uint8Array.of(1, 2, 4), 'has SHA-256'],
    ['more', Uint8Array.of(1, 2, 3, 4), 'more than 3 bytes'],
    ['fewer', Uint8Array.of(1, 2), 'fewer than 3 bytes'],
  ])('refuses %s bytes than were stored', async (_what, found, message) => {
    s3.on(GetObjectCommand).resolves({ Body: body(found) });
    const reading = store.readInto(refTo(Uint8Array.of(1, 2, 3)), new Uint8Array(3));
    await expect(reading).rejects.toMatchObject({
      code: 'DigestMismatch',
      message: expect.stringContaining(message),
    });
  });

  it('refuses an object without a body, and one that is not there', async () => {
    s3.on(GetObjectCommand).resolvesOnce({});
    const ref = refTo(Uint8Array.of(1));
    await expect(store.readInto(ref, new Uint8Array(1))).rejects.toMatchObject({ code: 'DigestMismatch' });
    s3.on(GetObjectCommand).rejects(
      new S3ServiceException({
        ...{ name: 'NoSuchKey', $fault: 'client', message: 'gone' },
        $metadata: { httpStatusCode: 404 },
      }),
    );
    await expect(store.readInto(ref, new Uint8Array(1))).rejects.toMatchObject({ code: 'NotFound' });
  });
});
