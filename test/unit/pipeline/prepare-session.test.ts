import { describe, expect, it } from '@jest/globals';
import { Certificate, CertificateThresholds } from '../../../src/contracts/certificate.ts';
import { LabelPolicies } from '../../../src/contracts/label-policy.ts';
import { decodeNifti } from '../../../src/imaging/nifti/decode-nifti.ts';
import { gunzipBounded } from '../../../src/imaging/nifti/gzip.ts';
import { fetchScans } from '../../../src/pipeline/fetch-scans.ts';
import { routeEvent } from '../../../src/pipeline/route-event.ts';
import { rtStruct } from '../../helpers/dicom-writer.ts';
import type { MemoryPorts } from '../../helpers/memory-ports.ts';
import { settle } from './prepare-session-runner.ts';
import {
  AUTOMATION,
  addAutomation,
  boxContours,
  ctSeries,
  hintOf,
  PROJECT,
  putUpload,
  sessionFixture,
} from './session-fixture.ts';

const NATIVE_BOX_VOXELS = 6 * 6 * 4;
let deliveries = 0;

async function prepared(ports: MemoryPorts, message?: unknown): Promise<void> {
  deliveries += 1;
  await routeEvent(message ?? hintOf(`test:${deliveries}`), ports);
  await settle(ports);
}

const states = (ports: MemoryPorts) => ports.records.all('case').map(({ state }) => state);

describe('a session with one contoured series', () => {
  it('becomes a ready case whose native mask holds exactly the drawn voxels', async () => {
    const { ports, archive } = await sessionFixture();
    archive.collections.set('ROI_1', { savedAt: '2026-03-01T09:00:00Z', rtstruct: boxContours() });
    await prepared(ports);
    const [record] = ports.records.all('case');
    expect(record).toMatchObject({
      state: 'ready',
      subject: 'XNAT_S1',
      scanId: '4',
      units: 'HU',
      seriesDescription: 'Abdomen 2.0',
      classes: [{ index: 1, maskValue: 10, name: 'Liver' }],
      problem: null,
    });
    const mask = record?.resources.find(({ content }) => content === 'MASK_NATIVE');
    const bytes = await ports.objects.read(mask?.object ?? { key: '' });
    const { values } = decodeNifti(gunzipBounded(bytes, 1e9));
    expect(Array.from(values).filter((value) => value === 10)).toHaveLength(NATIVE_BOX_VOXELS);
  });

  it('writes its six resources back to the scan under the names of XNAT ML', async () => {
    const { ports, archive } = await sessionFixture();
    archive.collections.set('ROI_1', { savedAt: '2026-03-01T09:00:00Z', rtstruct: boxContours() });
    await prepared(ports);
    expect(archive.uploads.map(({ scanId, label, content, name }) => [scanId, label, content, name])).toEqual(
      [
        ['4', 'image-native', 'IMAGE_NATIVE', 'image-native.nii.gz'],
        ['4', `${AUTOMATION}-mask-native`, 'MASK_NATIVE', `${AUTOMATION}-mask-native.nii.gz`],
        ['4', `${AUTOMATION}-image`, 'IMAGE', `${AUTOMATION}-image.nii.gz`],
        ['4', `${AUTOMATION}-mask`, 'MASK', `${AUTOMATION}-mask.nii.gz`],
        ['4', `${AUTOMATION}-certificate`, 'CERTIFICATE', `${AUTOMATION}-certificate.json`],
        ['4', `${AUTOMATION}-qa`, 'QA', `${AUTOMATION}-qa.png`],
      ],
    );
    expect(archive.closed).toBeGreaterThan(0);
  });

  it('carries a certificate that names every input by digest', async () => {
    const { ports, archive } = await sessionFixture();
    archive.collections.set('ROI_1', { savedAt: '2026-03-01T09:00:00Z', rtstruct: boxContours() });
    await prepared(ports);
    const ref = ports.records.all('case')[0]?.certificate ?? { key: '' };
    const certificate = Certificate.parse(
      JSON.parse(new TextDecoder().decode(await ports.objects.read(ref))),
    );
    expect(certificate.inputs.map(({ role }) => role)).toEqual([
      ...Array.from({ length: 6 }, () => 'slice'),
      'contours',
      'label-map',
    ]);
    expect(certificate.regions[0]).toMatchObject({ name: 'Liver', voxelsNative: NATIVE_BOX_VOXELS });
  });

  it('gives the same bytes for the same input, whenever it is prepared', async () => {
    const digests = async () => {
      const { ports, archive } = await sessionFixture();
      ports.clock.advance(Math.random() * 1e9);
      archive.collections.set('ROI_1', { savedAt: '2026-03-01T09:00:00Z', rtstruct: boxContours() });
      await prepared(ports);
      return ports.records
        .all('case')
        .map(({ id, resources }) => [id, resources.map(({ object }) => object.sha256)]);
    };
    expect(await digests()).toEqual(await digests());
  });

  it('becomes one case per automation, each with its own resources', async () => {
    const { ports, archive } = await sessionFixture();
    await addAutomation(ports, 'coarse', { spacingMm: [3, 3, 3] });
    await addAutomation(ports, 'off', { state: 'disabled' });
    archive.collections.set('ROI_1', { savedAt: '2026-03-01T09:00:00Z', rtstruct: boxContours() });
    await prepared(ports);
    expect(
      ports.records
        .all('case')
        .map(({ automationId }) => automationId)
        .sort(),
    ).toEqual(['coarse', AUTOMATION]);
  });

  it.each([
    [{}, 'needs-review'],
    [{ smallRegionPercent: 60 }, 'ready'],
  ])('is judged by the thresholds of its automation: %j gives %s', async (own, state) => {
    const { ports, archive } = await sessionFixture({ thresholds: CertificateThresholds.parse(own) });
    archive.collections.set('ROI_1', {
      savedAt: '2026-03-01T09:00:00Z',
      rtstruct: boxContours({ width: 5 }),
    });
    await prepared(ports);
    expect(ports.records.all('case')[0]?.state).toBe(state);
  });

  it('is for review when a mapped region was not drawn', async () => {
    const { ports, archive } = await sessionFixture({}, 'Liver=10\nSpleen=20\n');
    archive.collections.set('ROI_1', { savedAt: '2026-03-01T09:00:00Z', rtstruct: boxContours() });
    await prepared(ports);
    expect(ports.records.all('case')[0]).toMatchObject({ state: 'needs-review' });
    expect(ports.records.all('case')[0]?.reasons.join()).toContain('Spleen');
  });

  it.each([
    ['ignore', [5, 20]],
    ['absent', []],
  ] as const)('is ready under `missing: %s`, with %j left open for training', async (missing, ignored) => {
    const { ports, archive } = await sessionFixture(
      { policies: LabelPolicies.parse({ missing }) },
      'Spleen=20\nLiver=10\nHeart=5\n',
    );
    archive.collections.set('ROI_1', { savedAt: '2026-03-01T09:00:00Z', rtstruct: boxContours() });
    await prepared(ports);
    expect(ports.records.all('case')[0]).toMatchObject({ state: 'ready', ignoredValues: ignored });
  });
});

