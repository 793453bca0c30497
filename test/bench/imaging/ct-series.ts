import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CtSlice, ctSlice, TEST_SERIES_UID } from '../../helpers/dicom-writer.ts';

export const COLUMNS = 512;
export const ROWS = 512;
export const SLICES = 200;
const PIXEL_MM = 0.78125;
const SLICE_GAP_MM = 1.25;
/** Larger than a slice, so that every slice cuts another window out of one of these. */
const NOISE_SIDE = 640;
const NOISE_PLANES = 4;
/** Of the reconstructed image, HU: gzip then halves the volume, as it does a clinical thorax at routine dose. */
const NOISE_HU = 13;

/** Stored values of one slice, 12 bit unsigned: HU + 1024, as `rescale [1, -1024]` says. */
export type StoredSlice = Uint16Array<ArrayBuffer>;

/**
 * A thorax phantom with correlated noise: body, lungs, spine and vessels in air, so that its entropy is that of a CT.
 * Slices come in the order of k; the same call gives the same bytes.
 */
export function* ctSlices(count = SLICES): Generator<StoredSlice> {
  const random = randomSource(20_231);
  const noise = Array.from({ length: NOISE_PLANES }, () => noisePlane(random));
  for (let k = 0; k < count; k += 1) {
    const plane = noise[k % NOISE_PLANES] as Float32Array;
    const dx = Math.floor(random() * (NOISE_SIDE - COLUMNS));
    const dy = Math.floor(random() * (NOISE_SIDE - ROWS));
    yield drawSlice(k / SLICES, plane, dy * NOISE_SIDE + dx);
  }
}

/** Writes the series, its files in an order that says nothing about place. */
export async function writeCtSeries(
  folder: string,
  file: (pixels: StoredSlice, k: number) => Uint8Array = ctFile,
  count = SLICES,
): Promise<void> {
  let k = 0;
  for (const pixels of ctSlices(count)) {
    const shuffled = (k * 67 + 31) % count;
    await writeFile(join(folder, `IM${String(shuffled).padStart(5, '0')}.dcm`), file(pixels, k));
    k += 1;
  }
}

/** One uncompressed slice, Explicit VR Little Endian. */
export function ctFile(pixels: StoredSlice, k: number): Uint8Array {
  return ctSlice(sliceOf(pixels, k));
}

/** Slice k as the DICOM writer takes it. */
export function sliceOf(pixels: StoredSlice, k: number): CtSlice {
  return {
    columns: COLUMNS,
    rows: ROWS,
    pixels,
    position: [-200, -190, -120 + k * SLICE_GAP_MM],
    pixelSpacing: [PIXEL_MM, PIXEL_MM],
    sopInstanceUid: `${TEST_SERIES_UID}.${k + 1}`,
    instanceNumber: k + 1,
    signed: false,
    bitsStored: 12,
    rescale: [1, -1024],
  };
}

function drawSlice(z: number, noise: Float32Array, from: number): StoredSlice {
  const out = new Uint16Array(COLUMNS * ROWS);
  for (let row = 0; row < ROWS; row += 1) {
    const y = (2 * row) / ROWS - 1;
    for (let column = 0; column < COLUMNS; column += 1) {
      const x = (2 * column) / COLUMNS - 1;
      const grain = noise[from + row * NOISE_SIDE + column] as number;
      const value = tissue(x, y, z);
      // Air is reconstructed with less noise than tissue, and values end at -1024 HU.
      const amplitude = value < -900 ? 0.5 : 1;
      out[row * COLUMNS + column] = Math.max(0, Math.round(value + 1024 + amplitude * grain));
    }
  }
  return out;
}

/** HU of the phantom; x, y in [-1, 1] of the field of view, z in [0, 1] of the stack. */
function tissue(x: number, y: number, z: number): number {
  const body = (x / 0.86) ** 2 + (y / 0.62) ** 2;
  if (body > 1) return -1000;
  if (body > 0.86) return -100;
  const lungHeight = 0.46 * Math.sqrt(Math.max(0, 1 - (2 * z - 1) ** 2));
  const lung = ((Math.abs(x) - 0.38) / 0.3) ** 2 + (y / Math.max(0.05, lungHeight)) ** 2;
  if (lung < 1) {
    const vessel = Math.sin(23 * x + 9 * z) * Math.sin(19 * y - 7 * z) * Math.sin(40 * z + 3 * x);
    return vessel > 0.55 ? 30 : -860;
  }
  if ((x / 0.12) ** 2 + ((y - 0.42) / 0.11) ** 2 < 1) return 420 + 120 * Math.sin(60 * z);
  return 45 + 15 * Math.sin(9 * x + 4 * z) * Math.cos(8 * y);
}

/** Gaussian noise blurred with a binomial 3 x 3 kernel, scaled back to {@link NOISE_HU}. */
function noisePlane(random: () => number): Float32Array {
  const side = NOISE_SIDE;
  const white = Float32Array.from({ length: side * side }, () => gaussian(random));
  const out = new Float32Array(side * side);
  // The kernel [1 2 1] x [1 2 1] / 16 leaves 0.375 of the standard deviation.
  const gain = NOISE_HU / 0.375 / 16;
  for (let y = 1; y < side - 1; y += 1) {
    for (let x = 1; x < side - 1; x += 1) {
      const at = y * side + x;
      const row = (middle: number): number =>
        (white[middle - 1] as number) + 2 * (white[middle] as number) + (white[middle + 1] as number);
      out[at] = gain * (row(at - side) + 2 * row(at) + row(at + side));
    }
  }
  return out;
}

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Mulberry32: small, seeded, good enough for noise. */
function randomSource(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
