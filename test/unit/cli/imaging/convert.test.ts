import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openDicomFolder } from '../../../../src/cli/imaging/dicom-folder.ts';
import { ConversionCertificate } from '../../../../src/contracts/conversion-certificate.ts';
import { decodeNifti } from '../../../../src/imaging/nifti/decode-nifti.ts';
import { type CtSlice, ctSlice, rtStruct, TEST_SERIES_UID } from '../../../helpers/dicom-writer.ts';
import { runCli } from '../run-cli.ts';

const OTHER_UID = `${TEST_SERIES_UID}.99`;
const PIXELS = Uint16Array.from({ length: 12 }, (_, n) => n);

let root: string;
let dicom: string;
let out: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'contourflow-convert-'));
  [dicom, out] = [join(root, 'dicom'), join(root, 'out')];
  await mkdir(join(dicom, 'deeper'), { recursive: true });
});
afterEach(() => rm(root, { recursive: true }));

function slice(k: number, change: Partial<CtSlice> = {}): Uint8Array {
  return ctSlice({
    ...{ columns: 4, rows: 3, pixels: PIXELS, position: [0, 0, 2 * k], instanceNumber: k + 1 },
    ...{ signed: false, bitsStored: 12, rescale: [1, -1024] as const },
    ...change,
  });
}

/** Three slices in two folders, out of order. */
async function writeSeries(change: (k: number) => Partial<CtSlice> = () => ({}), name = 'a'): Promise<void> {
  const places = [join(dicom, `${name}2`), join(dicom, 'deeper', `${name}0`), join(dicom, `${name}1.dcm`)];
  for (const [k, place] of places.entries()) await writeFile(place, slice(k, change(k)));
}

function convert(...args: readonly string[]) {
  return runCli(['convert', dicom, '--out', out, '--json', ...args]);
}

async function certificate(name: string): Promise<ConversionCertificate> {
  return ConversionCertificate.parse(JSON.parse(await readFile(join(out, name), 'utf8')));
}