describe('contours that change', () => {
  it('waits for the RTSTRUCT that XNAT derives from a viewer save', async () => {
    const { ports, archive } = await sessionFixture();
    const saved = { savedAt: '2026-03-01T09:00:00Z', collectionType: 'AIM' } as const;
    archive.collections.set('ROI_1', saved);
    await prepared(ports);
    expect(ports.records.all('case')).toEqual([]);
    archive.collections.set('ROI_1', {
      savedAt: saved.savedAt,
      rtstruct: boxContours(),
    });
    await prepared(ports);
    expect(states(ports)).toEqual(['ready']);
  });

  it('supersedes the case of older contours of the same series', async () => {
    const { ports, archive } = await sessionFixture();
    archive.collections.set('ROI_1', { savedAt: '2026-03-01T09:00:00Z', rtstruct: boxContours() });
    await prepared(ports);
    archive.collections.set('ROI_2', {
      savedAt: '2026-03-01T09:30:00Z',
      rtstruct: boxContours({ width: 4 }),
    });
    await prepared(ports);
    const [first, second] = ports.records.all('case');
    expect(first).toMatchObject({ state: 'superseded', supersededBy: second?.id });
    expect(second).toMatchObject({ state: 'ready', assessorId: 'ROI_2' });
  });

  it('takes an overwrite that keeps its first time as the newer one', async () => {
    const { ports, archive } = await sessionFixture();
    const savedAt = '2026-03-01T09:00:00Z';
    archive.collections.set('ROI_1', { savedAt, rtstruct: boxContours() });
    await prepared(ports);
    archive.collections.set('ROI_1', { savedAt, rtstruct: boxContours({ width: 4 }) });
    await prepared(ports);
    expect(states(ports)).toEqual(['superseded', 'ready']);
    archive.collections.set('ROI_1', { savedAt, rtstruct: boxContours() });
    await prepared(ports);
    expect(states(ports)).toEqual(['ready', 'superseded']);
  });

  it('makes nothing anew when an event tells of nothing new', async () => {
    const { ports, archive } = await sessionFixture();
    archive.collections.set('ROI_1', { savedAt: '2026-03-01T09:00:00Z', rtstruct: boxContours() });
    await prepared(ports);
    const [before] = ports.records.all('case');
    const uploads = archive.uploads.length;
    await prepared(ports);
    expect(ports.records.all('case')).toEqual([before]);
    expect(archive.uploads).toHaveLength(uploads);
  });

  it('keeps what a person accepted', async () => {
    const { ports, archive } = await sessionFixture({}, 'Liver=10\nSpleen=20\n');
    archive.collections.set('ROI_1', { savedAt: '2026-03-01T09:00:00Z', rtstruct: boxContours() });
    await prepared(ports);
    const id = ports.records.all('case')[0]?.id ?? '';
    await ports.records.update('case', PROJECT, id, (c) => ({ ...c, state: 'ready', acceptedBy: 'reader' }));
    await prepared(ports);
    expect(ports.records.all('case')[0]).toMatchObject({ state: 'ready', acceptedBy: 'reader' });
  });
});

