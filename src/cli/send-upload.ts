import { createHash } from 'node:crypto';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { UploadManifest } from '../contracts/events.ts';
import { objectKeys } from '../contracts/object-keys.ts';

/** Read only when its turn comes: a session can be larger than memory. */
export type UploadFile = () => Promise<Uint8Array>;

export interface Upload {
  readonly project: string;
  readonly uploadId: string;
  readonly subject: string;
  readonly session: string;
  readonly images: readonly UploadFile[];
  /** RTSTRUCT files. */
  readonly structures: readonly UploadFile[];
}

const PARALLEL = 8;

/**
 * Sends files to `incoming/{project}/{upload}/`, each under its own digest so that no file name of a patient
 * gets into a key, and `_COMPLETE.json` last: it alone starts the preparation.
 *
 * @returns key of the manifest.
 */
export async function sendUpload(s3: S3Client, bucket: string, upload: Upload): Promise<string> {
  const prefix = objectKeys.incomingPrefix(upload.project, upload.uploadId);
  const send = async (read: UploadFile): Promise<{ key: string; sha256: string }> => {
    const body = await read();
    const sha256 = createHash('sha256').update(body).digest('hex');
    const key = `${sha256}.dcm`;
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}${key}`, Body: body }));
    return { key, sha256 };
  };
  const images = withoutCopies(await inBatches(upload.images, send));
  const structures = withoutCopies(await inBatches(upload.structures, send));
  const { subject, session } = upload;
  const manifest: UploadManifest = { schemaVersion: 1, subject, session, images, structures };
  const key = objectKeys.incomingManifest(upload.project, upload.uploadId);
  const body = JSON.stringify(manifest);
  await s3.send(
    new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/json' }),
  );
  return key;
}

/** A folder may hold a file twice; its digest is its name, which a manifest lists once. */
function withoutCopies<F extends { readonly key: string }>(files: readonly F[]): F[] {
  return [...new Map(files.map((file) => [file.key, file])).values()];
}

async function inBatches<A, B>(items: readonly A[], work: (item: A) => Promise<B>): Promise<B[]> {
  const results: B[] = [];
  for (let at = 0; at < items.length; at += PARALLEL) {
    results.push(...(await Promise.all(items.slice(at, at + PARALLEL).map(work))));
  }
  return results;
}
