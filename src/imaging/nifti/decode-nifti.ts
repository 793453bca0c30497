import { PipelineError } from '../../contracts/errors.ts';
import { affineFrom, flipLpsRas, type Mat4 } from '../geometry/affine.ts';
import { column, fromColumns, scale, type Vec3 } from '../geometry/vector.ts';
import { geometryFromAffine, type VolumeGeometry } from '../geometry/volume-geometry.ts';
import { DATA_OFFSET, HEADER_BYTES, type NiftiValues, OFFSET } from './nifti-header.ts';
import { quaternionToRotation } from './quaternion.ts';

/** A decoded volume: values with slope and intercept applied, grid in LPS. */
export interface DecodedNifti {
  readonly geometry: VolumeGeometry;
  readonly values: NiftiValues;
  /** Which transform placed the grid; `pixdim` means the file states none. */
  readonly placedBy: 'sform' | 'qform' | 'pixdim';
  readonly description: string;
}

interface Header {
  readonly view: DataView;
  readonly little: boolean;
}

type ArrayMaker = readonly [bytes: number, make: (buffer: ArrayBuffer, count: number) => NiftiValues];

const MAKERS: Readonly<Record<number, ArrayMaker>> = {
  2: [1, (buffer, count) => new Uint8Array(buffer, 0, count)],
  4: [2, (buffer, count) => new Int16Array(buffer, 0, count)],
  8: [4, (buffer, count) => new Int32Array(buffer, 0, count)],
  16: [4, (buffer, count) => new Float32Array(buffer, 0, count)],
  64: [8, (buffer, count) => new Float64Array(buffer, 0, count)],
  256: [1, (buffer, count) => new Int8Array(buffer, 0, count)],
  512: [2, (buffer, count) => new Uint16Array(buffer, 0, count)],
  768: [4, (buffer, count) => new Uint32Array(buffer, 0, count)],
  1024: [8, (buffer, count) => exactDoubles(new BigInt64Array(buffer, 0, count))],
  1280: [8, (buffer, count) => exactDoubles(new BigUint64Array(buffer, 0, count))],
};

/**
 * Reads a three-dimensional single-file NIfTI-1 image of either byte order; expand gzip first.
 *
 * sform wins over qform. int64 and uint64 become doubles when every value is exact, and are refused otherwise.
 *
 * @throws MalformedNifti when the header is damaged, the data short, or the image is not a scalar volume
 */
export function decodeNifti(bytes: Uint8Array): DecodedNifti {
  const header = openHeader(bytes);
  const sizeIjk = readSize(header);
  const values = applyScale(header, readValues(bytes, header, sizeIjk));
  const { affineRas, placedBy } = readAffine(header);
  const description = new TextDecoder('latin1').decode(bytes.subarray(OFFSET.descrip, OFFSET.descrip + 80));
  return {
    geometry: requireVolume(geometryFromAffine(flipLpsRas(affineRas), sizeIjk)),
    values,
    placedBy,
    description: description.replace(/\0.*$/s, ''),
  };
}

