import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { PipelineError } from '../../../src/contracts/errors.ts';
import { openNifti, waitForSlices } from '../../../src/engine/arriving-nifti.ts';
import { openFileSink } from '../../../src/engine/file-sink.ts';
import { resampleImageFile, resampleMaskFile } from '../../../src/engine/resample-file.ts';
import type { Vec3 } from '../../../src/imaging/geometry/vector.ts';
import { voxelCount } from '../../../src/imaging/geometry/volume-geometry.ts';
import { decodeNifti } from '../../../src/imaging/nifti/decode-nifti.ts';
import { encodeNifti } from '../../../src/imaging/nifti/encode-nifti.ts';
import type { NiftiValues } from '../../../src/imaging/nifti/nifti-header.ts';
import { resampleImage } from '../../../src/imaging/resample/resample-image.ts';
import { resampleMask } from '../../../src/imaging/resample/resample-mask.ts';
import { GRIDS } from '../../helpers/imaging-phantom.ts';

const geometry = (GRIDS.find(({ name }) => name === 'oblique') as (typeof GRIDS)[number]).geometry;
const count = voxelCount(geometry);
const folder = mkdtempSync(join(tmpdir(), 'contourflow-resample-'));
const SPACING: Vec3 = [1.5, 1.5, 1.5];

let files = 0;
function pathOf(ending = '.nii.gz'): string {
  files += 1;
  return join(folder, `${files}${ending}`);
}

function write(bytes: Uint8Array, ending?: string): string {
  const path = pathOf(ending);
  writeFileSync(path, bytes);
  return path;
}

function volume(values: NiftiValues): Uint8Array<ArrayBuffer> {
  return encodeNifti({ geometry, values });
}

/** Patch of the slope in a NIfTI-1 header. */
function withSlope(bytes: Uint8Array<ArrayBuffer>, slope: number): Uint8Array<ArrayBuffer> {
  new DataView(bytes.buffer).setFloat32(112, slope, true);
  return bytes;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'no error';
}

const HU = Int16Array.from({ length: count }, (_, n) => ((n * 7919) % 2000) - 1000);
const LABELS = Uint8Array.from({ length: count }, (_, n) => Math.floor(n / 700) % 4);

