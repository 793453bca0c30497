import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readHeader, readImage } from 'nifti-reader-js';
import { PipelineError } from '../../../../src/contracts/errors.ts';
import { flipLpsRas, type Mat4 } from '../../../../src/imaging/geometry/affine.ts';
import {
  cornerDistanceMm,
  createGeometry,
  geometryFromAffine,
} from '../../../../src/imaging/geometry/volume-geometry.ts';
import { decodeNifti } from '../../../../src/imaging/nifti/decode-nifti.ts';
import { encodeHeader, encodeNifti } from '../../../../src/imaging/nifti/encode-nifti.ts';
import { gunzipBounded, gzip, isGzip } from '../../../../src/imaging/nifti/gzip.ts';
import { NIFTI_1, NIFTI_2 } from '../../../../src/imaging/nifti/nifti-header.ts';
import { readNiftiHeader } from '../../../../src/imaging/nifti/read-header.ts';
import { GRIDS } from '../../../helpers/imaging-phantom.ts';

/** Byte offsets of NIfTI-1's fields. */
const OFFSET = {
  ...(Object.fromEntries(Object.entries(NIFTI_1.fields).map(([name, { at }]) => [name, at])) as Record<
    keyof typeof NIFTI_1.fields,
    number
  >),
  magic: NIFTI_1.magic.at,
};
const GRID = createGeometry({
  sizeIjk: [3, 2, 2],
  spacingMm: [0.5, 0.75, 2],
  originLps: [-10, 20, 30],
  directionLps: [1, 0, 0, 0, 1, 0, 0, 0, 1],
});
const RAMP = Array.from({ length: 12 }, (_, n) => n);

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
  return 'no error';
}

/** A valid file with header bytes changed. */
function altered(change: (view: DataView) => void, values = Int16Array.from(RAMP)): Uint8Array {
  const bytes = encodeNifti({ geometry: GRID, values });
  change(new DataView(bytes.buffer));
  return bytes;
}

describe('encodeNifti', () => {
  it.each(GRIDS)('writes the $name grid as an independent reader sees it', ({ geometry }) => {
    const grid = createGeometry({ ...geometry, sizeIjk: [3, 2, 2] });
    const bytes = encodeNifti(
      { geometry: grid, values: Int16Array.from(RAMP) },
      { softwareVersion: 'Contourflow 0.1.0' },
    );
    const header = readHeader(bytes.buffer);
    expect(header).toMatchObject({ qform_code: 1, sform_code: 1, xyzt_units: 2, scl_slope: 1, scl_inter: 0 });
    expect(header.description).toContain('Contourflow 0.1.0');
    expect(header.dims.slice(0, 5)).toEqual([3, 3, 2, 2, 1]);
    const ras = flipLpsRas(grid.affineIjkToLps);
    header.affine.flat().forEach((value: number, index: number) => {
      expect(value).toBeCloseTo(ras[index] as number, 3);
    });
    const image = new Int16Array(readImage(header, bytes.buffer));
    expect(Array.from(image)).toEqual(RAMP);
  });

  it.each(GRIDS)('gives qform and sform of one $name grid', ({ geometry }) => {
    const grid = createGeometry({ ...geometry, sizeIjk: [3, 2, 2] });
    const bytes = encodeNifti({ geometry: grid, values: Uint8Array.from(RAMP) });
    const bySform = decodeNifti(bytes);
    new DataView(bytes.buffer).setInt16(OFFSET.sformCode, 0, true);
    const byQform = decodeNifti(bytes);
    expect([bySform.placedBy, byQform.placedBy]).toEqual(['sform', 'qform']);
    expect(cornerDistanceMm(bySform.geometry, byQform.geometry)).toBeLessThan(1e-4);
    expect(cornerDistanceMm(bySform.geometry, grid)).toBeLessThan(1e-4);
  });

  it('refuses sides that no header can state and values that do not fill the grid', () => {
    const long = createGeometry({ ...GRID, sizeIjk: [2 ** 31 + 1, 1, 1] });
    expect(codeOf(() => encodeHeader(long, 'uint8'))).toBe('VolumeTooLarge');
    expect(codeOf(() => encodeNifti({ geometry: GRID, values: new Uint8Array(5) }))).toBe('InternalError');
  });
});