function openHeader(bytes: Uint8Array): Header {
  if (bytes.length < DATA_OFFSET)
    throw malformed(`it has ${bytes.length} bytes, a header needs ${DATA_OFFSET}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = view.getInt32(OFFSET.sizeofHdr, true) === HEADER_BYTES;
  if (!little && view.getInt32(OFFSET.sizeofHdr, false) !== HEADER_BYTES) {
    throw malformed('it does not begin with a NIfTI-1 header size of 348');
  }
  const magic = String.fromCharCode(...bytes.subarray(OFFSET.magic, OFFSET.magic + 3));
  if (magic !== 'n+1') throw malformed('it is not a single-file NIfTI-1 image (magic "n+1")');
  return { view, little };
}

function readSize({ view, little }: Header): Vec3 {
  const dim = Array.from({ length: 8 }, (_, index) => view.getInt16(OFFSET.dim + 2 * index, little));
  const [count = 0, i = 0, j = 1, k = 1, ...more] = dim;
  const size: Vec3 = [i, count > 1 ? j : 1, count > 2 ? k : 1];
  const singleVolume = more.slice(0, Math.max(0, count - 3)).every((extent) => extent === 1);
  if (count < 1 || count > 7 || size.some((extent) => extent < 1) || !singleVolume) {
    throw malformed(`its dimensions ${dim.join(', ')} are not those of one volume`);
  }
  return size;
}

function readValues(bytes: Uint8Array, { view, little }: Header, [i, j, k]: Vec3): NiftiValues {
  const code = view.getInt16(OFFSET.datatype, little);
  const maker = MAKERS[code];
  if (maker === undefined)
    throw malformed(
      `its datatype ${code} is not a number per voxel (allowed: ${Object.keys(MAKERS).join(', ')})`,
    );
  const [size, make] = maker;
  const start = view.getFloat32(OFFSET.voxOffset, little);
  const needed = i * j * k * size;
  if (!Number.isInteger(start) || start < HEADER_BYTES || start + needed > bytes.length) {
    throw malformed(`its ${needed} bytes of voxels from byte ${start} do not fit in ${bytes.length} bytes`);
  }
  const copy = new Uint8Array(bytes.subarray(start, start + needed));
  if (!little) swapBytes(copy, size);
  return make(copy.buffer, i * j * k);
}

function applyScale({ view, little }: Header, values: NiftiValues): NiftiValues {
  const slope = view.getFloat32(OFFSET.sclSlope, little);
  const intercept = view.getFloat32(OFFSET.sclInter, little);
  if (!Number.isFinite(slope) || !Number.isFinite(intercept))
    throw malformed('its scale is not a finite number');
  if (slope === 0 || (slope === 1 && intercept === 0)) return values;
  return Float64Array.from(values, (value) => slope * value + intercept);
}

function readAffine({ view, little }: Header): { affineRas: Mat4; placedBy: DecodedNifti['placedBy'] } {
  const float = (offset: number) => view.getFloat32(offset, little);
  const row = (index: number) => [0, 4, 8, 12].map((step) => float(OFFSET.srowX + 16 * index + step));
  if (view.getInt16(OFFSET.sformCode, little) > 0) {
    const [a, b, c] = [row(0), row(1), row(2)];
    return { affineRas: [...a, ...b, ...c, 0, 0, 0, 1] as unknown as Mat4, placedBy: 'sform' };
  }
  const spacing = [1, 2, 3].map((axis) => Math.abs(float(OFFSET.pixdim + 4 * axis)) || 1) as unknown as Vec3;
  if (view.getInt16(OFFSET.qformCode, little) <= 0) {
    const linear = fromColumns([spacing[0], 0, 0], [0, spacing[1], 0], [0, 0, spacing[2]]);
    return { affineRas: affineFrom(linear, [0, 0, 0]), placedBy: 'pixdim' };
  }
  const [b, c, d] = [0, 4, 8].map((step) => float(OFFSET.quaternB + step)) as [number, number, number];
  const axes = quaternionToRotation({ b, c, d, qfac: float(OFFSET.pixdim) < 0 ? -1 : 1 });
  const linear = fromColumns(
    scale(column(axes, 0), spacing[0]),
    scale(column(axes, 1), spacing[1]),
    scale(column(axes, 2), spacing[2]),
  );
  const offset = [0, 4, 8].map((step) => float(OFFSET.qoffsetX + step)) as unknown as Vec3;
  return { affineRas: affineFrom(linear, offset), placedBy: 'qform' };
}

function requireVolume(geometry: VolumeGeometry): VolumeGeometry {
  const finite = geometry.affineIjkToLps.every((value) => Number.isFinite(value));
  if (!finite || geometry.spacingMm.some((spacing) => !(spacing > 0))) {
    throw malformed('its affine is not finite or has an axis of length 0');
  }
  return geometry;
}

function exactDoubles(values: BigInt64Array | BigUint64Array): Float64Array {
  const out = new Float64Array(values.length);
  for (let at = 0; at < values.length; at++) {
    const value = Number(values[at]);
    if (!Number.isSafeInteger(value))
      throw malformed('it holds 64-bit values beyond 2^53, which cannot be kept exactly');
    out[at] = value;
  }
  return out;
}

function swapBytes(bytes: Uint8Array, size: number): void {
  if (size === 1) return;
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

function malformed(why: string): PipelineError {
  return new PipelineError(
    'MalformedNifti',
    `the file cannot be read as a NIfTI-1 volume: ${why}; write it again`,
  );
}
