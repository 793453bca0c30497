import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { createPresigner } from '../../../../src/adapters/aws/s3-presigner.ts';

const client = new S3Client({
  region: 'eu-west-1',
  credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' },
  requestChecksumCalculation: 'WHEN_REQUIRED',
});
const { presignGet, presignPut } = createPresigner(client, 'data');

describe('presigned links', () => {
  it('let one object be read for the given time', async () => {
    const url = new URL(await presignGet('projects/p/exports/e/model.zip', 300));
    expect(url.host).toBe('data.s3.eu-west-1.amazonaws.com');
    expect(url.pathname).toBe('/projects/p/exports/e/model.zip');
    expect(url.searchParams.get('X-Amz-Expires')).toBe('300');
    expect(url.searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/);
    expect(url.searchParams.has('response-content-disposition')).toBe(false);
    expect(url.href).not.toContain('secret');
  });

  it('name the download, with nothing in the name that could end the header field', async () => {
    const url = new URL(await presignGet('k', 60, 'my "model"\r\nX: 1.zip'));
    expect(url.searchParams.get('response-content-disposition')).toBe(
      'attachment; filename="my__model___X__1.zip"',
    );
  });

  it('let exactly the announced number of bytes be uploaded, with no digest of an empty body', async () => {
    const url = new URL(await presignPut('projects/p/uploads/bundle.zip', 900, 1234));
    expect(url.searchParams.get('X-Amz-Expires')).toBe('900');
    expect(url.searchParams.get('X-Amz-SignedHeaders')?.split(';')).toContain('content-length');
    expect([...url.searchParams.keys()].filter((name) => /checksum-crc/i.test(name))).toEqual([]);
  });

  it('sign another size differently', async () => {
    const signature = async (size: number) =>
      new URL(await presignPut('k', 900, size)).searchParams.get('X-Amz-Signature');
    expect(await signature(1)).not.toBe(await signature(2));
  });
});
