import type { VolumeGeometry } from '../geometry/volume-geometry.ts';
import type { NiftiValues } from './nifti-header.ts';
import { malformed, type NiftiHeader, niftiFileBytes, readNiftiHeader } from './read-header.ts';

/** A decoded volume: values with slope and intercept applied, grid in LPS. */
export interface DecodedNifti {
  readonly geometry: VolumeGeometry;
  readonly values: NiftiValues;
  /** Which transform placed the grid; `pixdim` means the file states none. */
  readonly placedBy: NiftiHeader['placedBy'];
  readonly description: string;
}

/**
 * Reads a three-dimensional single-file NIfTI-1 or NIfTI-2 image of either byte order; expand gzip first.
 *
 * Values lie in the given bytes where these are little endian and aligned, and in a copy otherwise. 64-bit integers
 * become int32 when all fit, else doubles when every value is exact, and are refused otherwise.
 *
 * @throws MalformedNifti when the header is damaged or the data short
 * @throws UnsupportedNifti for anything but one volume of real numbers; VolumeTooLarge for too many voxels
 */
export function decodeNifti(bytes: Uint8Array): DecodedNifti {
  const header = readNiftiHeader(bytes);
  const needed = niftiFileBytes(header);
  if (needed > bytes.length)
    throw malformed(`its voxels end at byte ${needed}, the file has ${bytes.length} bytes`);
  const voxels = plainView(bytes, header.dataOffset, needed);
  const values = applyScale(header, typedValues(littleEndian(voxels, header), header));
  const { geometry, placedBy, description } = header;
  return { geometry, values, placedBy, description };
}

function plainView({ buffer, byteOffset }: Uint8Array, from: number, to: number): Uint8Array {
  return new Uint8Array(buffer, byteOffset + from, to - from);
}

/** The voxels in this machine's order at an address that their type allows. */
function littleEndian(bytes: Uint8Array, { bytesPerVoxel, littleEndian }: NiftiHeader): Uint8Array {
  if (bytesPerVoxel === 1 || (littleEndian && bytes.byteOffset % bytesPerVoxel === 0)) return bytes;
  const copy = bytes.slice();
  if (littleEndian) return copy;
  const buffer = Buffer.from(copy.buffer);
  if (bytesPerVoxel === 2) buffer.swap16();
  else if (bytesPerVoxel === 4) buffer.swap32();
  else buffer.swap64();
  return copy;
}

function typedValues({ buffer, byteOffset: at, byteLength }: Uint8Array, header: NiftiHeader): NiftiValues {
  const count = byteLength / header.bytesPerVoxel;
  switch (header.datatype) {
    case 2:
      return new Uint8Array(buffer, at, count);
    case 4:
      return new Int16Array(buffer, at, count);
    case 8:
      return new Int32Array(buffer, at, count);
    case 16:
      return new Float32Array(buffer, at, count);
    case 64:
      return new Float64Array(buffer, at, count);
    case 256:
      return new Int8Array(buffer, at, count);
    case 512:
      return new Uint16Array(buffer, at, count);
    case 768:
      return new Uint32Array(buffer, at, count);
    default: {
      const low = new Uint32Array(buffer, at, 2 * count);
      const signed = header.datatype === 1024;
      return exactNumbers(low, signed ? new Int32Array(buffer, at, 2 * count) : low);
    }
  }
}

/** 64-bit integers from their 32-bit halves, low half first; `high` is signed when the integers are. */
function exactNumbers(low: Uint32Array, high: Uint32Array | Int32Array): Int32Array | Float64Array {
  const count = low.length / 2;
  const narrow = new Int32Array(count);
  for (let n = 0; n < count; n++) {
    const value = (high[2 * n + 1] as number) * 2 ** 32 + (low[2 * n] as number);
    narrow[n] = value;
    if (narrow[n] !== value) return exactDoubles(low, high);
  }
  return narrow;
}

function exactDoubles(low: Uint32Array, high: Uint32Array | Int32Array): Float64Array {
  const out = new Float64Array(low.length / 2);
  for (let n = 0; n < out.length; n++) {
    const value = (high[2 * n + 1] as number) * 2 ** 32 + (low[2 * n] as number);
    if (!Number.isSafeInteger(value))
      throw malformed('it holds 64-bit values beyond 2^53, which cannot be kept exactly');
    out[n] = value;
  }
  return out;
}

function applyScale({ slope, intercept }: NiftiHeader, values: NiftiValues): NiftiValues {
  if (slope === 1 && intercept === 0) return values;
  const out = new Float64Array(values.length);
  for (let n = 0; n < out.length; n++) out[n] = slope * (values[n] as number) + intercept;
  return out;
}
