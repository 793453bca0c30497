import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectStore } from '../../ports/index.ts';

/** Links that carry a signature. The signer is loaded on first use: most stages never sign anything. */
export function createPresigner(
  client: S3Client,
  bucket: string,
): Pick<ObjectStore, 'presignGet' | 'presignPut'> {
  return {
    async presignGet(key, seconds, downloadName) {
      const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
      const disposition = downloadName
        ? { ResponseContentDisposition: `attachment; filename="${safeFileName(downloadName)}"` }
        : {};
      const command = new GetObjectCommand({ Bucket: bucket, Key: key, ...disposition });
      return getSignedUrl(client, command, { expiresIn: seconds });
    },
    async presignPut(key, seconds, sizeBytes) {
      const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
      const command = new PutObjectCommand({ Bucket: bucket, Key: key, ContentLength: sizeBytes });
      return getSignedUrl(client, command, {
        expiresIn: seconds,
        signableHeaders: new Set(['content-length']),
      });
    },
  };
}

function safeFileName(name: string): string {
  return name.replace(/[^A-Za-z0-9_.-]/g, '_');
}