describe('bad input', () => {
  const saved = '2026-03-01T09:00:00Z';
  const cases = [
    {
      name: 'contours of a series that is not in the session',
      rtstruct: boxContours({ seriesUid: '1.2.3.4' }),
      problem: { code: 'ReferencedSeriesMissing', stage: 'FetchScans' },
    },
    {
      name: 'an RTSTRUCT without regions',
      rtstruct: boxContours({ regions: 0 }),
      problem: { code: 'EmptyRtstruct', stage: 'FetchScans' },
    },
    {
      name: 'an RTSTRUCT that names no series',
      rtstruct: rtStruct({
        seriesUid: '',
        rois: [{ number: 1, name: 'Liver', contours: [{ points: [1, 1, 0, 2, 1, 0, 2, 2, 0] }] }],
      }),
      problem: { code: 'ReferencedSeriesMissing', stage: 'FetchScans' },
    },
    {
      name: 'a file that is no RTSTRUCT',
      rtstruct: new TextEncoder().encode('not dicom'.repeat(40)),
      problem: { code: 'NotDicom', stage: 'FetchScans' },
    },
  ];
  it.each(cases)('quarantines $name with a code and a sentence', async ({ rtstruct, problem }) => {
    const { ports, archive } = await sessionFixture();
    archive.collections.set('ROI_1', { savedAt: saved, rtstruct });
    await prepared(ports);
    const [record] = ports.records.all('case');
    expect(record).toMatchObject({ state: 'quarantined', problem, certificate: null });
    expect(record?.problem?.message.length).toBeGreaterThan(20);
    expect(ports.records.all('session')[0]).toMatchObject({ state: 'idle', preparedGeneration: 1 });
  });

  it('quarantines a truncated slice, and nothing else stops', async () => {
    const { ports, archive } = await sessionFixture();
    const other = '1.2.826.9';
    archive.scans = [
      ...archive.scans,
      { scanId: '5', seriesUid: other, seriesDescription: '', modality: 'CT' },
    ];
    const [first, ...rest] = ctSeries();
    const cut = { name: 'cut.dcm', bytes: (first?.bytes ?? new Uint8Array()).slice(0, -40) };
    archive.files = new Map([
      ['4', [cut, ...rest]],
      ['5', ctSeries(other)],
    ]);
    archive.collections.set('ROI_1', { savedAt: saved, rtstruct: boxContours() });
    archive.collections.set('ROI_2', { savedAt: saved, rtstruct: boxContours({ seriesUid: other }) });
    await prepared(ports);
    const bySeries = new Map(ports.records.all('case').map((record) => [record.scanId, record]));
    expect(bySeries.get('4')).toMatchObject({
      state: 'quarantined',
      problem: { code: 'TruncatedDicom', stage: 'ConvertSeries' },
    });
    expect(bySeries.get('5')).toMatchObject({ state: 'ready' });
  });

  it('quarantines an unmapped region under policy fail, and supersedes it once the label map is mended', async () => {
    const policies = { unmapped: 'fail', missing: 'review', overlap: 'later-wins', gaps: 'review' } as const;
    const { ports, archive } = await sessionFixture({ policies });
    archive.collections.set('ROI_1', { savedAt: saved, rtstruct: boxContours({ name: 'Spleen' }) });
    await prepared(ports);
    expect(ports.records.all('case')[0]).toMatchObject({
      state: 'quarantined',
      problem: { code: 'UnmappedRegion', stage: 'BuildMask' },
    });
    await ports.records.update('automation', PROJECT, AUTOMATION, (current) => ({
      ...current,
      version: 2,
      policies: { ...policies, unmapped: 'ignore', missing: 'ignore' },
    }));
    archive.collections.set('ROI_1', { savedAt: saved, rtstruct: boxContours() });
    await prepared(ports);
    expect(states(ports).sort()).toEqual(['ready', 'superseded']);
  });

  it('tries a quarantined case again at the next event, and it becomes ready', async () => {
    const { ports, archive } = await sessionFixture();
    archive.scans = [];
    archive.collections.set('ROI_1', { savedAt: saved, rtstruct: boxContours() });
    await prepared(ports);
    expect(states(ports)).toEqual(['quarantined']);
    archive.scans = [{ scanId: '4', seriesUid: ctSeriesUid(), seriesDescription: '', modality: 'CT' }];
    await prepared(ports, hintOf('retry-1', { cause: 'retry' }));
    expect(states(ports)).toEqual(['ready']);
    expect(ports.records.all('case')[0]?.problem).toBeNull();
  });

  it('does not take away a good case when newer contours cannot be converted', async () => {
    const { ports, archive } = await sessionFixture();
    archive.collections.set('ROI_1', { savedAt: saved, rtstruct: boxContours() });
    await prepared(ports);
    archive.collections.set('ROI_2', {
      savedAt: '2026-03-01T11:00:00Z',
      rtstruct: boxContours({ regions: 0 }),
    });
    await prepared(ports);
    expect(states(ports).sort()).toEqual(['quarantined', 'ready']);
  });
});

