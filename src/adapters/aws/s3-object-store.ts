import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { PipelineError } from '../../contracts/errors.ts';
import type { ObjectKey, ObjectRef } from '../../contracts/identifiers.ts';
import { isWorkKey, objectKeys } from '../../contracts/object-keys.ts';
import type { Hasher, ObjectStore } from '../../ports/index.ts';
import { openS3BlobUpload } from './s3-blob-upload.ts';
import { createPresigner } from './s3-presigner.ts';
import { readObjectInto } from './s3-read-into.ts';

const DEFAULT_LIST_LIMIT = 1000;
const OCTETS = 'application/octet-stream';

export interface S3ObjectStoreOptions {
  readonly client: S3Client;
  readonly bucket: string;
  readonly hasher: Hasher;
}

/** Objects of the data bucket. Every write carries its SHA-256, so that S3 refuses bytes damaged on the way. */
export function createS3ObjectStore({ client, bucket, hasher }: S3ObjectStoreOptions): ObjectStore {
  const calls = { client, bucket, hasher };
  const writeOnce: ObjectStore['writeOnce'] = (key, bytes, type) => putOnce(calls, key, bytes, type);
  const writeBlob: ObjectStore['writeBlob'] = (project, bytes, type) =>
    writeOnce(objectKeys.blob(project, hasher.sha256(bytes)), bytes, type);
  return {
    read: (ref) => readObject(calls, ref),
    readRange: (key, from, to) => readRange(calls, key, from, to),
    readInto: (ref, target) => withNotFound(ref.key, () => readObjectInto(calls, ref, target)),
    write: (key, bytes, type) => putObject(calls, key, bytes, type),
    writeOnce,
    writeBlob,
    openBlob: async (project, temporaryKey, contentType = OCTETS) =>
      openS3BlobUpload({
        ...{ client, bucket, project, temporaryKey, contentType },
        writeSmall: (bytes) => writeBlob(project, bytes, contentType),
        exists: async (key) => (await statObject(calls, key)) !== null,
      }),
    async copy(from, to) {
      const CopySource = `${bucket}/${from.split('/').map(encodeURIComponent).join('/')}`;
      await client.send(new CopyObjectCommand({ Bucket: bucket, Key: to, CopySource }));
    },
    stat: (key) => statObject(calls, key),
    list: (prefix, limit) => listObjects(calls, prefix, limit),
    ...createPresigner(client, bucket),
  };
}

type Calls = S3ObjectStoreOptions;

async function readObject(
  { client, bucket, hasher }: Calls,
  ref: ObjectRef | { key: ObjectKey },
): Promise<Uint8Array> {
  const bytes = await getBytes(client, bucket, ref.key);
  if (!('sha256' in ref)) return bytes;
  const sha256 = hasher.sha256(bytes);
  if (sha256 === ref.sha256) return bytes;
  throw new PipelineError(
    'DigestMismatch',
    `object ${ref.key} has SHA-256 ${sha256}, expected ${ref.sha256}; store it again`,
    { key: ref.key, expected: ref.sha256, actual: sha256 },
  );
}

async function readRange(calls: Calls, key: ObjectKey, from: number, to: number): Promise<Uint8Array> {
  if (to <= from) return new Uint8Array();
  try {
    return await getBytes(calls.client, calls.bucket, key, `bytes=${from}-${to - 1}`);
  } catch (error) {
    // The file does not reach that far yet: nothing new, which is no error for a reader that follows it.
    if (statusOf(error) === 416) return new Uint8Array();
    throw error;
  }
}

async function getBytes(
  client: S3Client,
  bucket: string,
  key: ObjectKey,
  Range?: string,
): Promise<Uint8Array> {
  return withNotFound(key, async () => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range }));
    return (await Body?.transformToByteArray()) ?? new Uint8Array();
  });
}

async function withNotFound<T>(key: ObjectKey, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    throw new PipelineError(
      'NotFound',
      `there is no object ${key}; it may have expired`,
      { key },
      { cause: error },
    );
  }
}

async function putObject(
  { client, bucket, hasher }: Calls,
  key: ObjectKey,
  bytes: Uint8Array,
  contentType = OCTETS,
  condition: { IfNoneMatch?: '*' } = {},
): Promise<ObjectRef> {
  const sha256 = hasher.sha256(bytes);
  await client.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: bytes,
      ContentType: contentType,
      ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
      Metadata: { sha256 },
      ...(isWorkKey(key) ? { Tagging: 'expires=work' } : {}),
      ...condition,
    }),
  );
  return { key, sha256, sizeBytes: bytes.byteLength };
}

async function putOnce(
  calls: Calls,
  key: ObjectKey,
  bytes: Uint8Array,
  contentType?: string,
): Promise<ObjectRef> {
  try {
    return await putObject(calls, key, bytes, contentType, { IfNoneMatch: '*' });
  } catch (error) {
    // 412: it is there already; 409: somebody else is writing it at this moment.
    if (statusOf(error) !== 412 && statusOf(error) !== 409) throw error;
    return requireSameBytes(calls, key, bytes, error);
  }
}

async function requireSameBytes(
  calls: Calls,
  key: ObjectKey,
  bytes: Uint8Array,
  cause: unknown,
): Promise<ObjectRef> {
  const sha256 = calls.hasher.sha256(bytes);
  const stored = await storedDigest(calls, key);
  if (stored === sha256) return { key, sha256, sizeBytes: bytes.byteLength };
  throw new PipelineError(
    'Conflict',
    `object ${key} exists with other content and is immutable; store the new content under another id`,
    { key, stored, offered: sha256 },
    { cause },
  );
}

async function storedDigest({ client, bucket, hasher }: Calls, key: ObjectKey): Promise<string> {
  try {
    const { Metadata } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return Metadata?.sha256 ?? hasher.sha256(await getBytes(client, bucket, key));
  } catch (cause) {
    if (statusOf(cause) !== 404) throw cause;
    const message = `object ${key} is being written by somebody else and is not there yet; try again`;
    throw new PipelineError('UpstreamError', message, { key }, { cause });
  }
}

async function statObject({ client, bucket }: Calls, key: ObjectKey): Promise<{ sizeBytes: number } | null> {
  try {
    const { ContentLength = 0 } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return { sizeBytes: ContentLength };
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

async function listObjects(
  { client, bucket }: Calls,
  prefix: string,
  limit = DEFAULT_LIST_LIMIT,
): ReturnType<ObjectStore['list']> {
  const found: Awaited<ReturnType<ObjectStore['list']>> = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        MaxKeys: Math.min(1000, limit - found.length),
        ContinuationToken,
      }),
    );
    for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
      found.push({ key: Key, sizeBytes: Size, modifiedAt: LastModified?.toISOString() ?? '' });
    }
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken && found.length < limit);
  return found.slice(0, limit);
}

function statusOf(error: unknown): number | undefined {
  const metadata =
    error instanceof Error && '$metadata' in error
      ? (error.$metadata as { httpStatusCode?: number })
      : undefined;
  return metadata?.httpStatusCode;
}
