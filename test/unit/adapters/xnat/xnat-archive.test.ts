import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { generatePhantom, phantomAim, phantomRtstruct } from '../../../../local/phantoms/generate-phantom.ts';
import { createXnatArchive } from '../../../../src/adapters/xnat/create-xnat-archive.ts';
import type { ArchiveFile, ImagingArchive } from '../../../../src/ports/archive.ts';
import { LOGIN, listed, startTestXnat, type TestXnat } from '../../../local/xnat/running-xnat.ts';
import { type FakeSite, startFakeSite } from './fake-site.ts';

// Loaded build machines take several times as long as an idle one.
jest.setTimeout(60_000);

const phantom = generatePhantom({ seed: 71, subject: 7 });
const files = phantom.scans[0]?.files ?? [];
const rtstruct = phantomRtstruct(phantom);
let xnat: TestXnat;
let archive: ImagingArchive;
let session: string;
let aim: string;
let drawn: string;

beforeAll(async () => {
  xnat = await startTestXnat();
  await xnat.admin.createProject('P1');
  const { subject, session: label } = phantom;
  session = await xnat.admin.importSession({ project: 'P1', subject, session: label, files });
  const save = (name: string, type: 'AIM' | 'RTSTRUCT', content: string | Uint8Array) =>
    xnat.admin.saveRoiCollection({ project: 'P1', session, label: name, type, content });
  aim = await save('AIM 1 (ü)', 'AIM', phantomAim(phantom));
  drawn = await save('RTSTRUCT_1', 'RTSTRUCT', rtstruct);
  archive = createXnatArchive({ baseUrl: xnat.url, username: LOGIN.user, password: LOGIN.password });
});
afterAll(async () => {
  await archive.close();
  await xnat.stop();
});

async function collect(scanFiles: AsyncIterable<ArchiveFile>): Promise<ArchiveFile[]> {
  const all: ArchiveFile[] = [];
  for await (const file of scanFiles) all.push(file);
  return all;
}
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'success',
    (error: { code?: string }) => error.code,
  );

describe('readSession', () => {
  it('tells subject, scans by series UID, and collections with the resources that hold files', async () => {
    const read = await archive.readSession('P1', session);
    expect(read).toEqual({
      project: 'P1',
      session,
      subject: expect.stringMatching(/^XNAT_S/),
      scans: [
        {
          scanId: '2',
          seriesUid: phantom.scans[0]?.seriesUid,
          seriesDescription: 'Phantom abdomen',
          modality: 'CT',
        },
      ],
      roiCollections: [
        {
          assessorId: aim,
          collectionType: 'AIM',
          savedAt: expect.any(String),
          resourceLabels: ['AIM', 'RTSTRUCT'],
        },
        {
          assessorId: drawn,
          collectionType: 'RTSTRUCT',
          savedAt: expect.any(String),
          resourceLabels: ['RTSTRUCT'],
        },
      ],
    });
    expect(Date.parse(read.roiCollections[0]?.savedAt ?? '')).toBeLessThanOrEqual(Date.now());
  });

  it('holds no label or name of the patient', async () => {
    expect(JSON.stringify(await archive.readSession('P1', session))).not.toContain('PHANTOM');
  });

  it('says SessionNotFound for an unknown session and for one of another project', async () => {
    await xnat.admin.createProject('P2');
    expect(await codeOf(archive.readSession('P1', 'XNAT_E99999'))).toBe('SessionNotFound');
    expect(await codeOf(archive.readSession('P2', session))).toBe('SessionNotFound');
  });
});

