import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import {
  createGeometry,
  type VolumeGeometry,
  voxelCount,
} from '../../../../src/imaging/geometry/volume-geometry.ts';
import { decodeNifti } from '../../../../src/imaging/nifti/decode-nifti.ts';
import { encodeNifti } from '../../../../src/imaging/nifti/encode-nifti.ts';
import type { NiftiValues } from '../../../../src/imaging/nifti/nifti-header.ts';
import { centredGrid, voxelsWhere } from '../../../helpers/imaging-phantom.ts';
import { runCli } from '../run-cli.ts';

const GRID = centredGrid([16, 14, 10], [1, 1, 2], [1, 0, 0], [0, 1, 0]);
const folder = mkdtempSync(join(tmpdir(), 'contourflow-cli-imaging-'));

let files = 0;
function write(values: NiftiValues, geometry: VolumeGeometry = GRID): string {
  files += 1;
  const path = join(folder, `in-${files}.nii.gz`);
  writeFileSync(path, gzipSync(encodeNifti({ geometry, values })));
  return path;
}

function ball(radius: number, value = 1): Uint8Array {
  return voxelsWhere(GRID, ([x, y, z]) => x * x + y * y + z * z < radius * radius).map(
    (inside) => inside * value,
  );
}

const HU = Int16Array.from({ length: voxelCount(GRID) }, (_, n) => ((n * 31) % 400) - 200);

describe('contourflow resample', () => {
  it('writes an image and tells its grid', async () => {
    const out = join(folder, 'image.nii.gz');
    const args = ['resample', write(HU), '--spacing', '2,2,2', '--kind', 'image', '--out', out, '--json'];
    const result = await runCli(args);
    expect(result).toMatchObject({ code: 0, err: '' });
    const bytes = readFileSync(out);
    expect(JSON.parse(result.out)).toEqual({
      status: 'resampled',
      out,
      kind: 'image',
      sourceSizeIjk: [16, 14, 10],
      sourceSpacingMm: [1, 1, 2],
      sizeIjk: [8, 7, 10],
      spacingMm: [2, 2, 2],
      dataType: 'int16',
      sizeBytes: bytes.length,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      interpolation: 'linear',
      antialias: false,
      maxRoundingError: 0.5,
    });
    expect(decodeNifti(gunzipSync(bytes)).geometry.sizeIjk).toEqual([8, 7, 10]);
  });

  it('writes .nii, by B-spline and with anti-aliasing', async () => {
    const out = join(folder, 'smooth.nii');
    const options = ['--kind', 'image', '--interpolation', 'bspline', '--antialias', '--out', out];
    const result = await runCli(['resample', write(HU), '--spacing', '2, 2, 1', ...options]);
    expect(result.code).toBe(0);
    expect(result.out).toContain('8 x 7 x 20 voxels of 2 x 2 x 1 mm');
    expect(decodeNifti(new Uint8Array(readFileSync(out))).values).toBeInstanceOf(Int16Array);
  });

  it('writes a label map and tells the drift of each region', async () => {
    const out = join(folder, 'mask.nii.gz');
    const args = ['resample', write(ball(5, 7)), '--spacing', '2,2,2', '--kind', 'mask', '--out', out];
    const json = JSON.parse((await runCli([...args, '--json'])).out);
    expect(json).toMatchObject({ kind: 'mask', dataType: 'uint8' });
    expect(json.regions).toHaveLength(1);
    const [{ value, voxelsNative, voxels, volumeMlNative, volumeMl, driftPercent }] = json.regions;
    expect([value, voxelsNative]).toEqual([7, ball(5).reduce((sum, one) => sum + one, 0)]);
    expect([volumeMlNative, volumeMl]).toEqual([(voxelsNative * 2) / 1000, (voxels * 8) / 1000]);
    expect(driftPercent).toBeCloseTo((100 * (volumeMl - volumeMlNative)) / volumeMlNative, 9);
    expect((await runCli(args)).out).toMatch(/VALUE +VOXELS BEFORE/);
  });

  it('refuses with a reason, on both streams with --json', async () => {
    const out = join(folder, 'never.nii.gz');
    const args = ['resample', write(HU), '--spacing', '2,2,2', '--kind', 'mask', '--out', out];
    const result = await runCli([...args, '--json']);
    expect(result.code).toBe(3);
    const told = JSON.parse(result.out);
    expect(told).toMatchObject({ status: 'rejected', reason: 'MaskNotIntegral' });
    expect(result.err).toBe(`error MaskNotIntegral: ${told.message}`);
    expect((await runCli(args)).out).toBe('');
    expect(existsSync(out)).toBe(false);
  });

  it.each([
    [['--spacing', '2,2', '--kind', 'image', '--out', 'x.nii'], 'three numbers'],
    [['--spacing', '2,,2', '--kind', 'image', '--out', 'x.nii'], 'three numbers'],
    [['--spacing', '2,0,2', '--kind', 'image', '--out', 'x.nii'], 'three numbers'],
    [['--spacing', '2,2,2', '--kind', 'image', '--out', 'x.nrrd'], 'neither with .nii.gz nor with .nii'],
    [['--spacing', '2,2,2', '--kind', 'image', '--out', '/nowhere/x.nii'], 'no folder /nowhere'],
    [['--spacing', '2,2,2', '--kind', 'mask', '--antialias', '--out', 'x.nii'], 'are for images'],
    [
      ['--spacing', '2,2,2', '--kind', 'mask', '--interpolation', 'bspline', '--out', 'x.nii'],
      'are for images',
    ],
    [['--spacing', '2,2,2', '--kind', 'volume', '--out', 'x.nii'], 'Allowed choices are image, mask'],
    [['--kind', 'image', '--out', 'x.nii'], '--spacing'],
  ])('does not understand %j', async (options, why) => {
    const result = await runCli(['resample', write(HU), ...options]);
    expect(result.code).toBe(2);
    expect(result.err).toContain(why);
  });

  it('says so when there is no such file', async () => {
    const options = ['--spacing', '2,2,2', '--kind', 'image', '--out', join(folder, 'x.nii')];
    const result = await runCli(['resample', join(folder, 'nothing.nii'), ...options]);
    expect(result).toMatchObject({ code: 2, err: expect.stringContaining('there is no file') });
  });
});

