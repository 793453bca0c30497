import { describe, expect, it } from '@jest/globals';
import { Certificate } from '../../../src/contracts/certificate.ts';
import type { CaseRecord } from '../../../src/contracts/records.ts';
import { parseRtstruct } from '../../../src/imaging/contour/parse-rtstruct.ts';
import { buildMask, countValues, type Labels } from '../../../src/imaging/mask/build-mask.ts';
import { contourRegions } from '../../../src/imaging/mask/contour-regions.ts';
import { parseLabelMap } from '../../../src/imaging/mask/label-map.ts';
import { decodeNifti } from '../../../src/imaging/nifti/decode-nifti.ts';
import { gunzipBounded } from '../../../src/imaging/nifti/gzip.ts';
import { readRegions } from '../../../src/pipeline/read-regions.ts';
import { routeEvent } from '../../../src/pipeline/route-event.ts';
import { readSeriesHeader } from '../../../src/pipeline/series-header.ts';
import { ctSlice, rtStruct, TEST_SERIES_UID } from '../../helpers/dicom-writer.ts';
import type { MemoryPorts } from '../../helpers/memory-ports.ts';
import { type Acquisition, acquisitionNamed, asEnhanced } from '../../truth/acquisition.ts';
import { planOf, targetOf } from '../../truth/draw.ts';
import { shapesOf } from '../../truth/shapes.ts';
import { writeClassic, writeEnhanced } from '../../truth/write-images.ts';
import { writeAim, writeRtstruct } from '../../truth/write-regions.ts';
import { writeSegmentation } from '../../truth/write-segmentation.ts';
import { settle } from './prepare-session-runner.ts';
import {
  boxContours,
  ctSeries,
  type FakeCollection,
  hintOf,
  putUpload,
  type SessionFixture,
  sessionFixture,
} from './session-fixture.ts';

const SERIES = acquisitionNamed('anisotropic');
const SHAPES = shapesOf(SERIES).filter(({ name }) => ['sphere', 'islands'].includes(name));
const LABEL_MAP = 'sphere=1\nislands=2\n';
const SAVED = '2026-03-01T09:00:00Z';
let deliveries = 0;

async function archiveWith(
  series: Acquisition,
  collection: Omit<FakeCollection, 'savedAt'>,
  images: readonly Uint8Array[] = writeClassic(series),
): Promise<SessionFixture> {
  const fixture = await sessionFixture({}, LABEL_MAP);
  const files = images.map((bytes, n) => ({ name: `${n}.dcm`, bytes }));
  fixture.archive.scans = [
    { scanId: '4', seriesUid: series.seriesUid, seriesDescription: 'Truth', modality: 'CT' },
  ];
  fixture.archive.files.set('4', files);
  fixture.archive.collections.set('ROI_1', { savedAt: SAVED, ...collection });
  return fixture;
}

async function prepare(ports: MemoryPorts, message?: unknown): Promise<CaseRecord> {
  deliveries += 1;
  await routeEvent(message ?? hintOf(`kinds:${deliveries}`), ports);
  await settle(ports);
  const [record, ...others] = ports.records.all('case');
  expect(others).toEqual([]);
  return record as CaseRecord;
}

async function certificateOf({ certificate }: CaseRecord, { objects }: MemoryPorts): Promise<Certificate> {
  const bytes = await objects.read(certificate ?? { key: '' });
  return Certificate.parse(JSON.parse(new TextDecoder().decode(bytes)));
}

async function voxelsOf({ resources }: CaseRecord, { objects }: MemoryPorts): Promise<Map<number, number>> {
  const mask = resources.find(({ content }) => content === 'MASK_NATIVE');
  const { values } = decodeNifti(gunzipBounded(await objects.read(mask?.object ?? { key: '' }), 1e9));
  return countValues(values as Labels);
}