describe('downloadScan', () => {
  it('yields every file once, byte for byte', async () => {
    const downloaded = await collect(archive.downloadScan('P1', session, '2'));
    expect(downloaded.map((file) => file.name).sort()).toEqual(files.map((file) => file.name).sort());
    for (const file of downloaded) {
      const original = files.find((one) => one.name === file.name)?.bytes ?? new Uint8Array();
      expect(Buffer.from(file.bytes).equals(Buffer.from(original))).toBe(true);
    }
  });

  it('takes resource `secondary` where there is no `DICOM`', async () => {
    const scan = `/data/experiments/${session}/scans/7`;
    await xnat.send('PUT', `${scan}?xsiType=xnat:ctScanData`);
    await xnat.send('PUT', `${scan}/resources/secondary/files/one.dcm?inbody=true`, files[0]?.bytes);
    await xnat.send('PUT', `${scan}/resources/SNAPSHOTS/files/a.gif?inbody=true`, 'GIF');
    const downloaded = await collect(archive.downloadScan('P1', session, '7'));
    expect(downloaded.map((file) => file.name)).toEqual(['one.dcm']);
  });

  it('says NoDicomResource for a scan without images', async () => {
    await xnat.send('PUT', `/data/experiments/${session}/scans/8?xsiType=xnat:ctScanData`);
    expect(await codeOf(collect(archive.downloadScan('P1', session, '8')))).toBe('NoDicomResource');
  });
});

describe('downloadRoi', () => {
  it('gives the stored RTSTRUCT byte for byte, and the one derived from AIM', async () => {
    const stored = await archive.downloadRoi('P1', session, drawn, 'RTSTRUCT');
    expect(Buffer.from(stored.bytes).equals(rtstruct)).toBe(true);
    const derived = await archive.downloadRoi('P1', session, aim, 'RTSTRUCT');
    expect(Buffer.from(derived.bytes.subarray(128, 132)).toString()).toBe('DICM');
  });
});

describe('uploadScanResource', () => {
  const upload = (bytes: string) =>
    archive.uploadScanResource({
      project: 'P1',
      session,
      scanId: '2',
      label: 'CONTOURFLOW',
      format: 'NIFTI',
      content: 'MASK',
      files: [{ name: 'mask.nii.gz', bytes: Buffer.from(bytes) }],
    });

  it('creates the resource, replaces files of the same name, and tells where it is', async () => {
    const { uri } = await upload('first');
    await upload('second');
    const rows = await listed(await xnat.get(`${uri}/files?format=json`));
    expect(rows).toEqual([
      expect.objectContaining({ Name: 'mask.nii.gz', file_format: 'NIFTI', file_content: 'MASK' }),
    ]);
    expect(await (await xnat.get(`${uri}/files/mask.nii.gz`)).text()).toBe('second');
  });
});

describe('listRoiCollections', () => {
  it('lists every collection of the project with its session, and none of another project', async () => {
    const collections = await archive.listRoiCollections('P1');
    expect(collections.map(({ session: of, assessorId }) => [of, assessorId])).toEqual([
      [session, aim],
      [session, drawn],
    ]);
    expect(await archive.listRoiCollections('P2')).toEqual([]);
  });
});

describe('listRoiFiles', () => {
  it('tells an overwritten collection by its files, though its row stays as it was', async () => {
    const at = { project: 'P1', session, label: 'AIM_2', type: 'AIM' } as const;
    const content = phantomAim(phantom);
    const id = await xnat.admin.saveRoiCollection({ ...at, content });
    const look = async () => ({
      rows: (await archive.listRoiCollections('P1')).filter(({ assessorId }) => assessorId === id),
      files: await archive.listRoiFiles(session, id),
    });
    const before = await look();
    const [first] = before.files.filter(({ resourceLabel }) => resourceLabel === 'AIM');
    expect(first).toMatchObject({ size: String(Buffer.byteLength(content)) });
    await xnat.admin.saveRoiCollection({ ...at, content: `${content}\n`, overwrite: true });
    const after = await look();
    expect(after.rows).toEqual(before.rows);
    expect(after.files).not.toEqual(before.files);
    await xnat.send('DELETE', `/data/experiments/${session}/assessors/${id}`);
    expect(await archive.listRoiFiles(session, id)).toEqual([]);
  });

  it('lists the RTSTRUCT derived from an AIM beside it', async () => {
    const files = await archive.listRoiFiles(session, aim);
    expect(files.map(({ resourceLabel }) => resourceLabel).sort()).toEqual(['AIM', 'RTSTRUCT']);
  });
});