describe('contourflow compare', () => {
  it('tells the metrics of each label', async () => {
    const labels = ball(5);
    labels[0] = 4;
    const args = ['compare', write(ball(5)), write(labels), '--tolerance', '2'];
    const result = await runCli([...args, '--json']);
    expect(result.code).toBe(0);
    const told = JSON.parse(result.out);
    expect(told).toMatchObject({ kind: 'mask', toleranceMm: 2, emptyInOne: 1, emptyInBoth: 0 });
    expect(told.geometry).toMatchObject({ sameSize: true, sameGrid: true, cornerDistanceMm: 0 });
    expect(told.geometry.reference).toMatchObject({ sizeIjk: [16, 14, 10], spacingMm: [1, 1, 2] });
    expect(told.labels[0]).toMatchObject({
      value: 1,
      dice: 1,
      surfaceDice: 1,
      hd95Mm: 0,
      volumeErrorPercent: 0,
    });
    expect(told.labels[1]).toMatchObject({ value: 4, dice: 0, hd95Mm: null });
    const text = (await runCli(args)).out;
    expect(text).toContain('SURFACE DICE 2 MM');
    expect(text).toContain('labels in one volume only: 1');
    expect((await runCli(['compare', write(ball(5)), write(ball(5))])).out).not.toContain('only');
  });

  it('tells how far images differ, and takes labels for an image when asked', async () => {
    const other = HU.slice();
    other[3] = 1000;
    const args = ['compare', write(HU), write(other)];
    const told = JSON.parse((await runCli([...args, '--json'])).out);
    expect(told).toMatchObject({ kind: 'image', voxels: HU.length, voxelsDiffering: 1 });
    expect(told.maxAbsDifference).toBe(1000 - (HU[3] as number));
    expect((await runCli(args)).out).toContain(`1 of ${HU.length} voxels differ`);
    const labels = ['compare', write(ball(5)), write(ball(4)), '--kind', 'image', '--json'];
    expect(JSON.parse((await runCli(labels)).out)).toMatchObject({ kind: 'image', maxAbsDifference: 1 });
  });

  it('refuses volumes of two grids', async () => {
    const moved = createGeometry({ ...GRID, originLps: [0, 0, 0] });
    const result = await runCli(['compare', write(ball(5)), write(ball(5), moved), '--json']);
    expect(result.code).toBe(3);
    expect(JSON.parse(result.out)).toMatchObject({ status: 'rejected', reason: 'MaskGridMismatch' });
  });

  it('refuses an image that is said to be a mask', async () => {
    const result = await runCli(['compare', write(HU), write(HU), '--kind', 'mask']);
    expect(result).toMatchObject({ code: 3, err: expect.stringContaining('MaskNotIntegral') });
  });

  it.each(['-1', 'near', ' '])('does not understand a tolerance of "%s"', async (tolerance) => {
    const result = await runCli(['compare', write(HU), write(HU), `--tolerance=${tolerance}`]);
    expect(result).toMatchObject({ code: 2, err: expect.stringContaining('number of millimetres') });
  });
});
