import { beforeAll, describe, expect, it } from '@jest/globals';
import { createGeometry } from '../../../src/imaging/geometry/volume-geometry.ts';
import { decodeNifti } from '../../../src/imaging/nifti/decode-nifti.ts';
import { gunzipBounded } from '../../../src/imaging/nifti/gzip.ts';
import { resampleImage } from '../../../src/imaging/resample/resample-image.ts';
import { resampleMask } from '../../../src/imaging/resample/resample-mask.ts';
import { readLabels, readVolume } from '../../../src/pipeline/stored-volume.ts';
import { writeResampledImage, writeResampledMask } from '../../../src/pipeline/write-resampled.ts';
import { createMemoryObjectStore } from '../../helpers/memory-object-store.ts';
import { storeVolume } from '../../helpers/store-volume.ts';

/** Just above the size from which threads share the work. */
const SIZE = [256, 256, 66] as const;
const SPACING = [1.3, 1.3, 1.3] as const;
const GEOMETRY = createGeometry({
  sizeIjk: SIZE,
  spacingMm: [1, 1, 2],
  originLps: [-100, 20, 7],
  directionLps: [1, 0, 0, 0, 1, 0, 0, 0, 1],
});
const COUNT = SIZE[0] * SIZE[1] * SIZE[2];
const PLACE = { project: 'P', temporaryKey: 'projects/P/work/e/volume.nii.gz' };
const VALUES = Int16Array.from({ length: COUNT }, (_, n) => ((n * 7919) % 2000) - 1000);
const LABELS = Uint16Array.from({ length: COUNT }, (_, n) => (n % 256 < 100 ? 3 : n % 256 > 200 ? 700 : 0));

describe('a volume that threads share', () => {
  const objects = createMemoryObjectStore();
  let image: Awaited<ReturnType<typeof storeVolume>>;
  let mask: Awaited<ReturnType<typeof storeVolume>>;

  beforeAll(async () => {
    image = await storeVolume(objects, PLACE, { geometry: GEOMETRY, values: VALUES });
    mask = await storeVolume(objects, PLACE, { geometry: GEOMETRY, values: LABELS });
  });

  it('is stored with every voxel, and read into memory that threads share', async () => {
    const { values } = await readVolume(objects, image);
    expect(values.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(Buffer.compare(bytesOf(values), bytesOf(VALUES))).toBe(0);
    expect(Buffer.compare(bytesOf(await readLabels(objects, mask)), bytesOf(LABELS))).toBe(0);
  });

  it('is resampled to the same image as by one thread', async () => {
    const { values } = await readVolume(objects, image);
    const input = { geometry: GEOMETRY, values, unit: 'HU' };
    const goal = { spacingMm: SPACING, processing: { interpolation: 'linear', antialias: false } } as const;
    const { stored, geometry, maxRoundingError } = await writeResampledImage(objects, PLACE, input, goal);
    const expected = resampleImage(input, SPACING);
    const found = decodeNifti(gunzipBounded(await objects.read(stored), 1e9));
    expect(Buffer.compare(bytesOf(found.values), bytesOf(expected.values))).toBe(0);
    expect({ geometry, maxRoundingError }).toEqual({
      geometry: expected.geometry,
      maxRoundingError: expected.maxRoundingError,
    });
  });

  it('is resampled to the same label map and counts as by one thread', async () => {
    const labels = await readLabels(objects, mask);
    const input = { geometry: GEOMETRY, labels, valueOrder: [3, 700] };
    const { stored, regions } = await writeResampledMask(objects, PLACE, input, SPACING);
    const expected = resampleMask(input, SPACING);
    const found = await readLabels(objects, stored);
    expect(Buffer.compare(bytesOf(found), bytesOf(expected.labels))).toBe(0);
    expect(regions).toEqual(expected.regions);
  });
});

function bytesOf({
  buffer,
  byteOffset,
  byteLength,
}: Pick<Int16Array, 'buffer' | 'byteOffset' | 'byteLength'>): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
