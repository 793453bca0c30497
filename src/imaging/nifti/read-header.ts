import { PipelineError } from '../../contracts/errors.ts';
import { affineFrom, flipLpsRas, type Mat4 } from '../geometry/affine.ts';
import { column, fromColumns, scale, type Vec3 } from '../geometry/vector.ts';
import { geometryFromAffine, type VolumeGeometry } from '../geometry/volume-geometry.ts';
import {
  DESCRIP_BYTES,
  type HeaderLayout,
  MAX_NIFTI_VOXELS,
  NIFTI_1,
  NIFTI_2,
  readField,
  SPACE_UNIT_BITS,
} from './nifti-header.ts';
import { quaternionToRotation } from './quaternion.ts';

/** What a NIfTI header says; every number is checked, none is trusted to be plausible. */
export interface NiftiHeader {
  readonly version: 1 | 2;
  readonly littleEndian: boolean;
  readonly geometry: VolumeGeometry;
  /** Which transform placed the grid; `pixdim` means the file states none. */
  readonly placedBy: 'sform' | 'qform' | 'pixdim';
  readonly datatype: number;
  readonly bytesPerVoxel: number;
  /** Byte of the first voxel. */
  readonly dataOffset: number;
  readonly slope: number;
  readonly intercept: number;
  readonly description: string;
}

/** Bytes of a file's beginning that hold the header of either version. */
export const LONGEST_HEADER = NIFTI_2.dataOffset;

/** Bytes per voxel of the scalar types, by NIfTI datatype code. */
const SCALAR_BYTES: Readonly<Record<number, number>> = {
  2: 1,
  4: 2,
  8: 4,
  16: 4,
  64: 8,
  256: 1,
  512: 2,
  768: 4,
  1024: 8,
  1280: 8,
};

/** Millimetres per unit of space; 0 (unknown) is taken for mm, as every writer means it. */
const UNIT_MM: Readonly<Record<number, number>> = { 0: 1, 1: 1000, 2: 1, 3: 0.001 };

interface Source {
  readonly view: DataView;
  readonly little: boolean;
  readonly layout: HeaderLayout;
}

/**
 * Reads the header of a single-file NIfTI-1 or NIfTI-2 image of either byte order.
 *
 * @param bytes - the beginning of the expanded file, at least its header.
 * @throws MalformedNifti when the header is damaged or contradicts itself
 * @throws UnsupportedNifti for colour, complex and 128-bit types, several volumes, and header/image pairs
 * @throws VolumeTooLarge for more than {@link MAX_NIFTI_VOXELS} voxels
 */
export function readNiftiHeader(bytes: Uint8Array): NiftiHeader {
  const source = openHeader(bytes);
  const { layout, little } = source;
  const sizeIjk = readSize(source);
  const datatype = field(source, 'datatype');
  const dataOffset = field(source, 'voxOffset');
  if (!Number.isInteger(dataOffset) || dataOffset < layout.headerBytes)
    throw malformed(
      `its voxels begin at byte ${dataOffset}, inside its header of ${layout.headerBytes} bytes`,
    );
  return {
    version: layout.version,
    littleEndian: little,
    ...readPlace(source, sizeIjk),
    datatype,
    bytesPerVoxel: requireScalar(datatype),
    dataOffset,
    ...readScale(source),
    description: readText(bytes, layout.descripAt, DESCRIP_BYTES),
  };
}

/** Bytes from the file's first to its last voxel. */
export function niftiFileBytes({ geometry, bytesPerVoxel, dataOffset }: NiftiHeader): number {
  const [i, j, k] = geometry.sizeIjk;
  return dataOffset + i * j * k * bytesPerVoxel;
}

function field({ view, layout, little }: Source, name: keyof HeaderLayout['fields'], index = 0): number {
  return readField(view, layout.fields[name], little, index);
}

function openHeader(bytes: Uint8Array): Source {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < NIFTI_1.headerBytes) throw short(bytes.length, NIFTI_1.headerBytes);
  for (const layout of [NIFTI_1, NIFTI_2]) {
    for (const little of [true, false]) {
      if (view.getInt32(0, little) !== layout.headerBytes) continue;
      if (bytes.length < layout.headerBytes) throw short(bytes.length, layout.headerBytes);
      requireSingleFile(bytes, layout);
      return { view, little, layout };
    }
  }
  throw malformed('it does not begin with a header size of 348 (NIfTI-1) or 540 (NIfTI-2)');
}

function requireSingleFile(bytes: Uint8Array, { magic, version }: HeaderLayout): void {
  const found = String.fromCharCode(...bytes.subarray(magic.at, magic.at + magic.text.length));
  if (found === magic.text) return;
  if (found.startsWith(`ni${version}`))
    throw unsupported('a pair of header and image file', 'a single .nii or .nii.gz file');
  throw malformed(`its magic is not that of a single-file image ("n+${version}")`);
}

