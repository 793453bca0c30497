import type { Vec3 } from '../geometry/vector.ts';
import { type VolumeGeometry, voxelCount } from '../geometry/volume-geometry.ts';
import type { NiftiValues } from '../nifti/nifti-header.ts';
import { linearWeights } from './axis-weights.ts';
import { type GridWeights, PlaneResampler, type ReadPlane } from './plane-resampler.ts';
import { targetGrid } from './target-grid.ts';

/** An image in real-world values; an `ImageVolume` is one, and so is a decoded NIfTI file with its unit. */
export interface ResampleImageInput {
  readonly geometry: VolumeGeometry;
  readonly values: NiftiValues;
  readonly unit: string;
  /** Values (inclusive) that mark voxels outside the acquired image. */
  readonly padding?: { readonly low: number; readonly high: number };
}

export interface ResampledImage {
  readonly geometry: VolumeGeometry;
  /** Int16 for int16 images in HU, which are rounded; Float32 for every other. */
  readonly values: Int16Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
  /** 0.5 for rounded values, 0 otherwise, in the unit of the values. */
  readonly maxRoundingError: number;
}

/** Below this share of acquired voxels a target voxel is padding itself. */
const ENOUGH_ACQUIRED = 0.5;

/**
 * Resamples an image linearly to another spacing, without anti-aliasing.
 *
 * Padding never mixes with acquired values: a target voxel is the mean of the acquired ones by their weights.
 *
 * @param spacingMm - voxel size along i, j and k, mm
 * @throws InvalidParameters, GantryTilt, VolumeTooLarge
 */
export function resampleImage(image: ResampleImageInput, spacingMm: Vec3): ResampledImage {
  const geometry = targetGrid(image.geometry, spacingMm);
  const weights = linearGridWeights(image.geometry, geometry);
  const rounded = image.values instanceof Int16Array && image.unit === 'HU';
  const values = rounded ? new Int16Array(voxelCount(geometry)) : new Float32Array(voxelCount(geometry));
  const write = rounded ? roundInto : (from: Float32Array, at: number) => values.set(from, at);
  forEachSlice(image, geometry, weights, (slice, at) => write(slice, at, values));
  return { geometry, values, maxRoundingError: rounded ? 0.5 : 0 };
}

function linearGridWeights(source: VolumeGeometry, target: VolumeGeometry): GridWeights {
  const along = (axis: 0 | 1 | 2) =>
    linearWeights(
      source.sizeIjk[axis],
      target.sizeIjk[axis],
      target.spacingMm[axis] / source.spacingMm[axis],
    );
  return { i: along(0), j: along(1), k: along(2) };
}

function roundInto(from: Float32Array, at: number, values: Int16Array | Float32Array): void {
  for (let n = 0; n < from.length; n++) values[at + n] = Math.round(from[n] as number);
}

function forEachSlice(
  { geometry: source, values, padding }: ResampleImageInput,
  target: VolumeGeometry,
  weights: GridWeights,
  emit: (slice: Float32Array, at: number) => void,
): void {
  const [columns, rows] = source.sizeIjk;
  const plane = columns * rows;
  const isPadding = ({ low, high }: { low: number; high: number }, value: number) =>
    value >= low && value <= high;
  const padded = padding !== undefined && values.some((value) => isPadding(padding, value));
  const resampler = (read: ReadPlane) => new PlaneResampler(columns, rows, weights, read);
  const image = resampler((k, into) => {
    for (let n = 0; n < plane; n++) {
      const value = values[k * plane + n] as number;
      into[n] = padded && isPadding(padding, value) ? 0 : value;
    }
  });
  const acquired = resampler((k, into) => {
    for (let n = 0; n < plane; n++)
      into[n] = padded && isPadding(padding, values[k * plane + n] as number) ? 0 : 1;
  });
  for (let k = 0; k < target.sizeIjk[2]; k++) {
    const slice = image.slice(k);
    const at = k * target.sizeIjk[0] * target.sizeIjk[1];
    emit(padded ? excludePadding(slice, acquired.slice(k), padding.low) : slice, at);
  }
}

function excludePadding(sums: Float32Array, shares: Float32Array, paddingValue: number): Float32Array {
  return sums.map((sum, at) => {
    const share = shares[at] as number;
    return share >= ENOUGH_ACQUIRED ? sum / share : paddingValue;
  });
}
