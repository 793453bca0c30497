import { describe, expect, it, jest } from '@jest/globals';
import dicomParser from 'dicom-parser';
import { voxelIndex } from '../../../local/phantoms/acquisition.ts';
import { generatePhantom, type Phantom } from '../../../local/phantoms/generate-phantom.ts';
import type { Vec3 } from '../../../local/phantoms/vector.ts';

// Loaded build machines take several times as long as an idle one.
jest.setTimeout(60_000);

/** Subjects 1 to 5 cover every orientation, both hole styles and both pixel storages. */
const SUBJECTS = [1, 2, 3, 4, 5];
const phantoms = new Map(SUBJECTS.map((subject) => [subject, generatePhantom({ seed: 11, subject })]));
const phantomOf = (subject: number): Phantom => phantoms.get(subject) as Phantom;
const imagesOf = (phantom: Phantom): dicomParser.DataSet[] =>
  (phantom.scans[0]?.files ?? []).map((file) => dicomParser.parseDicom(file.bytes));
const numbers = (image: dicomParser.DataSet, tag: string): number[] =>
  (image.string(tag) ?? '').split('\\').map(Number);

describe('generatePhantom', () => {
  it('gives the same bytes for the same seed and subject, and others for another seed', () => {
    const again = generatePhantom({ seed: 11, subject: 2 });
    const other = generatePhantom({ seed: 12, subject: 2 });
    const bytesOf = (phantom: Phantom) =>
      Buffer.concat(phantom.scans[0]?.files.map((file) => file.bytes) ?? []);
    expect(bytesOf(again).equals(bytesOf(phantomOf(2)))).toBe(true);
    expect(bytesOf(other).equals(bytesOf(phantomOf(2)))).toBe(false);
    expect(again.structures).toEqual(phantomOf(2).structures);
  });

  it('covers axial, oblique by 10 to 20 degrees, and feet-first', () => {
    const orientations = new Set(SUBJECTS.map((subject) => phantomOf(subject).truth.grid.orientation));
    expect(orientations).toEqual(new Set(['axial', 'oblique', 'feet-first']));
    const tilt = (Math.acos(phantomOf(1).truth.grid.normal[2]) * 180) / Math.PI;
    expect(phantomOf(1).truth.grid.orientation).toBe('oblique');
    expect(tilt).toBeGreaterThan(9.9);
    expect(tilt).toBeLessThan(20.1);
    expect(phantomOf(2).truth.grid.normal).toEqual([0, 0, -1]);
  });

  it('keeps grids small and different: 48 to 72 columns, 24 to 40 slices, no two spacings alike', () => {
    const grids = SUBJECTS.map((subject) => phantomOf(subject).truth.grid);
    for (const grid of grids) {
      expect(grid.columns).toBeGreaterThanOrEqual(48);
      expect(grid.columns).toBeLessThanOrEqual(72);
      expect(grid.slices).toBeGreaterThanOrEqual(24);
      expect(grid.slices).toBeLessThanOrEqual(40);
    }
    expect(new Set(grids.map((grid) => grid.spacing.join())).size).toBe(grids.length);
    expect(grids.some((grid) => grid.spacing[0] !== grid.spacing[1])).toBe(true);
  });

  it.each(SUBJECTS)('writes subject %d so that each slice holds its HU and lies at its place', (subject) => {
    const phantom = phantomOf(subject);
    const { grid, hounsfield } = phantom.truth;
    const perSlice = grid.rows * grid.columns;
    for (const image of imagesOf(phantom)) {
      const [i, j, k] = voxelIndex(grid, numbers(image, 'x00200032') as unknown as Vec3);
      expect(Math.hypot(i, j, k - Math.round(k))).toBeLessThan(1e-6);
      const offset = image.elements.x7fe00010?.dataOffset ?? 0;
      const stored = Buffer.from(image.byteArray.subarray(offset, offset + perSlice * 2));
      const signed = image.uint16('x00280103') === 1;
      const intercept = Number(image.string('x00281052'));
      const expected = hounsfield.subarray(Math.round(k) * perSlice, (Math.round(k) + 1) * perSlice);
      const read = expected.map(
        (_, at) => (signed ? stored.readInt16LE(at * 2) : stored.readUInt16LE(at * 2)) + intercept,
      );
      expect(Buffer.from(read.buffer).equals(Buffer.from(Int16Array.from(expected).buffer))).toBe(true);
    }
  });

  it('stores unsigned with intercept -1024 on every third subject, signed with 0 on the others', () => {
    const storage = (subject: number) => imagesOf(phantomOf(subject))[0];
    expect(storage(3)?.uint16('x00280103')).toBe(0);
    expect(storage(3)?.string('x00281052')).toBe('-1024');
    expect(storage(1)?.uint16('x00280103')).toBe(1);
    expect(storage(1)?.string('x00281052')).toBe('0');
  });

  it('orders slices neither by InstanceNumber nor by file name', () => {
    const { grid } = phantomOf(4).truth;
    const images = imagesOf(phantomOf(4));
    const sliceOf = (image: dicomParser.DataSet) =>
      Math.round(voxelIndex(grid, numbers(image, 'x00200032') as unknown as Vec3)[2]);
    const byName = images.map(sliceOf);
    const byInstance = [...images]
      .sort((a, b) => Number(a.string('x00200013')) - Number(b.string('x00200013')))
      .map(sliceOf);
    const ascending = [...byName].sort((a, b) => a - b);
    for (const order of [byName, byInstance]) {
      expect(order).not.toEqual(ascending);
      expect(order).not.toEqual([...ascending].reverse());
    }
    expect(new Set(byName).size).toBe(grid.slices);
  });

  it('writes only valid UIDs and synthetic names', () => {
    const image = imagesOf(phantomOf(1))[0];
    for (const tag of ['x00080018', 'x0020000d', 'x0020000e', 'x00200052']) {
      expect(image?.string(tag)).toMatch(/^2\.25\.(0|[1-9]\d{0,38})$/);
    }
    expect(image?.string('x00100010')).toBe('PHANTOM^001');
  });
});