describe('contourflow convert', () => {
  it('writes each image series with its certificate, whatever else lies in the folder', async () => {
    await writeSeries();
    await writeSeries(
      (k) => ({ seriesUid: OTHER_UID, sopInstanceUid: `${OTHER_UID}.${k}`, rescale: [0.5, 0] }),
      'b',
    );
    await writeFile(join(dicom, 'notes.txt'), 'no DICOM');
    await writeFile(join(dicom, 'contours.dcm'), rtStruct({ rois: [] }));
    const { code, out: text, err } = await convert();
    expect({ code, err, result: JSON.parse(text) }).toEqual({
      code: 0,
      err: '',
      result: {
        series: [
          { seriesUid: TEST_SERIES_UID, outputs: [`${TEST_SERIES_UID}.nii.gz`], status: 'converted' },
          { seriesUid: OTHER_UID, outputs: [`${OTHER_UID}.nii.gz`], status: 'converted' },
        ],
      },
    });
    const names = [TEST_SERIES_UID, OTHER_UID].flatMap((uid) => [`${uid}.json`, `${uid}.nii.gz`]);
    expect((await readdir(out)).toSorted()).toEqual(names.toSorted());
    const file = await readFile(join(out, `${TEST_SERIES_UID}.nii.gz`));
    const volume = decodeNifti(gunzipSync(file));
    expect(volume.values).toEqual(
      Int16Array.from([...PIXELS, ...PIXELS, ...PIXELS], (value) => value - 1024),
    );
    const stated = await certificate(`${TEST_SERIES_UID}.json`);
    expect(stated).toMatchObject({
      seriesUid: TEST_SERIES_UID,
      output: {
        file: `${TEST_SERIES_UID}.nii.gz`,
        sha256: createHash('sha256').update(file).digest('hex'),
        sizeBytes: file.length,
        dataType: 'int16',
      },
      grid: { sizeIjk: [4, 3, 3], spacingMm: [1, 1, 2] },
      ...{ unit: 'HU', scaleSource: 'rescale', maxStorageError: 0, irregularity: null, rejected: [] },
    });
    expect(stated.slices.map(({ k }) => k)).toEqual([0, 1, 2]);
    const first = createHash('sha256').update(slice(2)).digest('hex');
    expect(stated.inputs.map(({ sha256 }) => sha256)).toContain(first);
    expect((await certificate(`${OTHER_UID}.json`)).output.dataType).toBe('float32');
  });

  it('prints a table for a person, with what was passed over', async () => {
    await writeSeries();
    await writeFile(join(dicom, 'notes.txt'), 'no DICOM');
    const { out: text } = await runCli(['convert', dicom, '--out', out]);
    expect(text).toContain(`${TEST_SERIES_UID}  converted  ${TEST_SERIES_UID}.nii.gz`);
    expect(text).toContain('passed over: 0 other DICOM objects, 1 files that are not DICOM');
  });

  it('writes .nii, one series only, at the level asked for', async () => {
    await writeSeries();
    await writeSeries((k) => ({ seriesUid: OTHER_UID, sopInstanceUid: `${OTHER_UID}.${k}` }), 'b');
    await convert('--no-gzip', '--series', OTHER_UID);
    expect((await readdir(out)).toSorted()).toEqual([`${OTHER_UID}.json`, `${OTHER_UID}.nii`]);
    await convert('--level', '9');
    expect(await readdir(out)).toContain(`${TEST_SERIES_UID}.nii.gz`);
  });

  it('rejects a series with its reason, converts the others and exits with 3', async () => {
    await writeSeries();
    await writeSeries(
      (k) => ({
        seriesUid: OTHER_UID,
        sopInstanceUid: `${OTHER_UID}.${k}`,
        position: [0, 0, k === 2 ? 9 : 2 * k],
      }),
      'b',
    );
    const { code, out: text, err } = await convert('--irregular', 'reject');
    const [converted, rejected] = JSON.parse(text).series;
    expect([code, converted.status]).toEqual([3, 'converted']);
    expect(rejected).toEqual({
      seriesUid: OTHER_UID,
      outputs: [],
      status: 'rejected',
      reason: 'IrregularSpacing',
      message: expect.any(String),
    });
    expect(err).toContain(`error IrregularSpacing: series ${OTHER_UID}: `);
    expect((await readdir(out)).some((name) => name.startsWith(OTHER_UID))).toBe(false);
  });

  it('says in the certificate how an irregular series was resampled', async () => {
    await writeSeries((k) => ({ position: [0, 0, k === 2 ? 6 : 2 * k] }));
    expect((await convert()).code).toBe(0);
    const { irregularity, grid } = await certificate(`${TEST_SERIES_UID}.json`);
    expect(irregularity).toMatchObject({ policy: 'resample', synthesisedPlanes: [2] });
    expect(grid.sizeIjk).toEqual([4, 3, 4]);
  });

  it('rejects a series of which a file is damaged: a volume with a slice less would be a silent guess', async () => {
    await writeSeries();
    await writeFile(join(dicom, 'a2'), slice(0).subarray(0, -10));
    const { code, out: text } = await convert();
    expect(code).toBe(3);
    expect(JSON.parse(text).series[0]).toMatchObject({
      status: 'rejected',
      reason: 'TruncatedDicom',
      outputs: [],
    });
    expect(JSON.parse(text).series[0].message).toContain('1 of 3 files');
  });

  it('rejects a series by the reason of its files when none is of use, and names syntaxes that nobody reads', async () => {
    await writeFile(join(dicom, 'video'), slice(0, { transferSyntaxUid: '1.2.840.10008.1.2.4.100' }));
    const { code, out: text } = await convert();
    expect(code).toBe(3);
    expect(JSON.parse(text).series[0]).toMatchObject({
      seriesUid: TEST_SERIES_UID,
      reason: 'UnsupportedTransferSyntax',
    });
  });

  it('sets a localizer aside and says so in the certificate', async () => {
    await writeSeries();
    const localizer = { tag: '00080008', vr: 'CS', value: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] } as const;
    await writeFile(
      join(dicom, 'scout'),
      slice(7, { sopInstanceUid: '1.2.3', changes: { '00080008': localizer } }),
    );
    expect((await convert()).code).toBe(0);
    const { rejected } = await certificate(`${TEST_SERIES_UID}.json`);
    expect(rejected).toEqual([expect.objectContaining({ frame: null, code: 'Localizer' })]);
  });

  it('numbers the volumes of a multi-echo series and picks one', async () => {
    const echo = (ms: number) => ({ '00180081': { tag: '00180081', vr: 'DS', value: String(ms) } as const });
    await writeSeries((k) => ({ sopInstanceUid: `1.2.3.${k}`, changes: echo(5) }), 'a');
    await writeSeries((k) => ({ sopInstanceUid: `1.2.4.${k}`, changes: echo(9) }), 'b');
    const both = JSON.parse((await convert()).out).series[0].outputs;
    expect(both).toEqual([`${TEST_SERIES_UID}_1.nii.gz`, `${TEST_SERIES_UID}_2.nii.gz`]);
    expect((await certificate(`${TEST_SERIES_UID}_2.json`)).parts[0]).toMatchObject({
      kind: 'echo',
      index: 2,
    });
    await rm(out, { recursive: true });
    expect(JSON.parse((await convert('--echo', '2')).out).series[0].outputs).toEqual([both[1]]);
    expect(JSON.parse((await convert('--echo', '3')).out).series[0]).toMatchObject({
      reason: 'AmbiguousSeries',
    });
  });

  it('says which part of a series is in no volume, and exits with 3', async () => {
    const echo = (ms: number) => ({ '00180081': { tag: '00180081', vr: 'DS', value: String(ms) } as const });
    await writeSeries((k) => ({ sopInstanceUid: `1.2.3.${k}`, changes: echo(5) }), 'a');
    await writeSeries((k) => ({ sopInstanceUid: `1.2.4.${k}`, changes: echo(9) }), 'b');
    const twice = { sopInstanceUid: '1.2.4.9', changes: echo(9), pixels: PIXELS.toReversed() };
    await writeFile(join(dicom, 'twice'), slice(1, { ...twice, instanceNumber: 2 }));
    const { code, out: text, err } = await convert();
    expect(code).toBe(3);
    expect(JSON.parse(text).series).toEqual([
      {
        ...{ seriesUid: TEST_SERIES_UID, outputs: [`${TEST_SERIES_UID}.nii.gz`], status: 'converted' },
        refused: [{ reason: 'DuplicateSlicePosition', message: expect.any(String), images: 4 }],
      },
    ]);
    expect(err).toContain(
      `error DuplicateSlicePosition: series ${TEST_SERIES_UID}: 4 image(s) are in no volume`,
    );
    expect((await runCli(['convert', dicom, '--out', out])).out).toContain('converted in part');
  });

  it('says which of two parts is uneven under --irregular reject', async () => {
    const echo = (ms: number) => ({ '00180081': { tag: '00180081', vr: 'DS', value: String(ms) } as const });
    await writeSeries((k) => ({ sopInstanceUid: `1.2.3.${k}`, changes: echo(5) }), 'a');
    const uneven = (k: number) => [0, 0, k === 2 ? 9 : 2 * k] as const;
    await writeSeries(
      (k) => ({ sopInstanceUid: `1.2.4.${k}`, changes: echo(9), position: [...uneven(k)] }),
      'b',
    );
    expect((await convert()).code).toBe(0);
    const { code, out: text } = await convert('--irregular', 'reject');
    expect(code).toBe(3);
    expect(JSON.parse(text).series[0].refused).toMatchObject([{ reason: 'IrregularSpacing', images: 3 }]);
  });

  it('never lets a UID lead out of the folder', async () => {
    await writeSeries(() => ({ seriesUid: '../../escape' }));
    const [{ outputs }] = JSON.parse((await convert()).out).series;
    expect(outputs).toEqual([expect.stringMatching(/^series-[0-9a-f]{16}\.nii\.gz$/)]);
    expect(await readdir(out)).toContain(outputs[0]);
  });

  it('says when there is nothing to convert, and which image belongs to nobody', async () => {
    await writeFile(join(dicom, 'cut'), slice(0).subarray(0, 300));
    const { code, out: text, err } = await convert();
    expect([code, JSON.parse(text)]).toEqual([3, { series: [] }]);
    expect(err).toMatch(/error \w+: .*cut: /);
    expect(err).toContain('holds no DICOM image series');
  });

  it.each([
    ['a folder that is not there', ['convert', '/no/such/folder', '--out', '/tmp/x']],
    ['no output folder', ['convert', '/tmp']],
    ['an unknown policy', ['convert', '/tmp', '--out', '/tmp/x', '--irregular', 'maybe']],
    ['a level beyond 9', ['convert', '/tmp', '--out', '/tmp/x', '--level', '10']],
    ['phase 0', ['convert', '/tmp', '--out', '/tmp/x', '--phase', '0']],
  ])('exits with 2 for %s', async (_, args) => {
    const { code, err } = await runCli(args);
    expect(code).toBe(2);
    expect(err).toContain('error UsageError:');
  });

  it('exits with 2 for a series that is not there and an output folder that cannot be', async () => {
    await writeSeries();
    expect((await convert('--series', '1.2.3')).code).toBe(2);
    await writeFile(out, 'a file');
    expect((await convert()).code).toBe(2);
  });

  it('draws a progress bar on a terminal and takes it away', async () => {
    await writeSeries();
    const written: string[] = [];
    const output = Object.assign(new PassThrough(), { isTTY: true, columns: 60 });
    output.on('data', (text: Buffer) => written.push(text.toString()));
    await runCli(['convert', dicom, '--out', out], undefined, {
      terminal: { input: new PassThrough(), output },
    });
    const drawn = written.join('');
    expect(drawn).toContain('[########################] 100 %  reading 3 files');
    expect(drawn).toContain('series 1 of 1');
    expect(drawn.endsWith('\r\x1b[K')).toBe(true);
  });
});

describe('openDicomFolder', () => {
  it('gives the same series from a folder larger than memory, read when they are asked for', async () => {
    await writeSeries();
    await writeSeries((k) => ({ seriesUid: OTHER_UID, sopInstanceUid: `${OTHER_UID}.${k}` }), 'b');
    await writeFile(join(dicom, 'notes.txt'), 'no DICOM');
    const [whole, indexed] = [
      await openDicomFolder(dicom),
      await openDicomFolder(dicom, { readAtOnceBytes: 1 }),
    ];
    expect(indexed.notDicom).toBe(1);
    expect(indexed.series.map(({ seriesUid }) => seriesUid)).toEqual([TEST_SERIES_UID, OTHER_UID]);
    for (const [at, series] of whole.series.entries()) {
      const expected = await series.files();
      const read = (await indexed.series[at]?.files()) ?? [];
      expect(read.map(({ path }) => path)).toEqual(expected.map(({ path }) => path));
      expect(read.map(({ bytes }) => bytes)).toEqual(expected.map(({ bytes }) => bytes));
    }
  });
});
