import { PipelineError } from '../../contracts/errors.ts';
import { flipLpsRas, linearPart, type Mat4 } from '../geometry/affine.ts';
import { column, fromColumns, normalise } from '../geometry/vector.ts';
import type { VolumeGeometry } from '../geometry/volume-geometry.ts';
import {
  DATA_OFFSET,
  DESCRIP_BYTES,
  datatypeOf,
  HEADER_BYTES,
  MAX_DIMENSION,
  type NiftiValues,
  OFFSET,
  SCANNER_ANATOMICAL,
  UNITS_MM,
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
 * Writes a single-file NIfTI-1 image (`.nii`, not compressed), little endian.
 *
 * Voxels keep DICOM's order (i = column, j = row, k = slice along the normal); the affine, LPS turned to RAS, says
 * where they lie. qform and sform carry the same grid with code 1 (scanner), units are mm, slope 1, intercept 0.
 *
 * @throws VolumeTooLarge when a side exceeds 32,767 voxels
 */
export function encodeNifti(
  content: NiftiContent,
  options: EncodeNiftiOptions = {},
): Uint8Array<ArrayBuffer> {
  const { geometry, values } = content;
  requireConsistentSize(content);
  const out = new Uint8Array(DATA_OFFSET + values.byteLength);
  const view = new DataView(out.buffer);
  writeLayout(view, content);
  writeForms(view, flipLpsRas(geometry.affineIjkToLps), geometry);
  writeText(out, OFFSET.descrip, (options.softwareVersion ?? '').slice(0, DESCRIP_BYTES - 1));
  writeText(out, OFFSET.magic, 'n+1');
  out.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), DATA_OFFSET);
  return out;
}

function requireConsistentSize({ geometry: { sizeIjk }, values }: NiftiContent): void {
  if (sizeIjk.some((size) => size > MAX_DIMENSION)) {
    throw new PipelineError(
      'VolumeTooLarge',
      `a volume of ${sizeIjk.join(' x ')} voxels does not fit NIfTI-1, which allows ${MAX_DIMENSION} per side; crop it`,
      { sizeIjk },
    );
  }
  const expected = sizeIjk[0] * sizeIjk[1] * sizeIjk[2];
  if (values.length === expected) return;
  throw new PipelineError('InternalError', `a grid of ${expected} voxels came with ${values.length} values`, {
    sizeIjk,
  });
}

function writeLayout(view: DataView, { geometry: { sizeIjk }, values }: NiftiContent): void {
  const [code, bits] = datatypeOf(values);
  view.setInt32(OFFSET.sizeofHdr, HEADER_BYTES, true);
  [3, ...sizeIjk, 1, 1, 1, 1].forEach((size, index) => {
    view.setInt16(OFFSET.dim + 2 * index, size, true);
  });
  view.setInt16(OFFSET.datatype, code, true);
  view.setInt16(OFFSET.bitpix, bits, true);
  view.setFloat32(OFFSET.voxOffset, DATA_OFFSET, true);
  view.setFloat32(OFFSET.sclSlope, 1, true);
  view.setUint8(OFFSET.xyztUnits, UNITS_MM);
}

function writeForms(view: DataView, affineRas: Mat4, { spacingMm }: VolumeGeometry): void {
  const linear = linearPart(affineRas);
  const axes = fromColumns(
    normalise(column(linear, 0)),
    normalise(column(linear, 1)),
    normalise(column(linear, 2)),
  );
  const { b, c, d, qfac } = rotationToQuaternion(axes);
  const setFloats = (offset: number, values: readonly number[]) => {
    values.forEach((value, index) => {
      view.setFloat32(offset + 4 * index, value, true);
    });
  };
  setFloats(OFFSET.pixdim, [qfac, ...spacingMm, 1, 1, 1, 1]);
  view.setInt16(OFFSET.qformCode, SCANNER_ANATOMICAL, true);
  view.setInt16(OFFSET.sformCode, SCANNER_ANATOMICAL, true);
  setFloats(OFFSET.quaternB, [b, c, d]);
  setFloats(OFFSET.qoffsetX, [affineRas[3], affineRas[7], affineRas[11]]);
  setFloats(OFFSET.srowX, affineRas.slice(0, 12));
}

function writeText(out: Uint8Array, offset: number, text: string): void {
  for (let at = 0; at < text.length; at++) out[offset + at] = text.charCodeAt(at) & 0x7f;
}