describe('NIfTI-2', () => {
  const long = createGeometry({ ...GRID, sizeIjk: [40_000, 1, 1] });
  const values = Int16Array.from({ length: 40_000 }, (_, n) => n - 20_000);

  it('is written when a side exceeds 32,767 voxels, as an independent reader sees it', () => {
    const bytes = encodeNifti({ geometry: long, values }, { softwareVersion: 'v' });
    const header = readHeader(bytes.buffer);
    expect(header).toMatchObject({
      qform_code: 1,
      sform_code: 1,
      xyzt_units: 2,
      scl_slope: 1,
      vox_offset: 544,
    });
    expect(header.dims.slice(0, 5)).toEqual([3, 40_000, 1, 1, 1]);
    expect(header.description).toContain('v');
    const ras = flipLpsRas(long.affineIjkToLps);
    expect(header.affine.flat()).toEqual([...ras]);
    expect(Array.from(new Int16Array(readImage(header, bytes.buffer)))).toEqual(Array.from(values));
  });

  it('is read by sform and by qform', () => {
    const bytes = encodeNifti({ geometry: long, values });
    expect(decodeNifti(bytes)).toMatchObject({ values, placedBy: 'sform', geometry: long });
    new DataView(bytes.buffer).setInt32(NIFTI_2.fields.sformCode.at, 0, true);
    const byQform = decodeNifti(bytes);
    expect(byQform.placedBy).toBe('qform');
    expect(cornerDistanceMm(byQform.geometry, long)).toBeLessThan(1e-6);
  });

  it('is refused when cut off in its header or with line ends changed', () => {
    const bytes = encodeNifti({ geometry: long, values });
    expect(codeOf(() => decodeNifti(bytes.slice(0, 400)))).toBe('MalformedNifti');
    bytes[NIFTI_2.magic.at + 4] = 0x0a;
    expect(codeOf(() => decodeNifti(bytes))).toBe('MalformedNifti');
  });
});

describe('a sheared grid', () => {
  const shear: Mat4 = [1, 0, 0, 5, 0, 1, 0.3, 6, 0, 0, 2, 7, 0, 0, 0, 1];
  const geometry = geometryFromAffine(shear, [3, 2, 2]);

  it('is written with an sform alone, because a qform cannot say it', () => {
    const bytes = encodeNifti({ geometry, values: Int16Array.from(RAMP) });
    expect(readHeader(bytes.buffer)).toMatchObject({ qform_code: 0, sform_code: 1 });
    const decoded = decodeNifti(bytes);
    expect(decoded.placedBy).toBe('sform');
    expect(cornerDistanceMm(decoded.geometry, geometry)).toBeLessThan(1e-5);
  });
});