describe('answers that are not what they seem', () => {
  let site: FakeSite | undefined;
  afterEach(() => site?.stop());
  const connect = async (answer: (path: string) => { status: number; body: string }) => {
    site = await startFakeSite((request, response) => {
      const { status, body } = answer(request.url ?? '');
      response.writeHead(status).end(body);
    });
    return createXnatArchive({ baseUrl: site.url, username: 'u', password: 'p', retryDelaysMs: [1] });
  };
  const rows = (...result: Record<string, string>[]) => JSON.stringify({ ResultSet: { Result: result } });

  it('a login page with status 200 is ArchiveRejected', async () => {
    const client = await connect(() => ({ status: 200, body: '<html>Log in</html>' }));
    expect(await codeOf(client.listRoiCollections('P1'))).toBe('ArchiveRejected');
  });

  it('a file of another size than listed, or gone since, is ArchiveUnavailable', async () => {
    for (const status of [200, 404]) {
      const client = await connect((path) => {
        if (path.includes('/files?')) {
          return {
            status: 200,
            body: rows({ URI: '/data/experiments/E/resources/1/files/a.dcm', Size: '999' }),
          };
        }
        if (path.includes('/resources?')) {
          return { status: 200, body: rows({ label: 'DICOM', xnat_abstractresource_id: '1' }) };
        }
        return { status, body: 'short' };
      });
      expect(await codeOf(collect(client.downloadScan('P1', 'E', '1')))).toBe('ArchiveUnavailable');
      await site?.stop();
    }
  });

  it('a listed address outside /data is not followed', async () => {
    const client = await connect((path) =>
      path.includes('/files?')
        ? { status: 200, body: rows({ URI: 'http://169.254.169.254/latest', Size: '1' }) }
        : { status: 200, body: rows({ label: 'DICOM', xnat_abstractresource_id: '1' }) },
    );
    expect(await codeOf(collect(client.downloadScan('P1', 'E', '1')))).toBe('UnsafeFileAddress');
    expect(site?.calls.some((call) => call.includes('169.254'))).toBe(false);
  });

  it('a collection whose file is not there yet is ArchiveUnavailable, so it is read again', async () => {
    const client = await connect(() => ({ status: 200, body: rows() }));
    expect(await codeOf(client.downloadRoi('P1', 'E', 'R', 'RTSTRUCT'))).toBe('ArchiveUnavailable');
  });

  it('a collection that was deleted while the session was read is left out', async () => {
    const client = await connect((path) => {
      if (path.includes('/assessors/')) return { status: 404, body: '<html>gone</html>' };
      if (path.includes('/assessors?'))
        return { status: 200, body: rows({ ID: 'R', xsiType: 'icr:roiCollectionData' }) };
      if (path.includes('/uididmap')) return { status: 404, body: '' };
      const scan = { data_fields: { ID: '3', UID: '1.2.3', type: 'T1', modality: 'MR' } };
      const item = {
        data_fields: { project: 'P1', subject_ID: 'S' },
        children: [{ field: 'scans/scan', items: [scan] }],
      };
      return { status: 200, body: JSON.stringify({ items: [item] }) };
    });
    const read = await client.readSession('P1', 'E');
    expect(read.roiCollections).toEqual([]);
    expect(read.scans).toEqual([
      { scanId: '3', seriesUid: '1.2.3', seriesDescription: 'T1', modality: 'MR' },
    ]);
  });

  it('a duplicate that XNAT kept is ArchiveRejected, not success', async () => {
    const client = await connect(() => ({ status: 200, body: '{"duplicates":["m.nii.gz"]}' }));
    const upload = { project: 'P1', session: 'E', scanId: '1', label: 'L', format: 'NIFTI', content: 'MASK' };
    const uploading = client.uploadScanResource({
      ...upload,
      files: [{ name: 'm.nii.gz', bytes: Buffer.from('x') }],
    });
    expect(await codeOf(uploading)).toBe('ArchiveRejected');
  });
});