/** What the contours enclose when they are drawn without a pipeline. */
function drawnDirectly(series: Acquisition): Map<number, number> {
  const mask = buildMask({
    target: targetOf(planOf(writeClassic(series))),
    regions: contourRegions(parseRtstruct(writeRtstruct(series, SHAPES))),
    labelMap: parseLabelMap(new TextEncoder().encode(LABEL_MAP)),
    policies: { unmapped: 'report', missing: 'review', overlap: 'later-wins', gaps: 'review' },
  });
  return countValues(mask.labels);
}

describe('collections of an archive', () => {
  it.each([
    ['RTSTRUCT', { rtstruct: writeRtstruct(SERIES, SHAPES) }],
    ['SEG', { seg: writeSegmentation(SERIES, SHAPES), collectionType: 'SEG' as const }],
  ])('of kind %s become the same voxels as the contours of the shapes', async (_kind, collection) => {
    const { ports } = await archiveWith(SERIES, collection);
    const made = await prepare(ports);
    expect(made).toMatchObject({ problem: null, assessorId: 'ROI_1' });
    const [found, direct] = [await voxelsOf(made, ports), drawnDirectly(SERIES)];
    expect([...found.keys()]).toEqual([...direct.keys()]);
    for (const [value, voxels] of direct)
      expect(Math.abs((found.get(value) ?? 0) - voxels)).toBeLessThanOrEqual(0.001 * voxels);
  });

  it('are compared when they hold AIM and its RTSTRUCT, and agree without a word', async () => {
    const { ports } = await archiveWith(SERIES, {
      rtstruct: writeRtstruct(SERIES, SHAPES),
      aim: writeAim(SERIES, SHAPES),
    });
    const { warnings } = await certificateOf(await prepare(ports), ports);
    expect(warnings.map(({ code }) => code)).not.toContain('FormatsDiffer');
  });

  it('are for review when AIM and RTSTRUCT differ', async () => {
    const { ports } = await archiveWith(SERIES, {
      rtstruct: writeRtstruct(SERIES, SHAPES),
      aim: writeAim(SERIES, SHAPES.slice(0, 1)),
    });
    const made = await prepare(ports);
    expect(made.state).toBe('needs-review');
    expect(made.reasons.join()).toContain('only the RTSTRUCT has it');
  });

  it('are for review when the AIM beside the RTSTRUCT cannot be read', async () => {
    const aim = new TextEncoder().encode('<ImageAnnotationCollection>');
    const { ports } = await archiveWith(SERIES, { rtstruct: writeRtstruct(SERIES, SHAPES), aim });
    const made = await prepare(ports);
    expect(made.state).toBe('needs-review');
    expect(made.reasons.join()).toContain('cannot be compared');
  });

  it('may differ in a region that the mask leaves out', async () => {
    const all = shapesOf(SERIES).filter(({ name }) => ['sphere', 'islands', 'box'].includes(name));
    const { ports } = await archiveWith(SERIES, {
      rtstruct: writeRtstruct(SERIES, all),
      aim: writeAim(SERIES, SHAPES),
    });
    const { warnings } = await certificateOf(await prepare(ports), ports);
    expect(warnings.filter(({ code }) => code === 'FormatsDiffer')).toMatchObject([
      { region: 'box', needsReview: false },
    ]);
  });
});

describe('uploaded structures', () => {
  it.each([
    ['AIM', writeAim(SERIES, SHAPES)],
    ['SEG', writeSegmentation(SERIES, SHAPES)],
  ])('may be %s, whatever the file is called', async (_kind, bytes) => {
    const { ports } = await sessionFixture({}, LABEL_MAP);
    const images = writeClassic(SERIES).map((image, n) => ({ name: `${n}.dcm`, bytes: image }));
    const event = await putUpload(ports, { images, structures: [{ name: 'regions', bytes }] });
    const made = await prepare(ports, event);
    expect(made.problem).toBeNull();
    expect((await voxelsOf(made, ports)).size).toBe(2);
  });

  it('are refused by name when they are images', async () => {
    const { ports } = await sessionFixture({}, LABEL_MAP);
    const structures = [{ name: 'rs.dcm', bytes: writeClassic(SERIES)[0] as Uint8Array }];
    const event = await putUpload(ports, { structures });
    expect((await prepare(ports, event)).problem).toMatchObject({ code: 'UnsupportedRoiType' });
  });
});

