import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { type ConvertOptions, convertVolume } from '../../../src/engine/convert-volume.ts';
import { prepareCodecs } from '../../../src/imaging/dicom/codecs/prepare-codecs.ts';
import { parseSlices } from '../../../src/imaging/dicom/parse-slice.ts';
import { decodeNifti } from '../../../src/imaging/nifti/decode-nifti.ts';
import { encodeNifti } from '../../../src/imaging/nifti/encode-nifti.ts';
import { renderVolume } from '../../../src/imaging/series/image-volume.ts';
import { planSeries } from '../../../src/imaging/series/plan-series.ts';
import type { VolumePlan } from '../../../src/imaging/series/volume-plan.ts';
import { type CtSlice, ctSlice, encapsulate, RLE_LOSSLESS } from '../../helpers/dicom-writer.ts';
import { codeOf } from './code-of.ts';
import { memorySink } from './memory-sink.ts';

const SIDE = 256;

/** A series in shared memory, as the slab holds it; every slice has other values. */
function plan(count: number, change: Partial<CtSlice> = {}, top = 0): VolumePlan {
  const slices = Array.from({ length: count }, (_, k) => {
    const pixels = Uint16Array.from({ length: SIDE * SIDE }, (_, n) => (n * (k + 3)) % 1777);
    pixels[5] = top || (pixels[5] as number);
    return ctSlice({
      ...{ columns: SIDE, rows: SIDE, pixels, position: [0, 0, 2 * k], instanceNumber: k + 1 },
      ...{ signed: false, bitsStored: 16, rescale: [1, -1024] as const },
      ...change,
    });
  });
  const shared = slices.map((bytes) => {
    const place = new Uint8Array(new SharedArrayBuffer(bytes.length));
    place.set(bytes);
    return place;
  });
  return planSeries(shared.flatMap((bytes) => parseSlices(bytes))).volumes[0] as VolumePlan;
}

async function convert(volume: VolumePlan, options: ConvertOptions = {}) {
  const sink = memorySink();
  const converted = await convertVolume(volume, sink, options);
  expect(sink.ended).toEqual({ finished: true, aborted: false });
  expect(converted.sha256).toBe(createHash('sha256').update(converted.result).digest('hex'));
  expect(converted.sizeBytes).toBe(converted.result.length);
  return converted;
}

describe('convertVolume', () => {
  const twelveBits = { bitsStored: 12 };
  /** More than 8 MiB, in three pieces. */
  const large = plan(70, twelveBits);

  it('writes what one thread renders, whatever the number of threads, byte for byte', async () => {
    const expected = encodeNifti(renderVolume(large), { softwareVersion: 'v' });
    const files = [];
    for (const workers of [0, 1, 3]) files.push(await convert(large, { workers, softwareVersion: 'v' }));
    expect(Buffer.compare(gunzipSync(files[0]?.result as Uint8Array), expected)).toBe(0);
    expect(new Set(files.map(({ sha256 }) => sha256)).size).toBe(1);
    expect(files[0]).toMatchObject({ dataType: 'int16', maxStorageError: 0 });
  });

  it.each([0, 2])('writes .nii with %i threads', async (workers) => {
    const { result } = await convert(large, { level: null, workers });
    expect(Buffer.compare(result, encodeNifti(renderVolume(large)))).toBe(0);
  });

  it('is done on the calling thread when it is small, and packs with level 4', async () => {
    const volume = plan(3, twelveBits);
    const [byDefault, stated] = [await convert(volume), await convert(volume, { level: 4, workers: 2 })];
    expect(byDefault.sha256).toBe(stated.sha256);
    expect((await convert(volume, { level: 0 })).sizeBytes).toBeGreaterThan(byDefault.sizeBytes);
  });

  it('tells its progress piece by piece', async () => {
    const seen: string[] = [];
    await convert(large, { onProgress: (done, total) => seen.push(`${done}/${total}`) });
    expect(seen).toEqual(['1/5', '2/5', '3/5', '4/5', '5/5']);
  });

  it.each([0, 2])(
    'looks at the pixels where BitsStored leaves the type open, %i threads',
    async (workers) => {
      const low = plan(4, { bitsStored: 16 }, 33_791);
      expect(low.dataType).toBe('by-range');
      expect(await convert(low, { workers })).toMatchObject({ dataType: 'int16', maxStorageError: 0 });
      const high = await convert(plan(4, { bitsStored: 16 }, 60_000), { workers });
      expect(high).toMatchObject({ dataType: 'float32', maxStorageError: 2 ** (15 - 24) });
      expect(decodeNifti(gunzipSync(high.result)).values[5]).toBe(58_976);
    },
  );

  it.each([0, 2])('decodes compressed frames once when it looked at them, %i threads', async (workers) => {
    const packed = packedPlan();
    await prepareCodecs([RLE_LOSSLESS]);
    expect(packed.dataType).toBe('by-range');
    const { result } = await convert(packed, { workers });
    expect(Buffer.compare(gunzipSync(result), encodeNifti(renderVolume(packed)))).toBe(0);
  });

  it.each([0, 2])('tells a damaged frame by its code and leaves nothing, %i threads', async (workers) => {
    const packed = packedPlan();
    const [first, ...others] = packed.slices;
    const parts = [Uint8Array.of(1, 2, 3)];
    const broken = { ...first, encoded: { ...first?.encoded, parts } } as (typeof packed.slices)[number];
    for (const dataType of ['by-range', 'int16'] as const) {
      const sink = memorySink();
      const damaged: VolumePlan = { ...packed, dataType, slices: [...others, broken] };
      expect(await codeOf(convertVolume(damaged, sink, { workers }))).toBe('TruncatedDicom');
      expect(sink.ended).toEqual({ finished: false, aborted: true });
    }
    await convert(plan(2, twelveBits), { workers });
  });

  it('aborts a sink that cannot take more', async () => {
    const sink = memorySink(2);
    await expect(convertVolume(large, sink)).rejects.toThrow('the disk is full');
    expect(sink.ended).toEqual({ finished: false, aborted: true });
  });
});

/** RLE of two byte segments, each a run of literals. */
function packedPlan(): VolumePlan {
  const pixels = Uint16Array.from({ length: SIDE * SIDE }, (_, n) => (n * 7) % 30_000);
  const segments = [1, 0].map((byte) =>
    literals(new Uint8Array(pixels.buffer).filter((_, n) => n % 2 === byte)),
  );
  const header = new Uint32Array(16);
  header.set([2, 64, 64 + (segments[0]?.length ?? 0)]);
  const frame = Buffer.concat([new Uint8Array(header.buffer), ...segments]);
  return plan(3, {
    transferSyntaxUid: RLE_LOSSLESS,
    changes: { '7fe00010': { tag: '7fe00010', vr: 'OB', value: encapsulate([frame]) } },
  });
}

function literals(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 128) {
    const run = bytes.subarray(at, at + 128);
    parts.push(Uint8Array.of(run.length - 1), run);
  }
  return Buffer.concat(parts);
}
