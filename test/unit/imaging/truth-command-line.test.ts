import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { type DecodedNifti, decodeNifti } from '../../../src/imaging/nifti/decode-nifti.ts';
import { type Acquisition, acquisitionNamed } from '../../truth/acquisition.ts';
import { agreement, largestIntensityError, truthOnGrid } from '../../truth/sample.ts';
import { shapesOf } from '../../truth/shapes.ts';
import { writeClassic } from '../../truth/write-images.ts';
import { writeAim, writeRtstruct } from '../../truth/write-regions.ts';
import { writeSegmentation } from '../../truth/write-segmentation.ts';
import { runCli } from '../cli/run-cli.ts';

const root = mkdtempSync(join(tmpdir(), 'contourflow-truth-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function imagesOf(acquisition: Acquisition): string {
  const folder = join(root, `${acquisition.name}-images`);
  mkdirSync(folder, { recursive: true });
  writeClassic(acquisition).forEach((bytes, index) => {
    writeFileSync(join(folder, `${index}.dcm`), bytes);
  });
  return folder;
}

function readNifti(file: string): DecodedNifti {
  return decodeNifti(new Uint8Array(gunzipSync(readFileSync(file))));
}

const REGIONS = ['sphere', 'small sphere', 'ellipsoid', 'nested rings', 'keyhole', 'box'];

describe('the command line against the analytic truth', () => {
  it.each(['anisotropic', 'oblique'])('convert %s: every voxel has the value of its place', async (name) => {
    const acquisition = acquisitionNamed(name);
    const out = join(root, `${name}-converted`);
    const result = await runCli(['--json', 'convert', imagesOf(acquisition), '--out', out]);
    expect(result.code).toBe(0);
    const { series } = JSON.parse(result.out) as { series: { outputs: string[] }[] };
    expect(series.length).toBe(1);
    const volume = readNifti(join(out, `${acquisition.seriesUid}.nii.gz`));
    expect(largestIntensityError(acquisition, volume)).toBeLessThanOrEqual(0.501);
  });

  it.each([
    ['anisotropic', 'rt.dcm', writeRtstruct],
    ['anisotropic', 'aim.xml', writeAim],
    ['oblique', 'seg.dcm', writeSegmentation],
  ] as const)('mask %s, %s: one file per region with its voxels', async (name, file, write) => {
    const acquisition = acquisitionNamed(name);
    const shapes = shapesOf(acquisition).filter((shape) => REGIONS.includes(shape.name));
    const [roi, out] = [join(root, `${name}-${file}`), join(root, `${name}-${file}.mask`)];
    writeFileSync(roi, write(acquisition, shapes));
    const output = join(out, 'labels.nii.gz');
    mkdirSync(out);
    const args = ['mask', imagesOf(acquisition), '--roi', roi, '--out', output];
    const result = await runCli(['--json', ...args, '--per-roi', join(out, 'regions')]);
    expect(result.code).toBe(0);
    const report = JSON.parse(result.out) as { regions: { name: string; file: string; voxels: number }[] };
    expect(report.regions.map((region) => region.name)).toEqual(shapes.map((shape) => shape.name));
    const { geometry } = readNifti(output);
    const truth = truthOnGrid(acquisition, shapes, geometry);
    const rows = report.regions.map((region) => {
      const found = agreement(readNifti(join(out, region.file)).values, truth.get(region.name) as Uint8Array);
      return { name: region.name, told: region.voxels, ...found };
    });
    expect(rows.filter(({ told, voxels }) => told !== voxels)).toEqual([]);
    const bad = rows.filter(
      (row) => row.dice < (row.truthVoxels < 500 ? 0.999 : 0.9999) || row.volumeError > 0.003,
    );
    expect(bad).toEqual([]);
  });
});