describe('decodeNifti', () => {
  it.each([
    Uint8Array,
    Int8Array,
    Uint16Array,
    Int16Array,
    Uint32Array,
    Int32Array,
    Float32Array,
    Float64Array,
  ])('returns %p values as they were written', (ArrayType) => {
    const values = ArrayType.from(RAMP);
    const decoded = decodeNifti(encodeNifti({ geometry: GRID, values }, { softwareVersion: 'v' }));
    expect(decoded.values).toEqual(values);
    expect(decoded.description).toBe('v');
    expect(cornerDistanceMm(decoded.geometry, GRID)).toBeLessThan(1e-4);
  });

  it('reads from a Buffer that is part of a larger one', () => {
    const bytes = encodeNifti({ geometry: GRID, values: Int16Array.from(RAMP) });
    const buffer = Buffer.concat([Buffer.alloc(7, 99), bytes]).subarray(7);
    expect(Array.from(decodeNifti(buffer).values)).toEqual(RAMP);
    expect(Array.from(decodeNifti(gunzipBounded(gzip(bytes), 10_000)).values)).toEqual(RAMP);
  });

  it('reads the other byte order', () => {
    const little = encodeNifti({ geometry: GRID, values: Int16Array.from(RAMP) });
    expect(Array.from(decodeNifti(toBigEndian(little)).values)).toEqual(RAMP);
  });

  it('applies slope and intercept', () => {
    const scaled = altered((view) => {
      view.setFloat32(OFFSET.sclSlope, 2, true);
      view.setFloat32(OFFSET.sclInter, -1, true);
    });
    expect(decodeNifti(scaled).values[3]).toBe(5);
    expect(decodeNifti(altered((view) => view.setFloat32(OFFSET.sclSlope, 0, true))).values[3]).toBe(3);
  });

  it('reads 64-bit integers exactly or not at all', () => {
    const wide = (first: bigint) => {
      const bytes = new Uint8Array(352 + 96);
      bytes.set(altered((view) => view.setInt16(OFFSET.datatype, 1024, true)).subarray(0, 352));
      bytes.set(new Uint8Array(BigInt64Array.from([first, ...RAMP.slice(1).map(BigInt)]).buffer), 352);
      return bytes;
    };
    expect(decodeNifti(wide(-7n)).values).toEqual(Int32Array.from([-7, ...RAMP.slice(1)]));
    expect(decodeNifti(wide(-(2n ** 40n))).values).toEqual(Float64Array.from([-(2 ** 40), ...RAMP.slice(1)]));
    expect(codeOf(() => decodeNifti(wide(2n ** 60n)))).toBe('MalformedNifti');
    const unsigned = wide(0xffff_ffffn);
    new DataView(unsigned.buffer).setInt16(OFFSET.datatype, 1280, true);
    expect(decodeNifti(unsigned).values[0]).toBe(0xffff_ffff);
  });

  it.each([
    ['metres', 1, 1000],
    ['micrometres', 3, 0.001],
    ['an unknown unit, taken for mm', 0, 1],
  ])('reads affines in %s', (_, unit, millimetres) => {
    const { geometry } = decodeNifti(altered((view) => view.setUint8(OFFSET.xyztUnits, unit)));
    geometry.spacingMm.forEach((spacing, axis) => {
      expect(spacing).toBeCloseTo((GRID.spacingMm[axis] as number) * millimetres, 9);
    });
  });

  it('places an image without qform and sform by its voxel size alone', () => {
    const bare = altered((view) => {
      view.setInt16(OFFSET.qformCode, 0, true);
      view.setInt16(OFFSET.sformCode, 0, true);
    });
    const decoded = decodeNifti(bare);
    expect(decoded.placedBy).toBe('pixdim');
    expect(decoded.geometry.spacingMm).toEqual([0.5, 0.75, 2]);
  });

  it.each<[string, (view: DataView) => void]>([
    ['a wrong header size', (view) => view.setInt32(0, 540, true)],
    ['a wrong magic', (view) => view.setUint8(OFFSET.magic, 0x69)],
    ['no dimensions', (view) => view.setInt16(OFFSET.dim, 0, true)],
    ['a negative side', (view) => view.setInt16(OFFSET.dim + 2, -3, true)],
    ['a unit of space that is none', (view) => view.setUint8(OFFSET.xyztUnits, 5)],
    ['voxels beyond its end', (view) => view.setInt16(OFFSET.dim + 6, 30000, true)],
    ['an offset into its header', (view) => view.setFloat32(OFFSET.voxOffset, 8, true)],
    ['an infinite slope', (view) => view.setFloat32(OFFSET.sclSlope, Number.POSITIVE_INFINITY, true)],
    ['an axis that is not a number', (view) => view.setFloat32(OFFSET.srowX, Number.NaN, true)],
    [
      'an axis of length 0',
      (view) =>
        [0, 16, 32].forEach((step) => {
          view.setFloat32(OFFSET.srowX + step, 0, true);
        }),
    ],
  ])('refuses a file with %s', (_, change) => {
    expect(codeOf(() => decodeNifti(altered(change)))).toBe('MalformedNifti');
  });

  it.each<[string, string, (view: DataView) => void]>([
    [
      'several volumes',
      'UnsupportedNifti',
      (view) => {
        view.setInt16(OFFSET.dim, 4, true);
        view.setInt16(OFFSET.dim + 8, 5, true);
      },
    ],
    ['a colour datatype', 'UnsupportedNifti', (view) => view.setInt16(OFFSET.datatype, 128, true)],
    ['a separate image file', 'UnsupportedNifti', (view) => view.setUint8(OFFSET.magic + 1, 0x69)],
    [
      'more voxels than memory',
      'VolumeTooLarge',
      (view) => {
        for (const axis of [1, 2, 3]) view.setInt16(OFFSET.dim + 2 * axis, 32_767, true);
      },
    ],
  ])('refuses a file with %s: %s', (_, code, change) => {
    expect(codeOf(() => decodeNifti(altered(change)))).toBe(code);
  });

  it('reads the header without the voxels', () => {
    const bytes = encodeNifti({ geometry: GRID, values: Int16Array.from(RAMP) });
    expect(readNiftiHeader(bytes.subarray(0, 352))).toMatchObject({
      version: 1,
      littleEndian: true,
      datatype: 4,
      bytesPerVoxel: 2,
      dataOffset: 352,
      slope: 1,
      intercept: 0,
    });
  });

  it('refuses short and damaged files with a code', () => {
    const bytes = encodeNifti({ geometry: GRID, values: Int16Array.from(RAMP) });
    expect(codeOf(() => decodeNifti(bytes.slice(0, 100)))).toBe('MalformedNifti');
    const hit = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 6 });
    fc.assert(
      fc.property(hit, (hits) => {
        const damaged = bytes.slice();
        for (const [at, value] of hits) damaged[at] = value;
        expect(codeOf(() => decodeNifti(damaged))).toMatch(
          /^(no error|MalformedNifti|UnsupportedNifti|VolumeTooLarge)$/,
        );
      }),
      { numRuns: 2000 },
    );
  });
});