describe('openNifti', () => {
  it.each(['.nii', '.nii.gz'])('reads %s into shared memory, slice by slice', async (ending) => {
    const bytes = volume(HU);
    const { header, values, arrival, complete } = await openNifti(
      write(ending === '.nii' ? bytes : gzipSync(bytes), ending),
    );
    expect(header.geometry.sizeIjk).toEqual(geometry.sizeIjk);
    await complete;
    expect(arrival.slices[0]).toBe(geometry.sizeIjk[2]);
    expect(values.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect([...values]).toEqual([...HU]);
    waitForSlices(arrival, geometry.sizeIjk[2]);
  });

  it('scales before anything counts as there', async () => {
    const { values, arrival } = await openNifti(write(gzipSync(withSlope(volume(HU), 0.5))));
    expect(arrival.slices[0]).toBe(geometry.sizeIjk[2]);
    expect(values.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(values[5]).toBe((HU[5] as number) / 2);
  });

  it('refuses what is cut off, damaged, too long or impossible', async () => {
    const bytes = volume(HU);
    const packed = gzipSync(bytes);
    const damaged = Uint8Array.from(packed);
    damaged.fill(0x55, 2000, 2400);
    const complete = async (content: Uint8Array) => (await openNifti(write(content))).complete;
    expect(await codeOf(complete(bytes.subarray(0, bytes.length - 1)))).toBe('MalformedNifti');
    expect(await codeOf(complete(packed.subarray(0, packed.length - 100)))).toBe('MalformedNifti');
    expect(await codeOf(complete(damaged))).toBe('MalformedNifti');
    const endless = gzipSync(Buffer.concat([bytes, Buffer.alloc(20 * 2 ** 20)]));
    expect(await codeOf(complete(endless))).toBe('DecompressionBomb');
    expect(await codeOf(openNifti(write(bytes.subarray(0, 20))))).toBe('MalformedNifti');
    expect(await codeOf(openNifti(write(bytes.subarray(0, 352))))).toBe('MalformedNifti');
    expect(await codeOf(openNifti(write(Buffer.from('not an image'))))).toBe('MalformedNifti');
    await expect(openNifti(join(folder, 'nowhere.nii'))).rejects.toThrow('ENOENT');
  });

  it('lets a waiting thread go when no more slices will come', async () => {
    const short = gzipSync(volume(HU).subarray(0, -1));
    const { arrival, complete } = await openNifti(write(short));
    expect(await codeOf(complete)).toBe('MalformedNifti');
    expect(() => waitForSlices(arrival, geometry.sizeIjk[2])).toThrow('cut off');
  });
});

describe('resampleImageFile', () => {
  it.each([0, 2])('writes what resampleImage makes, with %d threads', async (workers) => {
    const expected = resampleImage(
      { geometry: decodedGeometry(volume(HU)), values: HU, unit: 'HU' },
      SPACING,
    );
    const out = pathOf();
    const done: [number, number][] = [];
    const result = await resampleImageFile(write(gzipSync(volume(HU))), () => openFileSink(out), {
      spacingMm: SPACING,
      workers,
      onProgress: (at, total) => done.push([at, total]),
    });
    const stored = readFileSync(out);
    const decoded = decodeNifti(gunzipSync(stored));
    expect([...decoded.values]).toEqual([...expected.values]);
    expect(result).toMatchObject({ dataType: 'int16', maxRoundingError: 0.5, sizeBytes: stored.length });
    expect(result.target.sizeIjk).toEqual(expected.geometry.sizeIjk);
    expect(done).toEqual([[1, 1]]);
  });

  it.each(['linear', 'bspline'] as const)('keeps other numbers as float32, %s', async (interpolation) => {
    const values = Float32Array.from(HU, (value) => value / 8);
    const out = pathOf('.nii');
    const result = await resampleImageFile(write(gzipSync(volume(values))), () => openFileSink(out), {
      spacingMm: SPACING,
      workers: 0,
      level: null,
      interpolation,
    });
    const decoded = decodeNifti(new Uint8Array(readFileSync(out)));
    const expected = resampleImage(
      { geometry: decodedGeometry(volume(values)), values, unit: 'US' },
      SPACING,
      {
        interpolation,
      },
    );
    expect(decoded.values).toEqual(expected.values);
    expect(result).toMatchObject({ dataType: 'float32', maxRoundingError: 0 });
  });

  it('keeps whole numbers of wider types when they fit', async () => {
    const typeOf = async (values: NiftiValues) =>
      (
        await resampleImageFile(write(gzipSync(volume(values))), () => openFileSink(pathOf()), {
          spacingMm: SPACING,
          workers: 0,
        })
      ).dataType;
    expect(await typeOf(Int32Array.from(HU))).toBe('int16');
    expect(await typeOf(Uint16Array.from(HU, (value) => value + 40000))).toBe('float32');
    expect(await typeOf(Uint8Array.from(LABELS))).toBe('int16');
  });

  it('leaves no file behind when the source is cut off', async () => {
    const bytes = gzipSync(volume(HU));
    for (const workers of [0, 1]) {
      const out = pathOf();
      const failed = resampleImageFile(
        write(bytes.subarray(0, bytes.length - 200)),
        () => openFileSink(out),
        {
          spacingMm: SPACING,
          workers,
        },
      );
      expect(await codeOf(failed)).toBe('MalformedNifti');
      expect(existsSync(out)).toBe(false);
    }
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
  });
});

describe('resampleMaskFile', () => {
  it.each([0, 2])('writes what resampleMask makes and counts it, with %d threads', async (workers) => {
    const expected = resampleMask(
      { geometry: decodedGeometry(volume(LABELS)), labels: LABELS, valueOrder: [] },
      SPACING,
    );
    const out = pathOf();
    const result = await resampleMaskFile(write(gzipSync(volume(LABELS))), () => openFileSink(out), {
      spacingMm: SPACING,
      workers,
    });
    expect([...decodeNifti(gunzipSync(readFileSync(out))).values]).toEqual([...expected.labels]);
    expect(result).toMatchObject({ dataType: 'uint8', regions: expected.regions });
  });

  it('takes labels of any type and keeps wide values wide', async () => {
    const values = Float32Array.from(LABELS, (value) => value * 300);
    const out = pathOf();
    const result = await resampleMaskFile(write(gzipSync(volume(values))), () => openFileSink(out), {
      spacingMm: SPACING,
      workers: 0,
    });
    expect(result.dataType).toBe('uint16');
    expect(result.regions.map(({ value }) => value)).toEqual([300, 600, 900]);
  });

  it('refuses an image', async () => {
    const failed = resampleMaskFile(write(gzipSync(volume(HU))), () => openFileSink(pathOf()), {
      spacingMm: SPACING,
      workers: 0,
    });
    expect(await codeOf(failed)).toBe('MaskNotIntegral');
  });
});

/** The grid as a file holds it, in single precision. */
function decodedGeometry(bytes: Uint8Array) {
  return decodeNifti(bytes).geometry;
}
