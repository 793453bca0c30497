import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { unzipSync, zipSync } from 'fflate';
import { generatePhantom } from '../../../local/phantoms/generate-phantom.ts';
import { listed, startTestXnat, type TestXnat } from './running-xnat.ts';

// Loaded build machines take several times as long as an idle one.
jest.setTimeout(60_000);

const phantom = generatePhantom({ seed: 21, subject: 5 });
const files = phantom.scans[0]?.files ?? [];
let xnat: TestXnat;
let session: string;

beforeAll(async () => {
  xnat = await startTestXnat();
  await xnat.admin.createProject('P1');
  session = await xnat.admin.importSession({
    project: 'P1',
    subject: phantom.subject,
    session: phantom.session,
    files,
  });
});
afterAll(() => xnat.stop());

describe('import', () => {
  it('makes one scan per series, with every file and its SOP Instance UID', async () => {
    const scans = await listed(await xnat.get(`/data/experiments/${session}/scans?format=json`));
    expect(scans).toEqual([expect.objectContaining({ ID: '2', xsiType: 'xnat:ctScanData' })]);
    const uids = await xnat.get(`/xapi/roi/projects/P1/sessions/${session}/scans/2/uids`);
    expect(((await uids.json()) as string[]).sort()).toEqual([...phantom.truth.sopInstanceUids].sort());
    const map = await xnat.get(`/xapi/roi/projects/P1/sessions/${session}/uididmap`);
    expect(await map.json()).toEqual({ [phantom.scans[0]?.seriesUid ?? '']: '2' });
  });

  it('refuses a second session of the same label with 409, and replaces it with overwrite=delete', async () => {
    const extra = { project: 'P1', subject: 'S2', session: 'twice', files: files.slice(0, 2) };
    const first = await xnat.admin.importSession(extra);
    await expect(xnat.admin.importSession(extra)).rejects.toThrow('409');
    const second = await xnat.admin.importSession({ ...extra, overwrite: 'delete' });
    expect(second).not.toBe(first);
    expect((await xnat.get(`/data/experiments/${first}?format=json`)).status).toBe(404);
    await xnat.admin.deleteSession(second);
  });

  it('refuses an archive without DICOM with 422', async () => {
    const zip = zipSync({ 'note.txt': Buffer.from('no image') });
    const path = '/data/services/import?import-handler=DICOM-zip&inbody=true&project=P1&dest=/archive';
    expect((await xnat.send('POST', path, zip)).status).toBe(422);
  });
});

describe('lists', () => {
  it('serves /data, /data/archive and /REST alike, by id, and by label below the project', async () => {
    const rows = await Promise.all(
      ['/data', '/data/archive', '/REST'].map(async (root) =>
        listed(await xnat.get(`${root}/projects/P1/experiments?format=json`)),
      ),
    );
    expect(rows[0]).toEqual([expect.objectContaining({ ID: session, label: phantom.session })]);
    expect(rows[1]).toEqual(rows[0]);
    expect(rows[2]).toEqual(rows[0]);
    expect((await xnat.get(`/data/projects/P1/experiments/${phantom.session}?format=json`)).status).toBe(200);
    expect((await xnat.get(`/data/experiments/${phantom.session}?format=json`)).status).toBe(404);
  });

  it('writes CSV with a quoted header row, also where the list is empty', async () => {
    const path = `/data/experiments/${session}/assessors?columns=label,ID&format=csv`;
    expect(await (await xnat.get(path)).text()).toBe('"label","ID","xsiType","URI"\n');
  });

  it('leaves out columns that it does not know and keeps URI and xsiType', async () => {
    const [row] = await listed(
      await xnat.get(`/data/experiments/${session}/scans?columns=ID,nonsense&format=json`),
    );
    expect(Object.keys(row ?? {}).sort()).toEqual(['ID', 'URI', 'xsiType']);
  });

  it('answers a single item with the meta that clients read', async () => {
    const response = await xnat.get(`/data/projects/P1/experiments/${session}?format=json`);
    const { items } = (await response.json()) as { items: { meta: unknown; data_fields: unknown }[] };
    expect(items[0]?.meta).toEqual({ 'xsi:type': 'xnat:ctSessionData', isHistory: false });
    expect(items[0]?.data_fields).toEqual(expect.objectContaining({ UID: phantom.studyUid, modality: 'CT' }));
  });
});

