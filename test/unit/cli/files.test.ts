import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { generatePhantom, phantomRtstruct } from '../../../local/phantoms/generate-phantom.ts';
import { createApiClient } from '../../../src/cli/api-client.ts';
import { mirrorEventFiles } from '../../../src/cli/mirror-event-files.ts';
import { scanDicomFolder } from '../../../src/cli/scan-dicom-folder.ts';
import { sendUpload } from '../../../src/cli/send-upload.ts';
import { UploadManifest } from '../../../src/contracts/events.ts';
import { parseIncomingManifestKey } from '../../../src/contracts/object-keys.ts';
import { readUploadManifest, requireComplete } from '../../../src/pipeline/read-upload-manifest.ts';
import { createMemoryObjectStore } from '../../helpers/memory-object-store.ts';
import { type FakeApi, startFakeApi } from './fake-api.ts';

const newFolder = () => mkdtempSync(join(tmpdir(), 'contourflow-files-'));
let files: Server | undefined;
let api: FakeApi | undefined;
afterEach(async () => {
  await new Promise((resolve) => (files ? files.close(resolve) : resolve(undefined)));
  await api?.stop();
  files = undefined;
  api = undefined;
});

describe('scanDicomFolder', () => {
  it('groups images by series, reads what the structures refer to and counts the rest', async () => {
    const phantom = generatePhantom({ seed: 3, subject: 1 });
    const folder = newFolder();
    mkdirSync(join(folder, 'ct'));
    const [scan] = phantom.scans;
    for (const { name, bytes } of scan?.files ?? []) writeFileSync(join(folder, 'ct', name), bytes);
    writeFileSync(join(folder, 'rs.dcm'), phantomRtstruct(phantom));
    writeFileSync(join(folder, 'notes.txt'), 'not DICOM');
    const found = await scanDicomFolder(folder);
    expect(found.series).toHaveLength(1);
    expect(found.series[0]).toMatchObject({ seriesUid: scan?.seriesUid, modality: 'CT' });
    expect(found.series[0]?.files).toHaveLength(scan?.files.length ?? -1);
    expect(found.structures[0]).toMatchObject({
      seriesUids: [scan?.seriesUid],
      roiNames: ['Liver', 'Spleen', 'Kidney'],
    });
    expect(found.ignored).toEqual([join(folder, 'notes.txt')]);
  });
});

describe('sendUpload', () => {
  it('sends the manifest last, names every file by its digest and no one by name', async () => {
    const s3 = mockClient(S3Client);
    s3.on(PutObjectCommand).resolves({});
    const bytes = (text: string) => async () => Buffer.from(text);
    await sendUpload(new S3Client({ region: 'us-east-1' }), 'bucket', {
      project: 'P1',
      uploadId: 'u1',
      subject: 'S1',
      session: 'E1',
      images: Array.from({ length: 20 }, (_, at) => bytes(`image ${at}`)),
      structures: [bytes('contours')],
    });
    const calls = s3.commandCalls(PutObjectCommand).map((call) => call.args[0].input);
    const last = calls.at(-1);
    expect(calls).toHaveLength(22);
    expect(parseIncomingManifestKey(last?.Key ?? '')).toEqual({ project: 'P1', uploadId: 'u1' });
    const manifest = UploadManifest.parse(JSON.parse(String(last?.Body)));
    expect(
      [...manifest.images, ...manifest.structures].map(({ key }) => `incoming/P1/u1/${key}`).sort(),
    ).toEqual(
      calls
        .slice(0, -1)
        .map(({ Key }) => Key)
        .sort(),
    );
    for (const { key, sha256 } of manifest.images) expect(key).toBe(`${sha256}.dcm`);
  });
});

describe('sendUpload of a folder with copies', () => {
  it('lists a file once that lies there twice, so that the manifest is taken', async () => {
    const s3 = mockClient(S3Client);
    s3.on(PutObjectCommand).resolves({});
    const bytes = (text: string) => async () => Buffer.from(text);
    await sendUpload(new S3Client({ region: 'us-east-1' }), 'bucket', {
      project: 'P1',
      uploadId: 'u1',
      subject: 'S1',
      session: 'E1',
      images: ['image 1', 'image 2', 'image 1'].map(bytes),
      structures: ['contours', 'contours'].map(bytes),
    });
    const objects = createMemoryObjectStore();
    for (const call of s3.commandCalls(PutObjectCommand)) {
      const { Key = '', Body } = call.args[0].input;
      await objects.write(Key, Buffer.from(Body as string | Uint8Array));
    }
    const key = 'incoming/P1/u1/_COMPLETE.json';
    const manifest = await readUploadManifest(key, objects);
    expect([manifest.images.length, manifest.structures.length]).toEqual([2, 1]);
    await expect(requireComplete(key, manifest, objects)).resolves.toBeUndefined();
  });
});

describe('mirrorEventFiles', () => {
  async function mirrored(contents: { text: string }, ranges: boolean) {
    const asked: string[] = [];
    files = createServer((message, response) => {
      const range = ranges ? /bytes=(\d+)-/.exec(message.headers.range ?? '') : null;
      asked.push(message.headers.range ?? 'all');
      response.writeHead(range ? 206 : 200);
      response.end(contents.text.slice(Number(range?.[1] ?? 0)));
    });
    await new Promise<void>((resolve) => files?.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(files.address() as AddressInfo).port}/e`;
    api = await startFakeApi({
      listEventFiles: () => ({
        files: [
          { name: 'events.out.1', sizeBytes: contents.text.length, modifiedAt: '2026-11-23T10:00:00Z', url },
        ],
      }),
    });
    const client = createApiClient(api.url, async () => 't');
    const folder = newFolder();
    const mirror = () => mirrorEventFiles(client, 'P1', 'run-1', folder);
    return { mirror, read: () => readFileSync(join(folder, 'events.out.1'), 'utf8'), asked };
  }

  it('fetches only what was added', async () => {
    const contents = { text: 'abc' };
    const { mirror, read, asked } = await mirrored(contents, true);
    expect(await mirror()).toBe(1);
    contents.text = 'abcdef';
    expect(await mirror()).toBe(1);
    expect(await mirror()).toBe(0);
    expect(read()).toBe('abcdef');
    expect(asked).toEqual(['all', 'bytes=3-']);
  });

  it('starts anew when the file shrank, and when the server knows no ranges', async () => {
    const contents = { text: 'abcdef' };
    const { mirror, read } = await mirrored(contents, false);
    await mirror();
    contents.text = 'xyz';
    await mirror();
    expect(read()).toBe('xyz');
    contents.text = 'xyz12';
    await mirror();
    expect(read()).toBe('xyz12');
  });
});
