/** Where each field of the two NIfTI headers lies and how it is stored; reader and writer share it. */

type FieldType = 'uint8' | 'int16' | 'int32' | 'int64' | 'float32' | 'float64';

interface Field {
  readonly at: number;
  readonly type: FieldType;
}

type FieldName =
  | 'sizeofHdr'
  | 'dim'
  | 'datatype'
  | 'bitpix'
  | 'pixdim'
  | 'voxOffset'
  | 'sclSlope'
  | 'sclInter'
  | 'xyztUnits'
  | 'qformCode'
  | 'sformCode'
  | 'quaternB'
  | 'qoffsetX'
  | 'srowX';

export interface HeaderLayout {
  readonly version: 1 | 2;
  readonly headerBytes: number;
  /** Header plus the four extension bytes of a single-file image. */
  readonly dataOffset: number;
  readonly magic: { readonly at: number; readonly text: string };
  readonly descripAt: number;
  readonly maxDimension: number;
  readonly fields: Readonly<Record<FieldName, Field>>;
}

export const NIFTI_1: HeaderLayout = {
  version: 1,
  headerBytes: 348,
  dataOffset: 352,
  magic: { at: 344, text: 'n+1\0' },
  descripAt: 148,
  maxDimension: 32_767,
  fields: {
    sizeofHdr: { at: 0, type: 'int32' },
    dim: { at: 40, type: 'int16' },
    datatype: { at: 70, type: 'int16' },
    bitpix: { at: 72, type: 'int16' },
    pixdim: { at: 76, type: 'float32' },
    voxOffset: { at: 108, type: 'float32' },
    sclSlope: { at: 112, type: 'float32' },
    sclInter: { at: 116, type: 'float32' },
    xyztUnits: { at: 123, type: 'uint8' },
    qformCode: { at: 252, type: 'int16' },
    sformCode: { at: 254, type: 'int16' },
    quaternB: { at: 256, type: 'float32' },
    qoffsetX: { at: 268, type: 'float32' },
    srowX: { at: 280, type: 'float32' },
  },
};

export const NIFTI_2: HeaderLayout = {
  version: 2,
  headerBytes: 540,
  dataOffset: 544,
  magic: { at: 4, text: 'n+2\0\r\n\x1a\n' },
  descripAt: 240,
  maxDimension: 2 ** 31,
  fields: {
    sizeofHdr: { at: 0, type: 'int32' },
    dim: { at: 16, type: 'int64' },
    datatype: { at: 12, type: 'int16' },
    bitpix: { at: 14, type: 'int16' },
    pixdim: { at: 104, type: 'float64' },
    voxOffset: { at: 168, type: 'int64' },
    sclSlope: { at: 176, type: 'float64' },
    sclInter: { at: 184, type: 'float64' },
    xyztUnits: { at: 500, type: 'int32' },
    qformCode: { at: 344, type: 'int32' },
    sformCode: { at: 348, type: 'int32' },
    quaternB: { at: 352, type: 'float64' },
    qoffsetX: { at: 376, type: 'float64' },
    srowX: { at: 400, type: 'float64' },
  },
};

const BYTES: Readonly<Record<FieldType, number>> = {
  uint8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  float32: 4,
  float64: 8,
};

/** The `index`-th number of a field. An int64 beyond 2^53 comes out rounded, which no plausible field reaches. */
export function readField(view: DataView, { at, type }: Field, little: boolean, index = 0): number {
  const offset = at + index * BYTES[type];
  switch (type) {
    case 'uint8':
      return view.getUint8(offset);
    case 'int16':
      return view.getInt16(offset, little);
    case 'int32':
      return view.getInt32(offset, little);
    case 'int64':
      return Number(view.getBigInt64(offset, little));
    case 'float32':
      return view.getFloat32(offset, little);
    case 'float64':
      return view.getFloat64(offset, little);
  }
}

/** Writes numbers from the field's first place on, little endian. */
export function writeField(view: DataView, { at, type }: Field, ...values: readonly number[]): void {
  values.forEach((value, index) => {
    const offset = at + index * BYTES[type];
    if (type === 'uint8') view.setUint8(offset, value);
    else if (type === 'int16') view.setInt16(offset, value, true);
    else if (type === 'int32') view.setInt32(offset, value, true);
    else if (type === 'int64') view.setBigInt64(offset, BigInt(value), true);
    else if (type === 'float32') view.setFloat32(offset, value, true);
    else view.setFloat64(offset, value, true);
  });
}

export const DESCRIP_BYTES = 80;
/** Three low bits of `xyzt_units` name the unit of space. */
export const SPACE_UNIT_BITS = 0x07;
export const UNITS_MM = 2;
/** `NIFTI_XFORM_SCANNER_ANAT`: the image's own patient coordinates. */
export const SCANNER_ANATOMICAL = 1;

/** Enough for 1,500 slices of 1024 x 1024; more would not fit a stage's memory. */
export const MAX_NIFTI_VOXELS = 1_610_612_736;

export type NiftiValues =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** Types that we write, by the name of their numbers. */
export type NiftiDataType =
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'uint32'
  | 'int32'
  | 'float32'
  | 'float64';

/** NIfTI datatype code and bytes per voxel. */
export const DATA_TYPES: Readonly<Record<NiftiDataType, readonly [code: number, bytes: number]>> = {
  uint8: [2, 1],
  int16: [4, 2],
  int32: [8, 4],
  float32: [16, 4],
  float64: [64, 8],
  int8: [256, 1],
  uint16: [512, 2],
  uint32: [768, 4],
};

export function dataTypeOf(values: NiftiValues): NiftiDataType {
  if (values instanceof Uint8Array) return 'uint8';
  if (values instanceof Int16Array) return 'int16';
  if (values instanceof Int32Array) return 'int32';
  if (values instanceof Float32Array) return 'float32';
  if (values instanceof Float64Array) return 'float64';
  if (values instanceof Int8Array) return 'int8';
  return values instanceof Uint16Array ? 'uint16' : 'uint32';
}
