import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import dicomParser from 'dicom-parser';
import { withDefect } from '../../../local/phantoms/defects.ts';
import { generatePhantom, phantomAim, phantomRtstruct } from '../../../local/phantoms/generate-phantom.ts';
import {
  type HookReceiver,
  listed,
  startHookReceiver,
  startTestXnat,
  type TestXnat,
} from './running-xnat.ts';

// Loaded build machines take several times as long as an idle one.
jest.setTimeout(60_000);

/** Oblique, keyhole: both the axes and the half pixel matter in its AIM. */
const phantom = generatePhantom({ seed: 31, subject: 4 });
let xnat: TestXnat;
let hooks: HookReceiver;
let session: string;

beforeAll(async () => {
  xnat = await startTestXnat();
  await xnat.admin.createProject('P1');
  const { subject, session: label } = phantom;
  session = await xnat.admin.importSession({
    project: 'P1',
    subject,
    session: label,
    files: phantom.scans[0]?.files ?? [],
  });
});
afterAll(() => xnat.stop());
beforeEach(async () => {
  hooks = await startHookReceiver();
  await xnat.admin.subscribe('P1', hooks.url);
});
afterEach(async () => {
  await xnat.admin.unsubscribe('P1');
  await hooks.stop();
});

const outLabels = async (assessor: string) =>
  (
    await listed(
      await xnat.get(`/data/experiments/${session}/assessors/${assessor}/out/resources?format=json`),
    )
  ).map((row) => row.label);
const save = (label: string, type: 'AIM' | 'RTSTRUCT', content: string | Uint8Array, overwrite = false) =>
  xnat.admin.saveRoiCollection({ project: 'P1', session, label, type, content, overwrite });

describe('saving AIM', () => {
  it('tells of the row while it holds no file yet', async () => {
    const slow = await startTestXnat({ saveDelayMs: 1500 });
    await slow.admin.createProject('P1');
    await slow.admin.subscribe('P1', hooks.url);
    const { subject, session: label, scans } = phantom;
    const id = await slow.admin.importSession({
      project: 'P1',
      subject,
      session: label,
      files: scans[0]?.files ?? [],
    });
    const content = phantomRtstruct(phantom);
    const saving = slow.admin.saveRoiCollection({
      project: 'P1',
      session: id,
      label: 'R',
      type: 'RTSTRUCT',
      content,
    });
    await hooks.waitFor(2);
    const assessor = hooks.received.find((hook) => hook.body.kind === 'roi')?.body.assessor;
    const path = `/data/experiments/${id}/assessors/${assessor}`;
    expect((await slow.get(`${path}?format=json`)).status).toBe(200);
    expect(await listed(await slow.get(`${path}/out/resources?format=json`))).toEqual([]);
    await saving;
    expect(await listed(await slow.get(`${path}/out/resources?format=json`))).toHaveLength(1);
    await slow.stop();
  });

  it('stores the row, then the AIM, then the RTSTRUCT, with CREATED, UPDATED, UPDATED', async () => {
    const assessor = await save('AIM_order', 'AIM', phantomAim(phantom));
    expect(await outLabels(assessor)).toEqual(['AIM', 'RTSTRUCT']);
    await hooks.waitFor(3);
    await delay(80);
    expect(hooks.received.map((hook) => hook.body.kind)).toEqual(['roi', 'roi', 'roi']);
    const history = (await xnat.admin.deliveries('P1')) as unknown as {
      trigger: { URI: string; status: string };
    }[];
    const statuses = history
      .filter((one) => one.trigger.URI.endsWith(assessor))
      .map((one) => one.trigger.status);
    expect(statuses).toEqual(['CREATED', 'UPDATED', 'UPDATED']);
  });

  it('derives an RTSTRUCT whose points agree with the drawn ones within 1e-3 mm', async () => {
    const id = await save('AIM_points', 'AIM', phantomAim(phantom));
    const response = await xnat.get(`/xapi/roi/projects/P1/collections/${id}?type=RTSTRUCT`);
    const derived = dicomParser.parseDicom(new Uint8Array(await response.arrayBuffer()));
    const contours = (derived.elements.x30060039?.items ?? []).flatMap(
      (roi) => roi.dataSet?.elements.x30060040?.items ?? [],
    );
    const drawn = phantom.structures.regions.flatMap((region) => region.contours);
    expect(contours).toHaveLength(drawn.length);
    contours.forEach((contour, at) => {
      const points = (contour.dataSet?.string('x30060050') ?? '').split('\\').map(Number);
      const expected = drawn[at]?.points.flat() ?? [];
      expect(points).toHaveLength(expected.length);
      expect(Math.max(...points.map((value, n) => Math.abs(value - (expected[n] as number))))).toBeLessThan(
        1e-3,
      );
    });
    expect(derived.string('x0020000d')).toBe(phantom.studyUid);
  });

  it('refuses a label that exists, and with overwrite empties the row and keeps its id', async () => {
    const first = await save('AIM_again', 'AIM', phantomAim(phantom));
    await expect(save('AIM_again', 'AIM', phantomAim(phantom))).rejects.toThrow(
      /422.*ROI collection exists, overwrite not specified/,
    );
    expect(await save('AIM_again', 'AIM', phantomAim(phantom), true)).toBe(first);
    expect(await outLabels(first)).toEqual(['AIM', 'RTSTRUCT']);
  });
});

