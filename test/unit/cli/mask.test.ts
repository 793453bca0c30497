import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cornerDistanceMm } from '../../../src/imaging/geometry/volume-geometry.ts';
import { encodeNifti } from '../../../src/imaging/nifti/encode-nifti.ts';
import { type ctSlice, TEST_SERIES_UID, type TestContour } from '../../helpers/dicom-writer.ts';
import { acquisitionNamed } from '../../truth/acquisition.ts';
import { planOf } from '../../truth/draw.ts';
import { shapesOf } from '../../truth/shapes.ts';
import { writeClassic } from '../../truth/write-images.ts';
import { writeAim, writeRtstruct } from '../../truth/write-regions.ts';
import { writeSegmentation } from '../../truth/write-segmentation.ts';
import {
  COLUMNS,
  convert,
  countOf,
  LIVER,
  mask,
  newFolder,
  ROWS,
  read,
  rectangle,
  roiFile,
  SLICES,
  seriesFolder,
  sliceFile,
  TUMOUR,
} from './mask-files.ts';
import { runCli } from './run-cli.ts';

describe('contourflow mask', () => {
  it('draws every region of an RTSTRUCT as 1 to N, and each by itself', async () => {
    const out = join(newFolder(), 'deep', 'labels.nii.gz');
    const args = [
      'mask',
      seriesFolder(),
      '--roi',
      roiFile(),
      '--out',
      out,
      '--per-roi',
      join(out, '..', 'rois'),
    ];
    const result = await runCli([...args, '--json']);
    expect(result).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(result.out)).toEqual({
      regions: [
        { name: 'Liver', value: 1, file: 'rois/Liver.nii.gz', voxels: 120, volumeMl: 0.24 },
        { name: 'Tumour/1', value: 2, file: 'rois/Tumour_1.nii.gz', voxels: 16, volumeMl: 0.032 },
      ],
      sources: [
        { number: 4, name: 'Liver', value: 1, voxels: 120, provenance: expect.any(Object) },
        { number: 9, name: 'Tumour/1', value: 2, voxels: 16, provenance: expect.any(Object) },
      ],
      unmapped: [],
      overlaps: [{ lost: 'Liver', won: 'Tumour/1', voxels: 8 }],
      warnings: [],
    });
    expect(JSON.parse(result.out).sources[0].provenance).toMatchObject({
      format: 'RTSTRUCT',
      sourceUid: expect.any(String),
    });
    const { values, geometry } = read(out);
    expect(values).toBeInstanceOf(Uint8Array);
    expect([countOf(values, 1), countOf(values, 2)]).toEqual([112, 16]);
    expect(geometry.sizeIjk).toEqual([COLUMNS, ROWS, SLICES]);
    const alone = read(join(out, '..', 'rois', 'Liver.nii.gz')).values;
    expect([countOf(alone, 1), alone.length]).toEqual([120, COLUMNS * ROWS * SLICES]);
    expect(readdirSync(join(out, '..')).toSorted()).toEqual(['labels.nii.gz', 'rois']);
  });

  it('takes values from a label map, and says what the map and the file lack', async () => {
    const map = join(newFolder({ 'map.txt': 'LIVER=700\nSpleen=2\n' }), 'map.txt');
    const { code, report, path } = await mask(seriesFolder(), roiFile(), '--label-map', map);
    expect(code).toBe(0);
    expect(report).toMatchObject({
      regions: [
        { name: 'Liver', value: 700, file: null, voxels: 120 },
        { name: 'Tumour/1', value: null, file: null, voxels: null, volumeMl: null },
      ],
      unmapped: ['Tumour/1'],
      warnings: [{ code: 'MissingRegion', region: 'Spleen', needsReview: true }],
    });
    expect(countOf(read(path).values, 700)).toBe(120);
  });

  it('writes .nii as it is, and a table for a person', async () => {
    const out = join(newFolder(), 'labels.nii');
    const result = await runCli(['mask', seriesFolder(), '--roi', roiFile(), '--out', out]);
    expect(result.code).toBe(0);
    expect(result.out).toContain('"Tumour/1" took 8 voxel(s) from "Liver"');
    expect(result.out).toContain(`wrote ${out}`);
    expect(countOf(read(out).values, 1)).toBe(112);
  });

  it('fills gaps up to a distance when asked to', async () => {
    const roi = roiFile([
      { ...LIVER, contours: [rectangle(1, [2, 3], [11, 8]), rectangle(4, [2, 3], [11, 8])] },
    ]);
    const folder = seriesFolder();
    const filled = await mask(folder, roi, '--gaps', 'interpolate:6');
    expect(filled.report.regions[0].voxels).toBe(240);
    expect(filled.report.warnings).toMatchObject([{ code: 'GapInterpolated' }]);
    expect((await mask(folder, roi, '--gaps', 'interpolate:5.9')).report.regions[0].voxels).toBe(120);
    expect((await mask(folder, roi)).report.warnings).toMatchObject([{ code: 'GapBetweenContours' }]);
    expect((await mask(folder, roi, '--gaps', 'none')).report.warnings).toEqual([]);
  });

  it('lists a region of which nothing is drawn, with an empty file', async () => {
    const perRoi = newFolder();
    const roi = roiFile([{ number: 1, name: 'Empty', contours: [] }, LIVER]);
    const { report } = await mask(seriesFolder(), roi, '--per-roi', perRoi);
    expect(report.regions).toMatchObject([
      { name: 'Empty', value: 1, voxels: 0, volumeMl: 0 },
      { name: 'Liver', value: 2, voxels: 120 },
    ]);
    expect(report.warnings).toMatchObject([{ code: 'EmptyRegion' }]);
    expect(countOf(read(join(perRoi, 'Empty.nii.gz')).values, 0)).toBe(COLUMNS * ROWS * SLICES);
  });

  it.each([
    ['the same folder', (folder: string) => [join(folder, 'Liver.nii.gz'), folder], 'Liver_2.nii.gz'],
    ['another spelling', (folder: string) => [join(folder, 'LIVER.NII.GZ'), folder], 'Liver_2.nii.gz'],
    [
      'a link to the folder',
      (folder: string) => {
        symlinkSync(folder, `${folder}-link`);
        return [join(folder, 'Liver.nii.gz'), `${folder}-link`];
      },
      'Liver_2.nii.gz',
    ],
    ['.nii instead', (folder: string) => [join(folder, 'Liver.nii'), folder], 'Liver.nii.gz'],
    [
      'a folder below',
      (folder: string) => [join(folder, 'Liver.nii.gz'), join(folder, 'rois')],
      'Liver.nii.gz',
    ],
  ] as const)('never writes the label map over a region of its name: %s', async (_, paths, file) => {
    const [out, perRoi] = paths(newFolder()) as [string, string];
    const args = ['mask', seriesFolder(), '--roi', roiFile(), '--out', out, '--per-roi', perRoi, '--json'];
    const { code, out: text } = await runCli(args);
    expect(code).toBe(0);
    const [liver] = JSON.parse(text).regions;
    expect(basename(liver.file)).toBe(file);
    const alone = read(join(out, '..', liver.file)).values;
    expect([countOf(alone, 1), countOf(alone, 2)]).toEqual([120, 0]);
    const { values } = read(out);
    expect([countOf(values, 1), countOf(values, 2)]).toEqual([112, 16]);
  });

  it('draws a progress bar on a terminal and takes it away', async () => {
    const written: string[] = [];
    const output = Object.assign(new PassThrough(), { isTTY: true, columns: 60 });
    output.on('data', (text: Buffer) => written.push(text.toString()));
    const args = ['mask', seriesFolder(), '--roi', roiFile(), '--out', join(newFolder(), 'labels.nii')];
    const terminal = { input: new PassThrough(), output };
    expect((await runCli(args, undefined, { terminal })).code).toBe(0);
    expect(written.join('')).toContain('100 %  reading 7 files');
    expect(written.join('')).toContain('100 %  drawing regions');
    expect(written.join('').endsWith('\r\x1b[K')).toBe(true);
    written.length = 0;
    const volume = args.at(-1) as string;
    await runCli(['compare', volume, volume], undefined, { terminal });
    expect(written.join('')).toContain('100 %  comparing labels');
    expect(written.join('').endsWith('\r\x1b[K')).toBe(true);
  });

  it('refuses a series with a damaged image as convert does, not to draw on a shorter grid', async () => {
    const folder = seriesFolder();
    const path = join(folder, '5.dcm');
    writeFileSync(path, readFileSync(path).subarray(0, -8));
    const drawn = await mask(folder, roiFile());
    const converted = await convert(folder);
    expect([drawn.code, converted.code]).toEqual([3, 3]);
    const { reason, message } = converted.series[0];
    expect(drawn.report).toEqual({ status: 'rejected', reason, message });
    expect(message).toContain('1 of 6 files');
    expect(existsSync(drawn.path)).toBe(false);
  });

  it('tells a copy of an image from another one of its UID by their pixels, as convert does', async () => {
    const folder = seriesFolder();
    // Longer than what is read of a file at first.
    const filler = { '00204000': { tag: '00204000', vr: 'LT', value: ' '.repeat(8000) } as const };
    const twice = (value: number) =>
      sliceFile(1, { columns: 128, rows: 128, pixels: new Array(128 * 128).fill(value), changes: filler });
    for (let k = 0; k < SLICES; k++) {
      const pixels = new Array(128 * 128).fill(k);
      writeFileSync(
        join(folder, `${k}.dcm`),
        sliceFile(k, { columns: 128, rows: 128, pixels, changes: filler }),
      );
    }
    writeFileSync(join(folder, 'twice.dcm'), twice(1));
    expect([(await mask(folder, roiFile())).code, (await convert(folder)).code]).toEqual([0, 0]);
    writeFileSync(join(folder, 'twice.dcm'), twice(7));
    const [drawn, converted] = [await mask(folder, roiFile()), await convert(folder)];
    expect(drawn.report.reason).toBe('DuplicateSlicePosition');
    expect(converted.series[0].reason).toBe('DuplicateSlicePosition');
  });

  it('names a localizer of the series, which nothing lacks', async () => {
    const folder = seriesFolder();
    const type = { tag: '00080008', vr: 'CS', value: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] } as const;
    const scout = sliceFile(7, { sopInstanceUid: '1.2.3', changes: { '00080008': type } });
    writeFileSync(join(folder, 'scout'), scout);
    const { code, report } = await mask(folder, roiFile());
    expect([code, (await convert(folder)).code]).toEqual([0, 0]);
    expect(report.warnings).toMatchObject([{ code: 'Localizer', needsReview: false }]);
  });

  it('draws on the grid of convert, or on none, whatever is wrong with the series', async () => {
    const damage = fc.constantFrom('cut', 'gone', 'doubled', 'moved', 'scout');
    const irregular = fc.constantFrom('resample', 'native', 'reject');
    const at = fc.integer({ min: 3, max: SLICES - 1 });
    await fc.assert(
      fc.asyncProperty(damage, irregular, at, async (what, policy, k) => {
        const folder = seriesFolder();
        const path = join(folder, `${k}.dcm`);
        const other = { sopInstanceUid: '1.2.3' };
        const type = { tag: '00080008', vr: 'CS', value: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] } as const;
        if (what === 'cut') writeFileSync(path, readFileSync(path).subarray(0, -8));
        if (what === 'gone') rmSync(path);
        if (what === 'doubled') writeFileSync(`${path}.2`, sliceFile(k, other));
        if (what === 'moved') writeFileSync(path, sliceFile(k, { position: [0, 0, 2 * k + 0.7] }));
        if (what === 'scout')
          writeFileSync(`${path}.2`, sliceFile(k, { ...other, changes: { '00080008': type } }));
        const drawn = await mask(folder, roiFile(), '--irregular', policy);
        const { series, code, out } = await convert(folder, '--irregular', policy);
        expect(drawn.code).toBe(code);
        if (code === 0)
          expect(read(drawn.path).geometry).toEqual(read(join(out, series[0].outputs[0])).geometry);
        else expect(drawn.report.reason).toBe(series[0].reason);
      }),
      { numRuns: 30 },
    );
  });
});