/** Slices 2 mm apart, each moved along the columns, and a box on every one of them but the outer two. */
function irregularSeries(places: readonly number[], shiftMm: number) {
  const images = places.map((place) => ({
    sopInstanceUid: `${TEST_SERIES_UID}.${place + 1}`,
    position: [0, shiftMm * place, 2 * place] as const,
  }));
  const files = images.map((image, n) => ({
    name: `${n}.dcm`,
    bytes: ctSlice({ columns: 24, rows: 20, pixels: new Int16Array(480).fill(n), ...image }),
  }));
  const contours = images.slice(1, -1).map(({ sopInstanceUid, position: [, y, z] }) => ({
    sopInstanceUid,
    points: [4.5, y + 4.5, z, 14.5, y + 4.5, z, 14.5, y + 14.5, z, 4.5, y + 14.5, z],
  }));
  return {
    files,
    rtstruct: rtStruct({ seriesUid: TEST_SERIES_UID, rois: [{ number: 1, name: 'Liver', contours }] }),
  };
}

describe('irregular series', () => {
  it.each([
    ['tilted', 'gantry-tilt', irregularSeries([0, 1, 2, 3, 4, 5], 0.5), []],
    ['gapped', 'missing-slices', irregularSeries([0, 1, 2, 4, 5, 6], 0), [3]],
  ])(
    '%s: the certificate says what was done, and nobody has to look for it',
    async (_, kind, made, planes) => {
      const { ports, archive } = await sessionFixture();
      archive.files.set('4', made.files);
      archive.collections.set('ROI_1', { savedAt: SAVED, rtstruct: made.rtstruct });
      const certificate = await certificateOf(await prepare(ports), ports);
      expect(certificate.irregularity).toMatchObject({ kinds: [kind], synthesisedPlanes: planes });
      expect(certificate.slicesUsed).toBe(made.files.length);
      const told = certificate.warnings.filter(({ code }) => code === 'IrregularStack');
      expect(told).toMatchObject([{ message: certificate.irregularity?.rule, needsReview: false }]);
    },
  );
});

describe('images that are no slices', () => {
  const localizer = ctSlice({
    columns: 12,
    rows: 10,
    pixels: Array.from({ length: 120 }, () => 0),
    position: [0, 0, 0],
    sopInstanceUid: `${TEST_SERIES_UID}.77`,
    changes: { '00080008': { tag: '00080008', vr: 'CS', value: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] } },
  });

  it('are set aside and named in the certificate by their digest', async () => {
    const { ports, archive } = await sessionFixture();
    archive.files.set('4', [{ name: 'scout.dcm', bytes: localizer }, ...ctSeries()]);
    archive.collections.set('ROI_1', { savedAt: SAVED, rtstruct: boxContours() });
    const certificate = await certificateOf(await prepare(ports), ports);
    const sha256 = ports.hasher.sha256(localizer);
    expect(certificate.slicesRejected).toMatchObject([{ sha256, code: 'Localizer' }]);
    expect(certificate.slicesUsed).toBe(6);
  });

  it('make no case when there is nothing else', async () => {
    const { ports, archive } = await sessionFixture();
    archive.files.set('4', [{ name: 'scout.dcm', bytes: localizer }]);
    archive.collections.set('ROI_1', { savedAt: SAVED, rtstruct: boxContours() });
    expect((await prepare(ports)).problem).toMatchObject({ code: 'Localizer', stage: 'ConvertSeries' });
  });
});

