import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { unzipSync } from 'fflate';
import { answerCloudFormation, type CustomResourceRequest } from '../cloudformation-answer.ts';
import { cacheControl, contentType } from './web-files.ts';

const s3 = new S3Client({});

interface Properties {
  readonly SourceBucket: string;
  /** Zip of the built dashboard. */
  readonly SourceKey: string;
  readonly WebBucket: string;
  /** JSON text of `config.json`. */
  readonly Config: string;
}

/** Makes the web bucket hold the built dashboard and its `config.json`, and nothing else. */
export async function handler(request: CustomResourceRequest): Promise<void> {
  const properties = request.ResourceProperties as unknown as Properties;
  const physicalResourceId = `web-assets-${properties.WebBucket}`;
  try {
    // Deleted with the stack, or replaced because the bucket was: either way the old bucket is to be emptied.
    const files = request.RequestType === 'Delete' ? new Map() : await readFiles(properties);
    await upload(properties.WebBucket, files);
    await removeOthers(properties.WebBucket, files);
    await answerCloudFormation(request, { physicalResourceId });
  } catch (error) {
    const failure = `the dashboard could not be uploaded: ${(error as Error).message}`;
    await answerCloudFormation(request, { physicalResourceId, failure });
  }
}

async function readFiles({ SourceBucket, SourceKey, Config }: Properties): Promise<Map<string, Uint8Array>> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: SourceBucket, Key: SourceKey }));
  if (!Body) throw new Error(`the asset ${SourceKey} is empty`);
  const files = Object.entries(unzipSync(await Body.transformToByteArray())).filter(
    ([name]) => !name.endsWith('/'),
  );
  return new Map([...files, ['config.json', new TextEncoder().encode(Config)]]);
}

async function upload(bucket: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  await Promise.all(
    [...files].map(([name, bytes]) =>
      s3.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: name,
          Body: bytes,
          ContentType: contentType(name),
          CacheControl: cacheControl(name),
        }),
      ),
    ),
  );
}

async function removeOthers(bucket: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  const others = Contents.flatMap(({ Key }) => (Key && !files.has(Key) ? [{ Key }] : []));
  if (others.length > 0) {
    await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: others } }));
  }
}