describe('a scan without images in XNAT', () => {
  it('quarantines its own case, and the other series of the session is prepared', async () => {
    const { ports, archive } = await sessionFixture();
    const other = '1.2.826.0.1.3680043.10.99';
    archive.scans.push({ scanId: '5', seriesUid: other, seriesDescription: '', modality: 'CT' });
    archive.collections.set('ROI_1', { savedAt: '2026-03-01T09:00:00Z', rtstruct: boxContours() });
    const rtstruct = boxContours({ seriesUid: other });
    archive.collections.set('ROI_2', { savedAt: '2026-03-01T09:00:00Z', rtstruct });
    await prepared(ports);
    const cases = ports.records
      .all('case')
      .map(({ seriesUid, state, problem }) => [seriesUid, state, problem?.code]);
    expect(cases).toHaveLength(2);
    expect(cases).toContainEqual([ctSeriesUid(), 'ready', undefined]);
    expect(cases).toContainEqual([other, 'quarantined', 'NoDicomResource']);
    expect(ports.records.all('session')).toMatchObject([
      { state: 'idle', generation: 1, preparedGeneration: 1 },
    ]);
    archive.files.set('5', ctSeries(other));
    await prepared(ports, hintOf('retry-5', { cause: 'retry' }));
    expect(states(ports)).toEqual(['ready', 'ready']);
  });
});

describe('an archive that is away', () => {
  it('is left without an open session of ours, however often it is asked', async () => {
    const { ports, archive } = await sessionFixture();
    archive.unavailable = true;
    const input = { ...hintInput(), execution: 'x-g1-a1' };
    for (const times of [1, 2, 3]) {
      await expect(fetchScans(input, ports)).rejects.toMatchObject({ code: 'ArchiveUnavailable' });
      expect(archive.closed).toBe(times);
    }
  });

  it('leaves the session due and is tried again five times at most', async () => {
    const { ports, archive } = await sessionFixture();
    archive.unavailable = true;
    archive.collections.set('ROI_1', { savedAt: '2026-03-01T09:00:00Z', rtstruct: boxContours() });
    await prepared(ports);
    expect(ports.workflows.executions).toHaveLength(5);
    expect(new Set(ports.workflows.executions.map(({ name }) => name)).size).toBe(5);
    expect(ports.records.all('session')[0]).toMatchObject({
      state: 'idle',
      generation: 1,
      preparedGeneration: 0,
    });
    archive.unavailable = false;
    await prepared(ports);
    expect(states(ports)).toEqual(['ready']);
  });

  it('is not asked again by itself for a session that is gone', async () => {
    const { ports } = await sessionFixture();
    await prepared(ports, hintOf('gone', { session: 'XNAT_E9' }));
    expect(ports.workflows.executions).toHaveLength(1);
  });
});

