import { PipelineError } from '../../contracts/errors.ts';
import { flipLpsRas, linearPart, type Mat4 } from '../geometry/affine.ts';
import { isSheared } from '../geometry/right-angles.ts';
import { column, fromColumns, normalise } from '../geometry/vector.ts';
import { type VolumeGeometry, voxelCount } from '../geometry/volume-geometry.ts';
import {
  DATA_TYPES,
  DESCRIP_BYTES,
  dataTypeOf,
  type HeaderLayout,
  NIFTI_1,
  NIFTI_2,
  type NiftiDataType,
  type NiftiValues,
  SCANNER_ANATOMICAL,
  UNITS_MM,
  writeField,
} from './nifti-header.ts';
import { rotationToQuaternion } from './quaternion.ts';

/** Any volume or label map: a grid and one value per voxel, i fastest. */
export interface NiftiContent {
  readonly geometry: VolumeGeometry;
  readonly values: NiftiValues;
}

export interface EncodeNiftiOptions {
  /** Goes into `descrip`, such as `Contourflow 0.1.0`; nothing about the patient does. */
  readonly softwareVersion?: string;
}

/**
 * Writes a single-file NIfTI image (`.nii`, not compressed): the header, then the voxels as they are.
 *
 * @throws VolumeTooLarge as {@link encodeHeader} does
 */
export function encodeNifti(
  content: NiftiContent,
  options: EncodeNiftiOptions = {},
): Uint8Array<ArrayBuffer> {
  const { geometry, values } = content;
  requireConsistentSize(content);
  const header = encodeHeader(geometry, dataTypeOf(values), options);
  const out = new Uint8Array(header.length + values.byteLength);
  out.set(header);
  out.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), header.length);
  return out;
}

/**
 * Everything of a single-file image that precedes its voxels, little endian: NIfTI-1, or NIfTI-2 when a side exceeds
 * 32,767 voxels.
 *
 * Voxels keep DICOM's order (i = column, j = row, k = slice along the normal); the affine, LPS turned to RAS, says
 * where they lie. qform and sform carry the same grid with code 1 (scanner), units are mm, slope 1, intercept 0. A
 * sheared grid has no qform (code 0), because readers that prefer it would drop the shear without a word.
 *
 * @throws VolumeTooLarge when a side exceeds 2^31 voxels
 */
export function encodeHeader(
  geometry: VolumeGeometry,
  dataType: NiftiDataType,
  { softwareVersion = '' }: EncodeNiftiOptions = {},
): Uint8Array<ArrayBuffer> {
  const layout = layoutFor(geometry);
  const { fields, headerBytes, dataOffset, magic, descripAt } = layout;
  const out = new Uint8Array(dataOffset);
  const view = new DataView(out.buffer);
  const [code, bytes] = DATA_TYPES[dataType];
  writeField(view, fields.sizeofHdr, headerBytes);
  writeField(view, fields.dim, 3, ...geometry.sizeIjk, 1, 1, 1, 1);
  writeField(view, fields.datatype, code);
  writeField(view, fields.bitpix, 8 * bytes);
  writeField(view, fields.voxOffset, dataOffset);
  writeField(view, fields.sclSlope, 1);
  writeField(view, fields.xyztUnits, UNITS_MM);
  writeForms(view, layout, geometry);
  writeText(out, descripAt, softwareVersion.slice(0, DESCRIP_BYTES - 1));
  writeText(out, magic.at, magic.text);
  return out;
}

/** Bytes of a single-file image that is not packed: header and voxels. */
export function imageBytes(geometry: VolumeGeometry, dataType: NiftiDataType): number {
  return layoutFor(geometry).dataOffset + voxelCount(geometry) * DATA_TYPES[dataType][1];
}

function layoutFor({ sizeIjk }: VolumeGeometry): HeaderLayout {
  const longest = Math.max(...sizeIjk);
  if (longest <= NIFTI_1.maxDimension) return NIFTI_1;
  if (longest <= NIFTI_2.maxDimension) return NIFTI_2;
  throw new PipelineError(
    'VolumeTooLarge',
    `a volume of ${sizeIjk.join(' x ')} voxels cannot be written; at most ${NIFTI_2.maxDimension} per side are allowed: crop it`,
    { sizeIjk },
  );
}

function requireConsistentSize({ geometry: { sizeIjk }, values }: NiftiContent): void {
  const expected = sizeIjk[0] * sizeIjk[1] * sizeIjk[2];
  if (values.length === expected) return;
  throw new PipelineError('InternalError', `a grid of ${expected} voxels came with ${values.length} values`, {
    sizeIjk,
  });
}

function writeForms(view: DataView, { fields }: HeaderLayout, geometry: VolumeGeometry): void {
  const affineRas: Mat4 = flipLpsRas(geometry.affineIjkToLps);
  const linear = linearPart(affineRas);
  const axes = fromColumns(
    normalise(column(linear, 0)),
    normalise(column(linear, 1)),
    normalise(column(linear, 2)),
  );
  writeField(view, fields.sformCode, SCANNER_ANATOMICAL);
  writeField(view, fields.srowX, ...affineRas.slice(0, 12));
  const { b, c, d, qfac } = rotationToQuaternion(axes);
  writeField(view, fields.pixdim, qfac, ...geometry.spacingMm, 1, 1, 1, 1);
  if (isSheared(axes)) return;
  writeField(view, fields.qformCode, SCANNER_ANATOMICAL);
  writeField(view, fields.quaternB, b, c, d);
  writeField(view, fields.qoffsetX, affineRas[3], affineRas[7], affineRas[11]);
}

function writeText(out: Uint8Array, offset: number, text: string): void {
  for (let at = 0; at < text.length; at++) out[offset + at] = text.charCodeAt(at) & 0x7f;
}