describe('contourflow mask and formats', () => {
  const acquisition = acquisitionNamed('tilted');
  const shapes = shapesOf(acquisition).filter(({ name }) =>
    ['sphere', 'nested rings', 'star'].includes(name),
  );
  const files = writeClassic(acquisition);
  const folder = newFolder(Object.fromEntries(files.map((bytes, k) => [`${k}`, bytes])));
  const regions = newFolder({
    'rt.dcm': writeRtstruct(acquisition, shapes),
    'aim.xml': writeAim(acquisition, shapes),
    'seg.dcm': writeSegmentation(acquisition, shapes),
  });

  it('draws RTSTRUCT, AIM and SEG alike on the grid that a tilted series is resampled to', async () => {
    const rt = await mask(folder, join(regions, 'rt.dcm'));
    const aim = await mask(folder, join(regions, 'aim.xml'));
    const seg = await mask(folder, join(regions, 'seg.dcm'));
    expect([rt.code, aim.code, seg.code]).toEqual([0, 0, 0]);
    expect(rt.report.warnings).toMatchObject([{ code: 'IrregularStack' }]);
    expect(aim.report.regions).toEqual(rt.report.regions);
    const expected = planOf(files).geometry;
    const { geometry, values } = read(rt.path);
    expect(cornerDistanceMm(geometry, expected)).toBeLessThan(0.001);
    expect(Array.from(read(aim.path).values)).toEqual(Array.from(values));
    seg.report.regions.forEach(({ voxels }: { voxels: number }, index: number) => {
      expect(Math.abs(voxels / rt.report.regions[index].voxels - 1)).toBeLessThan(0.02);
    });
  });

  it('draws on the acquired slices, or not at all, when told so', async () => {
    const rejected = await mask(folder, join(regions, 'rt.dcm'), '--irregular', 'reject');
    expect(rejected).toMatchObject({ code: 3, report: { status: 'rejected', reason: 'GantryTilt' } });
  });

  it('reads a NIfTI mask of 64-bit integers or floats on the grid of the series', async () => {
    const series = seriesFolder();
    const first = await mask(series, roiFile());
    const { geometry, values } = read(first.path);
    const floats = encodeNifti({ geometry, values: Float32Array.from(values, (value) => value * 3) });
    const nifti = join(newFolder({ 'mask.nii.gz': gzipSync(floats) }), 'mask.nii.gz');
    const { code, report, path } = await mask(series, nifti);
    expect(code).toBe(0);
    expect(
      report.regions.map(({ name, value, voxels }: Record<string, unknown>) => [name, value, voxels]),
    ).toEqual([
      ['3', 1, 112],
      ['6', 2, 16],
    ]);
    expect(Array.from(read(path).values)).toEqual(Array.from(values));
  });
});