describe('gzip', () => {
  it('gives equal bytes back and writes one member without name or time', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.integer({ min: 0, max: 9 }), (bytes, level) => {
        const packed = gzip(bytes, level);
        expect(isGzip(packed)).toBe(true);
        expect([...packed.subarray(3, 8), packed[9]]).toEqual([0, 0, 0, 0, 0, 255]);
        expect(Buffer.compare(gunzipBounded(packed, 5000), bytes)).toBe(0);
      }),
    );
  });

  it('refuses to expand beyond the limit', () => {
    expect(codeOf(() => gunzipBounded(gzipSync(new Uint8Array(1_000_000)), 999_999))).toBe(
      'DecompressionBomb',
    );
  });

  it('reports damaged data', () => {
    expect(codeOf(() => gunzipBounded(gzip(Uint8Array.from(RAMP)).subarray(0, 15), 100))).toBe(
      'MalformedNifti',
    );
    expect(isGzip(Uint8Array.of(1, 2))).toBe(false);
  });
});

/** Swaps every field that the reader looks at, and the int16 voxels. */
function toBigEndian(little: Uint8Array): Uint8Array {
  const big = little.slice();
  const swap = (offset: number, size: number, count = 1) => {
    for (let n = 0; n < count; n++) big.subarray(offset + n * size, offset + (n + 1) * size).reverse();
  };
  swap(OFFSET.sizeofHdr, 4);
  swap(OFFSET.dim, 2, 8);
  swap(OFFSET.datatype, 2, 2);
  swap(OFFSET.pixdim, 4, 11);
  swap(OFFSET.qformCode, 2, 2);
  swap(OFFSET.quaternB, 4, 18);
  swap(352, 2, 12);
  return big;
}