/** Six slices of each echo, the second ones with values and SOP instances of their own. */
function twoEchoes(): Uint8Array[] {
  const second = Array.from({ length: 6 }, (_, k) =>
    ctSlice({
      columns: 12,
      rows: 10,
      pixels: Array.from({ length: 120 }, () => 500 + k),
      position: [0, 0, 2 * k],
      sopInstanceUid: `${TEST_SERIES_UID}.9${k}`,
      changes: echoTime('20'),
    }),
  );
  const first = Array.from({ length: 6 }, (_, k) =>
    ctSlice({
      columns: 12,
      rows: 10,
      pixels: Array.from({ length: 120 }, () => k),
      position: [0, 0, 2 * k],
      sopInstanceUid: `${TEST_SERIES_UID}.${k + 1}`,
      changes: echoTime('10'),
    }),
  );
  return [...second, ...first];
}

function echoTime(value: string) {
  return { '00180081': { tag: '00180081', vr: 'DS', value } } as const;
}

describe('an enhanced multi-frame image', () => {
  const series = asEnhanced(SERIES);
  const file = writeEnhanced(series);

  it('is one file whose frames the contours name', async () => {
    const { ports } = await archiveWith(series, { rtstruct: writeRtstruct(series, SHAPES) }, [file]);
    const made = await prepare(ports);
    expect(made.problem).toBeNull();
    expect(await voxelsOf(made, ports)).toEqual(drawnDirectly(SERIES));
    expect((await certificateOf(made, ports)).slicesUsed).toBe(SERIES.slices.length);
  });

  it('counts with all its frames when it is decided where to prepare it', () => {
    const { columns, rows, slices } = SERIES;
    expect(readSeriesHeader(file).pixels).toBe(columns * rows * slices.length);
    expect(readSeriesHeader(writeClassic(SERIES)[0] as Uint8Array).pixels).toBe(columns * rows);
  });
});

describe('a series of several volumes', () => {
  const files = twoEchoes().map((bytes, n) => ({ name: `${n}.dcm`, bytes }));

  it('gives the volume whose images the contours name', async () => {
    const { ports, archive } = await sessionFixture();
    archive.files.set('4', files);
    archive.collections.set('ROI_1', { savedAt: SAVED, rtstruct: boxContours() });
    const made = await prepare(ports);
    const certificate = await certificateOf(made, ports);
    expect(certificate.parts).toEqual([{ kind: 'echo', index: 1, label: 'echo time 10 ms' }]);
    expect(certificate.slicesUsed).toBe(6);
    const image = made.resources.find(({ content }) => content === 'IMAGE_NATIVE');
    const bytes = await ports.objects.read(image?.object ?? { key: '' });
    expect(Math.max(...decodeNifti(gunzipBounded(bytes, 1e9)).values)).toBe(5);
  });

  it('is refused when the contours name no image of any', async () => {
    const { ports, archive } = await sessionFixture();
    const points = [2, 2, 2, 6, 2, 2, 6, 6, 2];
    const rois = [{ number: 1, name: 'Liver', contours: [{ points }] }];
    archive.files.set('4', files);
    archive.collections.set('ROI_1', {
      savedAt: SAVED,
      rtstruct: rtStruct({ seriesUid: TEST_SERIES_UID, rois }),
    });
    expect((await prepare(ports)).problem).toMatchObject({
      code: 'AmbiguousSeries',
      stage: 'ConvertSeries',
      message: expect.stringContaining('echo time 10 ms'),
    });
  });
});

describe('readRegions', () => {
  it.each([
    ['RTSTRUCT', writeRtstruct(SERIES, SHAPES)],
    ['AIM', writeAim(SERIES, SHAPES)],
    ['SEG', writeSegmentation(SERIES, SHAPES)],
  ])('tells %s by its content', async (format, bytes) => {
    const set = await readRegions(bytes);
    expect(set.format).toBe(format);
    expect(set.referencedSeriesUids).toEqual([SERIES.seriesUid]);
  });
});