describe('contourflow mask and several series', () => {
  const other = `${TEST_SERIES_UID}.77`;

  async function maskOfTwo(size: Partial<Parameters<typeof ctSlice>[0]>, ...more: readonly string[]) {
    const folder = seriesFolder();
    for (let k = 0; k < SLICES; k++) {
      writeFileSync(
        join(folder, `other-${k}.dcm`),
        sliceFile(k, { seriesUid: other, sopInstanceUid: `${other}.${k + 1}`, ...size }),
      );
    }
    const drawn = await mask(folder, roiFile());
    expect(drawn.code).toBe(0);
    return { drawn, again: await mask(folder, drawn.path, ...more) };
  }

  it('needs to be told which series a NIfTI mask belongs to when several have its grid', async () => {
    const { again } = await maskOfTwo({});
    expect(again).toMatchObject({ code: 3, report: { status: 'rejected', reason: 'AmbiguousSeries' } });
    expect(again.report.message).toContain(`${TEST_SERIES_UID}, ${other}`);
    expect(again.err).toContain('error AmbiguousSeries:');
  });

  it('takes the series that it is told, or the only one on whose grid the mask lies', async () => {
    expect((await maskOfTwo({}, '--series', other)).again.code).toBe(0);
    const longer = { pixelSpacing: [1.5, 1.5] as const };
    expect((await maskOfTwo(longer)).again.code).toBe(0);
    expect((await maskOfTwo(longer, '--series', other)).again.report.reason).toBe('MaskGridMismatch');
    expect((await maskOfTwo({}, '--series', '1.2.3')).again.report.reason).toBe('ReferencedSeriesMissing');
  });
});