describe('saving RTSTRUCT', () => {
  it('stores it as it is, as resource RTSTRUCT of the out list', async () => {
    const content = phantomRtstruct(phantom);
    const id = await save('RTSTRUCT_plain', 'RTSTRUCT', content);
    expect(await outLabels(id)).toEqual(['RTSTRUCT']);
    const stored = await xnat.get(
      `/data/experiments/${session}/assessors/${id}/out/resources/RTSTRUCT/files/RTSTRUCT_plain.dcm`,
    );
    expect(Buffer.from(await stored.arrayBuffer()).equals(content)).toBe(true);
  });

  it('refuses references to a study, series or image that the session does not hold', async () => {
    const { series } = phantom.structures;
    const withSeries = (changed: Partial<typeof series>) =>
      phantomRtstruct({ structures: { ...phantom.structures, series: { ...series, ...changed } } });
    await expect(save('bad1', 'RTSTRUCT', withSeries({ studyUid: '1.2.3' }))).rejects.toThrow(
      'Missing dependencies: study UID',
    );
    await expect(save('bad2', 'RTSTRUCT', withSeries({ seriesUid: '1.2.3' }))).rejects.toThrow(
      'Missing dependencies: series UID',
    );
    const elsewhere = phantomRtstruct(withDefect(phantom, 'other-series'));
    await expect(save('bad3', 'RTSTRUCT', elsewhere)).rejects.toThrow(
      'Missing dependencies: SOP instance UID',
    );
    const exists = await xnat.get('/xapi/roi/projects/P1/exists/bad3');
    expect(await exists.json()).toBe(false);
  });

  it('accepts a structure set without regions: that is for the reader to refuse', async () => {
    const empty = phantomRtstruct(withDefect(phantom, 'empty-rtstruct'));
    expect(await save('empty', 'RTSTRUCT', empty)).toMatch(/^RoiCollection_/);
  });
});

describe('other rules of the ROI API', () => {
  it('refuses NIFTI as the plugin does, an unknown type, and a label of another session with 409', async () => {
    const path = (id: string, label: string, type: string) =>
      `/xapi/roi/projects/P1/sessions/${id}/collections/${label}?type=${type}`;
    const nifti = await xnat.send('PUT', path(session, 'n', 'NIFTI'), 'x');
    expect([nifti.status, await nifti.text()]).toEqual([
      422,
      expect.stringContaining('referenced study UID'),
    ]);
    expect((await xnat.send('PUT', path(session, 'n', 'DRAWING'), 'x')).status).toBe(422);
    const second = await xnat.admin.importSession({
      project: 'P1',
      subject: phantom.subject,
      session: 'second',
      files: phantom.scans[0]?.files ?? [],
    });
    await save('taken', 'RTSTRUCT', phantomRtstruct(phantom));
    const taken = await xnat.send('PUT', path(second, 'taken', 'RTSTRUCT'), phantomRtstruct(phantom));
    expect(taken.status).toBe(409);
  });

  it('lists collections for the poll with session and insert date, and deletes without an event', async () => {
    const id = await save('polled', 'RTSTRUCT', phantomRtstruct(phantom));
    const query =
      'xsiType=icr:roiCollectionData&project=P1&columns=ID,label,insert_date,session_ID&format=json';
    const rows = await listed(await xnat.get(`/data/experiments?${query}`));
    const row = rows.find((one) => one.ID === id);
    expect(row).toEqual(expect.objectContaining({ label: 'polled', session_ID: session }));
    expect(row?.insert_date).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
    await hooks.waitFor(2);
    const before = hooks.received.length;
    await xnat.send('DELETE', `/xapi/roi/projects/P1/collections/${id}`);
    await delay(60);
    expect(hooks.received).toHaveLength(before);
    expect((await xnat.get(`/data/experiments/${id}?format=json`)).status).toBe(404);
  });
});