describe('resources and files', () => {
  const scan = () => `/data/experiments/${session}/scans/2`;

  it('creates a resource once and answers 409 afterwards', async () => {
    const path = `${scan()}/resources/ONCE?format=NIFTI&content=IMAGE`;
    expect((await xnat.send('PUT', path)).status).toBe(200);
    const again = await xnat.send('PUT', path);
    expect(again.status).toBe(409);
    expect(await again.text()).toContain('Specified resource already exists.');
  });

  it('gives resources numbers that are unique across the server', async () => {
    await xnat.send('PUT', `/data/projects/P1/resources/A`);
    await xnat.send('PUT', `/data/experiments/${session}/resources/A`);
    const places = [`/data/projects/P1`, `/data/experiments/${session}`, scan()];
    const ids = await Promise.all(
      places.map(async (place) => listed(await xnat.get(`${place}/resources?format=json`))),
    );
    const numbers = ids.flat().map((row) => row.xnat_abstractresource_id);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it('reports a duplicate with status 200 and keeps the old bytes unless overwrite=true', async () => {
    const path = `${scan()}/resources/MASK/files/deep/mask%20%C3%A9.nii.gz`;
    await xnat.send('PUT', `${path}?inbody=true`, 'old');
    const kept = await xnat.send('PUT', `${path}?inbody=true`, 'new');
    expect(await kept.json()).toEqual({ duplicates: ['deep/mask é.nii.gz'] });
    expect(await (await xnat.get(path)).text()).toBe('old');
    await xnat.send('PUT', `${path}?inbody=true&overwrite=true`, 'new');
    expect(await (await xnat.get(path)).text()).toBe('new');
  });

  it('refuses an empty body with 400 and a path that leaves the resource', async () => {
    expect((await xnat.send('PUT', `${scan()}/resources/MASK/files/empty?inbody=true`)).status).toBe(400);
    const outside = `${scan()}/resources/MASK/files/..%2F..%2F..%2Fescape?inbody=true`;
    expect((await xnat.send('PUT', outside, 'bytes')).status).toBe(400);
  });

  it('zips a scan as <session>/scans/<id>-<type>/resources/<label>/files/<name>', async () => {
    const zip = await xnat.get(`${scan()}/resources/DICOM/files?format=zip`);
    const entries = unzipSync(new Uint8Array(await zip.arrayBuffer()));
    const names = files.map(
      (file) => `${phantom.session}/scans/2-Phantom_abdomen/resources/DICOM/files/${file.name}`,
    );
    expect(Object.keys(entries).sort()).toEqual(names.sort());
    expect(
      Buffer.from(entries[names[0] as string] as Uint8Array).equals(Buffer.from(files[0]?.bytes ?? [])),
    ).toBe(true);
  });

  it('answers 404 for a zip of nothing, or 204 with accept-not-found', async () => {
    const path = `/data/experiments/${session}/scans/9,8/files?format=zip`;
    expect((await xnat.get(path)).status).toBe(404);
    expect((await xnat.get(`${path}&accept-not-found=true`)).status).toBe(204);
  });

  it('shows a bare resource as catalogue XML whatever the format', async () => {
    const response = await xnat.get(`${scan()}/resources/DICOM?format=json`);
    expect(response.headers.get('content-type')).toContain('text/xml');
    expect((await response.text()).match(/<cat:entry /g)).toHaveLength(files.length);
  });

  it('answers HEAD without a body, and errors as HTML', async () => {
    const head = await xnat.send('HEAD', `${scan()}/resources/DICOM/files/${files[0]?.name}`);
    expect(head.headers.get('content-length')).toBe(String(files[0]?.bytes.length));
    const missing = await xnat.get(`${scan()}/resources/DICOM/files/none.dcm`);
    expect([missing.status, missing.headers.get('content-type')]).toEqual([404, 'text/html;charset=UTF-8']);
  });
});
