import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { ObjectKey, ObjectRef } from '../../contracts/identifiers.ts';
import { objectKeys } from '../../contracts/object-keys.ts';
import type { BlobUpload } from '../../ports/index.ts';

/** S3 takes parts of 5 MiB and more, 10,000 at most; anything smaller than one part is written at once. */
const PART_BYTES = 8 * 1024 * 1024;
/** What is in memory at most, beside the part being filled. */
const PARTS_AT_ONCE = 3;

export interface BlobUploadOptions {
  readonly client: S3Client;
  readonly bucket: string;
  readonly project: string;
  readonly temporaryKey: ObjectKey;
  readonly contentType: string;
  /** Stores a blob that fits into one part. */
  readonly writeSmall: (bytes: Uint8Array) => Promise<ObjectRef>;
  readonly exists: (key: ObjectKey) => Promise<boolean>;
}

/**
 * A blob that is sent while it is made. Its key is its digest, which is known in the end only: parts go to a working
 * file, tagged to expire, which S3 then copies to the key. A blob that is there already has the same bytes and is kept.
 */
export function openS3BlobUpload(options: BlobUploadOptions): BlobUpload {
  const hash = createHash('sha256');
  const parts = new PartSender(options);
  let sizeBytes = 0;
  let [part, filled] = [new Uint8Array(PART_BYTES), 0];
  return {
    async write(bytes) {
      hash.update(bytes);
      sizeBytes += bytes.length;
      for (let from = 0; from < bytes.length; ) {
        const taken = bytes.subarray(from, from + PART_BYTES - filled);
        part.set(taken, filled);
        filled += taken.length;
        from += taken.length;
        if (filled < PART_BYTES) continue;
        await parts.send(part);
        [part, filled] = [new Uint8Array(PART_BYTES), 0];
      }
    },
    async finish() {
      const rest = part.subarray(0, filled);
      if (!parts.begun) return options.writeSmall(rest);
      const sha256 = hash.digest('hex');
      const key = objectKeys.blob(options.project, sha256);
      try {
        if (filled > 0) await parts.send(rest);
        await parts.complete();
      } catch (error) {
        // Why it failed is what counts; a lifecycle rule ends what could not be aborted.
        await parts.abort().catch(() => undefined);
        throw error;
      }
      if (!(await options.exists(key))) await copyToBlob(options, key, sha256);
      return { key, sha256, sizeBytes };
    },
    abort: () => parts.abort(),
  };
}

/** The parts of one upload, a few under way at once. */
class PartSender {
  readonly #options: BlobUploadOptions;
  readonly #sent: CompletedPart[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  readonly #failures: unknown[] = [];
  #uploadId: string | undefined;

  constructor(options: BlobUploadOptions) {
    this.#options = options;
  }

  get begun(): boolean {
    return this.#uploadId !== undefined;
  }

  /** Resolves when there is room for another part. */
  async send(bytes: Uint8Array): Promise<void> {
    this.#uploadId ??= await this.#begin();
    const number = this.#sent.length + this.#inFlight.size + 1;
    const sending = this.#sendPart(number, bytes)
      .catch((error: unknown) => void this.#failures.push(error))
      .finally(() => this.#inFlight.delete(sending));
    this.#inFlight.add(sending);
    if (this.#inFlight.size >= PARTS_AT_ONCE) await Promise.race(this.#inFlight);
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  async complete(): Promise<void> {
    await Promise.all(this.#inFlight);
    if (this.#failures.length > 0) throw this.#failures[0];
    const Parts = this.#sent.sort((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
    await this.#options.client.send(
      new CompleteMultipartUploadCommand({ ...this.#upload(), MultipartUpload: { Parts } }),
    );
  }

  async abort(): Promise<void> {
    await Promise.all(this.#inFlight);
    if (this.begun) await this.#options.client.send(new AbortMultipartUploadCommand(this.#upload()));
    this.#uploadId = undefined;
  }

  async #begin(): Promise<string | undefined> {
    const { client, contentType: ContentType } = this.#options;
    const begin = { ...this.#place(), ContentType, Tagging: 'expires=work' };
    return (await client.send(new CreateMultipartUploadCommand(begin))).UploadId;
  }

  async #sendPart(PartNumber: number, Body: Uint8Array): Promise<void> {
    const part = { ...this.#upload(), PartNumber, Body, ContentMD5: contentMd5(Body) };
    const { ETag } = await this.#options.client.send(new UploadPartCommand(part));
    this.#sent.push({ PartNumber, ETag });
  }

  #place() {
    return { Bucket: this.#options.bucket, Key: this.#options.temporaryKey };
  }

  #upload() {
    return { ...this.#place(), UploadId: this.#uploadId };
  }
}

/** With it S3 refuses a part that was damaged on the way. */
function contentMd5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('base64');
}

/** The copy takes over neither tags, by which the working file expires, nor metadata. */
async function copyToBlob(
  { client, bucket, temporaryKey, contentType }: BlobUploadOptions,
  key: ObjectKey,
  sha256: string,
): Promise<void> {
  await client.send(
    new CopyObjectCommand({
      Bucket: bucket,
      Key: key,
      CopySource: `${bucket}/${temporaryKey.split('/').map(encodeURIComponent).join('/')}`,
      MetadataDirective: 'REPLACE',
      TaggingDirective: 'REPLACE',
      ContentType: contentType,
      Metadata: { sha256 },
    }),
  );
}
