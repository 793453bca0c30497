/** Byte offsets and codes of the NIfTI-1 header (348 bytes) that reader and writer share. */
export const HEADER_BYTES = 348;
/** Header plus the four extension bytes of a single-file image. */
export const DATA_OFFSET = 352;
export const MAX_DIMENSION = 32767;

export const OFFSET = {
  sizeofHdr: 0,
  dim: 40,
  datatype: 70,
  bitpix: 72,
  pixdim: 76,
  voxOffset: 108,
  sclSlope: 112,
  sclInter: 116,
  xyztUnits: 123,
  descrip: 148,
  qformCode: 252,
  sformCode: 254,
  quaternB: 256,
  qoffsetX: 268,
  srowX: 280,
  magic: 344,
} as const;

export const DESCRIP_BYTES = 80;
export const UNITS_MM = 2;
/** `NIFTI_XFORM_SCANNER_ANAT`: the image's own patient coordinates. */
export const SCANNER_ANATOMICAL = 1;

export type NiftiValues =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** NIfTI datatype code and bits per voxel of each typed array. */
export function datatypeOf(values: NiftiValues): readonly [code: number, bits: number] {
  if (values instanceof Uint8Array) return [2, 8];
  if (values instanceof Int16Array) return [4, 16];
  if (values instanceof Int32Array) return [8, 32];
  if (values instanceof Float32Array) return [16, 32];
  if (values instanceof Float64Array) return [64, 64];
  if (values instanceof Int8Array) return [256, 8];
  if (values instanceof Uint16Array) return [512, 16];
  return [768, 32];
}