describe('contourflow mask refuses', () => {
  const folder = seriesFolder();

  it.each([
    {
      what: 'an unmapped region',
      more: ['--label-map', 'map', '--unmapped', 'fail'],
      reason: 'UnmappedRegion',
    },
    { what: 'overlaps', more: ['--overlap', 'fail'], reason: 'OverlappingRegions' },
    { what: 'a bad label map', more: ['--label-map', 'bad'], reason: 'MalformedLabelMap' },
  ])('$what, with JSON on standard output and the sentence on standard error', async ({ more, reason }) => {
    const maps = newFolder({ map: 'Liver=1', bad: 'Liver' });
    const options = more.map((option) =>
      option === 'map' || option === 'bad' ? join(maps, option) : option,
    );
    const { code, report, err } = await mask(folder, roiFile(), ...options);
    expect(code).toBe(3);
    expect(report).toEqual({ status: 'rejected', reason, message: expect.any(String) });
    expect(err).toContain(`error ${reason}: ${report.message}`);
  });

  it.each([
    { what: 'text', content: 'Liver=1', reason: 'UnsupportedRoiType' },
    { what: 'an image', content: sliceFile(0), reason: 'UnsupportedRoiType' },
    { what: 'another XML document', content: '<html/>', reason: 'UnsupportedRoiType' },
    { what: 'an AIM file with a document type', content: '<!DOCTYPE a><a/>', reason: 'MalformedAim' },
    { what: 'an empty file', content: '', reason: 'UnsupportedRoiType' },
    { what: 'damaged gzip', content: Uint8Array.of(0x1f, 0x8b, 8, 0), reason: 'MalformedNifti' },
  ])('$what as a file of regions', async ({ content, reason }) => {
    const path = join(newFolder({ file: content }), 'file');
    expect(await mask(folder, path)).toMatchObject({ code: 3, report: { status: 'rejected', reason } });
  });

  it('several files that are no parts of one segmentation', async () => {
    const { report } = await mask(folder, roiFile(), '--roi', roiFile());
    expect(report.reason).toBe('UnsupportedRoiType');
  });

  describe('a region that cannot be read', () => {
    const points = [1, 2, 3, 4];
    const damaged = { number: 12, name: 'Damaged', contours: [{ points }] };

    it.each([
      ['that is drawn', []],
      ['that the label map leaves out', ['--label-map', 'map']],
    ])('%s, and writes nothing', async (_, more) => {
      const map = join(newFolder({ map: 'Liver=1' }), 'map');
      const options = more.map((option) => (option === 'map' ? map : option));
      const { code, path, report } = await mask(folder, roiFile([LIVER, TUMOUR, damaged]), ...options);
      expect({ code, reason: report.reason }).toEqual({ code: 3, reason: 'MalformedContour' });
      expect(readdirSync(dirname(path))).toEqual([]);
    });

    it('before anything that is wrong with the images', async () => {
      const empty = newFolder({ 'notes.txt': 'x' });
      expect((await mask(empty, roiFile([LIVER, damaged]))).report.reason).toBe('MalformedContour');
    });
  });

  it('contours of an image that the series lacks', async () => {
    const [first, ...others] = LIVER.contours as [TestContour, ...TestContour[]];
    const elsewhere = { ...LIVER, contours: [{ ...first, sopInstanceUid: '1.2.3.4' }, ...others] };
    const { report } = await mask(folder, roiFile([elsewhere, TUMOUR]));
    expect(report.reason).toBe('ReferencedImageMissing');
  });

  it('a folder without images', async () => {
    const empty = newFolder({ 'notes.txt': 'x' });
    expect((await mask(empty, roiFile())).report.reason).toBe('TooFewSlices');
  });

  it.each([
    ['--fractional-threshold', '0'],
    ['--fractional-threshold', 'half'],
    ['--gaps', 'sometimes'],
    ['--gaps', 'review:3'],
    ['--gaps', 'interpolate:-1'],
    ['--overlap', 'first'],
    ['--irregular', 'maybe'],
    ['--phase', '0'],
    ['--label-map', '/nowhere/map.txt'],
  ])('%s %s as a usage error', async (option, value) => {
    expect(await mask(folder, roiFile(), option, value)).toMatchObject({ code: 2, out: '' });
  });

  it('paths that are not there as a usage error', async () => {
    expect((await mask('/nowhere', roiFile())).code).toBe(2);
    expect((await mask(folder, '/nowhere/rt.dcm')).code).toBe(2);
    expect((await runCli(['mask', folder, '--roi', roiFile()])).code).toBe(2);
  });
});
