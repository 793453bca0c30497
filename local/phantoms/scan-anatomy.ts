import { type Acquisition, patientPoint } from './acquisition.ts';
import { type Anatomy, isOutOfReach } from './anatomy.ts';
import type { Random } from './random.ts';
import { subtract } from './vector.ts';

/** One scanned volume: HU per voxel, i fastest, then j, then k. */
interface ScannedVolume {
  readonly hounsfield: Int16Array;
  /** 0 background, otherwise 1 + the organ's index in `anatomy.organs`; decided at voxel centres. */
  readonly labels: Uint8Array;
}

const NOISE_HU = 17;
const TEXTURE_HU = 7;
const SHADING_HU = 9;

/** Samples the anatomy at voxel centres, blurs as a scanner does, then adds shading, texture and noise. */
export function scanAnatomy(anatomy: Anatomy, grid: Acquisition, random: Random): ScannedVolume {
  const { columns, rows, slices } = grid;
  const clean = new Float32Array(columns * rows * slices);
  const labels = new Uint8Array(clean.length);
  let at = 0;
  for (let k = 0; k < slices; k += 1) {
    for (let j = 0; j < rows; j += 1) {
      for (let i = 0; i < columns; i += 1, at += 1) {
        const p = subtract(patientPoint(grid, i, j, k), grid.isocentre);
        clean[at] = anatomy.tissueAt(p);
        labels[at] = 1 + anatomy.organs.findIndex((organ) => !isOutOfReach(organ, p) && organ.solid(p) < 0);
      }
    }
  }
  const blurred = blurInPlane(clean, grid);
  return { hounsfield: withNoise(blurred, grid, random), labels };
}

/** Separable [1 4 1] / 6 along columns and rows: partial volume at every edge. */
function blurInPlane(values: Float32Array, { columns, rows }: Acquisition): Float32Array {
  const pass = (from: Float32Array, step: number, size: number): Float32Array =>
    from.map((value, at) => {
      const index = Math.floor(at / step) % size;
      const before = index > 0 ? (from[at - step] as number) : value;
      const after = index < size - 1 ? (from[at + step] as number) : value;
      return (before + 4 * value + after) / 6;
    });
  return pass(pass(values, 1, columns), columns, rows);
}

function withNoise(values: Float32Array, grid: Acquisition, random: Random): Int16Array {
  const texture = blurInPlane(
    Float32Array.from(values, () => random.normal()),
    grid,
  );
  const phases = Array.from({ length: 6 }, () => random.uniform(0, 2 * Math.PI));
  const { columns, rows } = grid;
  return Int16Array.from(values, (value, at) => {
    const [i, j, k] = [at % columns, Math.floor(at / columns) % rows, Math.floor(at / (columns * rows))];
    const shading = value < -500 ? 0 : SHADING_HU * shadingAt(grid, i, j, k, phases);
    const grain = (texture[at] as number) * TEXTURE_HU * 1.7 + random.normal() * NOISE_HU;
    return Math.max(-1024, Math.min(3071, Math.round(value + shading + grain)));
  });
}

/** A smooth field in about [-1, 1], with a wavelength of the order of the body. */
function shadingAt(grid: Acquisition, i: number, j: number, k: number, phases: readonly number[]): number {
  const [x, y, z] = [i * grid.spacing[0], j * grid.spacing[1], k * grid.spacing[2]];
  const wave = (t: number, phase: number | undefined): number => Math.sin(t / 14 + (phase ?? 0));
  return (wave(x, phases[0]) + wave(y, phases[1]) + wave(z, phases[2])) / 2;
}
