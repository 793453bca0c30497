import { describe, expect, it } from '@jest/globals';
import { decodeNifti } from '../../../src/imaging/nifti/decode-nifti.ts';
import { gunzipBounded } from '../../../src/imaging/nifti/gzip.ts';
import { readSeriesHeader } from '../../../src/pipeline/series-header.ts';
import { ctSlice, rtStruct, TEST_SERIES_UID } from '../../helpers/dicom-writer.ts';
import { asEnhanced } from '../../truth/acquisition.ts';
import { writeClassic, writeEnhanced } from '../../truth/write-images.ts';
import { writeRtstruct } from '../../truth/write-regions.ts';
import {
  archiveWith,
  certificateOf,
  drawnDirectly,
  prepare,
  SAVED,
  SERIES,
  SHAPES,
  voxelsOf,
} from './prepared-cases.ts';
import { boxContours, ctSeries, sessionFixture } from './session-fixture.ts';

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