describe('an upload', () => {
  it('becomes a case without an archive to write to', async () => {
    const { ports, archive } = await sessionFixture();
    await prepared(ports, await putUpload(ports));
    expect(ports.records.all('case')[0]).toMatchObject({
      state: 'ready',
      archiveId: 'upload',
      subject: 'S7',
      session: 'E7',
      scanId: null,
      uploadManifestKey: 'incoming/P1/U1/_COMPLETE.json',
    });
    expect(archive.uploads).toEqual([]);
  });

  it('starts nothing when its manifest is announced twice, and makes nothing anew when it is written again', async () => {
    const { ports } = await sessionFixture();
    const event = await putUpload(ports);
    await prepared(ports, event);
    await prepared(ports, event);
    await prepared(ports, { ...event, id: 'another-event-of-the-same-write' });
    expect(ports.workflows.executions).toHaveLength(1);
    await prepared(ports, await putUpload(ports, { uploadId: 'U2' }));
    expect(ports.workflows.executions).toHaveLength(2);
    expect(states(ports)).toEqual(['ready']);
  });

  it('becomes ready when a damaged file and the same manifest are uploaded again', async () => {
    const { ports } = await sessionFixture();
    const event = await putUpload(ports);
    await ports.objects.write('incoming/P1/U1/0.dcm', new Uint8Array(10));
    await prepared(ports, event);
    const [damaged] = ports.records.all('case');
    expect(damaged).toMatchObject({ state: 'quarantined', problem: { code: 'DigestMismatch' } });
    const again = await putUpload(ports);
    await prepared(ports, again);
    await prepared(ports, again);
    expect(ports.records.all('case')).toMatchObject([{ id: damaged?.id, state: 'ready', problem: null }]);
    expect(ports.workflows.executions).toHaveLength(2);
  });

  it('is quarantined when an image has another digest than the manifest says', async () => {
    const { ports } = await sessionFixture();
    const event = await putUpload(ports);
    await ports.objects.write('incoming/P1/U1/0.dcm', new Uint8Array(10));
    await prepared(ports, event);
    expect(ports.records.all('case')[0]).toMatchObject({
      state: 'quarantined',
      problem: { code: 'DigestMismatch' },
    });
  });

  it('is quarantined when its contours have another digest than the manifest says', async () => {
    const { ports } = await sessionFixture();
    const event = await putUpload(ports);
    await ports.objects.write('incoming/P1/U1/rs.dcm', boxContours({ width: 3 }));
    await prepared(ports, event);
    expect(ports.records.all('case')[0]).toMatchObject({
      state: 'quarantined',
      problem: { code: 'DigestMismatch' },
    });
  });

  it('loses only the series of an image that is cut off, not the others', async () => {
    const { ports } = await sessionFixture();
    const other = '1.2.826.0.1.3680043.10.99';
    const [last, ...whole] = ctSeries(other).reverse();
    const bytes = last?.bytes ?? new Uint8Array();
    const header = Buffer.from(bytes);
    // Ends between SeriesInstanceUID (0020,000E) and Rows (0028,0010).
    const cut = bytes.subarray(0, header.lastIndexOf(other) + other.length + 24);
    const images = [
      ...ctSeries(),
      ...whole.map((file) => ({ ...file, name: `b${file.name}` })),
      { name: 'cut.dcm', bytes: cut },
    ];
    const structures = [ctSeriesUid(), other].map((seriesUid, n) => ({
      name: `rs${n}.dcm`,
      bytes: boxContours({ seriesUid }),
    }));
    await prepared(ports, await putUpload(ports, { images, structures }));
    const cases = ports.records.all('case').map(({ seriesUid, state }) => [seriesUid, state]);
    expect(cases.sort()).toEqual([
      [ctSeriesUid(), 'ready'],
      [other, 'quarantined'],
    ]);
    const [problem] = ports.records.all('case').flatMap((one) => one.problem ?? []);
    expect(problem).toMatchObject({ code: 'TruncatedDicom', message: expect.stringContaining('cut.dcm') });
  });

  it('is quarantined when a listed image is no DICOM file, which is named', async () => {
    const { ports } = await sessionFixture();
    const images = [
      ...ctSeries(),
      { name: 'notes.txt', bytes: new TextEncoder().encode('hello '.repeat(50)) },
    ];
    await prepared(ports, await putUpload(ports, { images }));
    const [record] = ports.records.all('case');
    expect(record).toMatchObject({ state: 'quarantined', problem: { code: 'NotDicom' } });
    expect(record?.problem?.message).toContain('notes.txt');
  });
});

function hintInput() {
  const { archiveId, project, session } = hintOf('any');
  return { schemaVersion: 1, archiveId, project, session, generation: 1, uploadManifestKey: null } as const;
}

function ctSeriesUid(): string {
  return '1.2.826.0.1.3680043.10.1';
}