function readSize(source: Source): Vec3 {
  const dim = Array.from({ length: 8 }, (_, index) => field(source, 'dim', index));
  const [count = 0, i = 0, j = 1, k = 1, ...more] = dim;
  const size: Vec3 = [i, count > 1 ? j : 1, count > 2 ? k : 1];
  const used = [...size, ...more.slice(0, Math.max(0, count - 3))];
  if (count < 1 || count > 7 || used.some((extent) => !(extent >= 1)))
    throw malformed(`its dimensions are ${dim.join(', ')}; the first must be 1 to 7, the others at least 1`);
  if (used.slice(3).some((extent) => extent > 1))
    throw unsupported(`an image of ${used.join(' x ')} values`, 'one volume per file');
  const voxels = size[0] * size[1] * size[2];
  if (voxels <= MAX_NIFTI_VOXELS) return size;
  throw new PipelineError(
    'VolumeTooLarge',
    `the header states ${size.join(' x ')} voxels, at most ${MAX_NIFTI_VOXELS} are allowed; crop the volume`,
    { sizeIjk: size, allowed: MAX_NIFTI_VOXELS },
  );
}

function requireScalar(datatype: number): number {
  const bytes = SCALAR_BYTES[datatype];
  if (bytes !== undefined) return bytes;
  throw unsupported(
    `datatype ${datatype}`,
    `one real number of at most 64 bits per voxel (datatypes ${Object.keys(SCALAR_BYTES).join(', ')})`,
  );
}

/** A slope of 0 means "not scaled". */
function readScale(source: Source): Pick<NiftiHeader, 'slope' | 'intercept'> {
  const [slope, intercept] = [field(source, 'sclSlope'), field(source, 'sclInter')];
  if (!Number.isFinite(slope) || !Number.isFinite(intercept))
    throw malformed('its scale is not a finite number');
  return slope === 0 ? { slope: 1, intercept: 0 } : { slope, intercept };
}

function readPlace(source: Source, sizeIjk: Vec3): Pick<NiftiHeader, 'geometry' | 'placedBy'> {
  const { affineRas, placedBy } = readAffine(source);
  const perUnit = UNIT_MM[field(source, 'xyztUnits') & SPACE_UNIT_BITS];
  if (perUnit === undefined) throw malformed('its unit of space is none of metre, millimetre and micrometre');
  const millimetres = affineRas.map((value, at) => (at < 12 ? value * perUnit : value)) as unknown as Mat4;
  const geometry = geometryFromAffine(flipLpsRas(millimetres), sizeIjk);
  const finite = geometry.affineIjkToLps.every((value) => Number.isFinite(value));
  if (!finite || geometry.spacingMm.some((spacing) => !(spacing > 0)))
    throw malformed('its affine is not finite or has an axis of length 0');
  return { geometry, placedBy };
}

/** sform wins over qform, qform over the bare voxel size. */
function readAffine(source: Source): { affineRas: Mat4; placedBy: NiftiHeader['placedBy'] } {
  if (field(source, 'sformCode') > 0) {
    const rows = Array.from({ length: 12 }, (_, at) => field(source, 'srowX', at));
    return { affineRas: [...rows, 0, 0, 0, 1] as unknown as Mat4, placedBy: 'sform' };
  }
  const spacing = [1, 2, 3].map((axis) => Math.abs(field(source, 'pixdim', axis)) || 1) as unknown as Vec3;
  if (field(source, 'qformCode') <= 0) {
    const linear = fromColumns([spacing[0], 0, 0], [0, spacing[1], 0], [0, 0, spacing[2]]);
    return { affineRas: affineFrom(linear, [0, 0, 0]), placedBy: 'pixdim' };
  }
  const three = (name: 'quaternB' | 'qoffsetX') =>
    [0, 1, 2].map((index) => field(source, name, index)) as [number, number, number];
  const [b, c, d] = three('quaternB');
  const axes = quaternionToRotation({ b, c, d, qfac: field(source, 'pixdim') < 0 ? -1 : 1 });
  const linear = fromColumns(
    scale(column(axes, 0), spacing[0]),
    scale(column(axes, 1), spacing[1]),
    scale(column(axes, 2), spacing[2]),
  );
  return { affineRas: affineFrom(linear, three('qoffsetX')), placedBy: 'qform' };
}

function readText(bytes: Uint8Array, at: number, length: number): string {
  return new TextDecoder('latin1').decode(bytes.slice(at, at + length)).replace(/\0.*$/s, '');
}

export function malformed(why: string): PipelineError {
  return new PipelineError(
    'MalformedNifti',
    `the file cannot be read as a NIfTI volume: ${why}; write it again`,
  );
}

function short(length: number, needed: number): PipelineError {
  return malformed(`it has ${length} bytes, its header needs ${needed}`);
}

function unsupported(what: string, allowed: string): PipelineError {
  return new PipelineError(
    'UnsupportedNifti',
    `the file holds ${what}; allowed is ${allowed}: convert it first`,
  );
}
