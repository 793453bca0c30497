import { PipelineError } from '../../contracts/errors.ts';
import { add, cross, dot, normalise, scale, type Vec3 } from '../geometry/vector.ts';
import { readCsaNumbers } from './csa-header.ts';
import { type Attribute, type DataSet, readBytes, readStrings, readUint16 } from './data-set.ts';
import { IMAGE } from './image-attributes.ts';
import { nativePixels } from './native-pixels.ts';
import type { Plane } from './read-plane.ts';
import type { EncodedFrame, PixelLayout } from './slice.ts';
import { requireTransferSyntax } from './transfer-syntax.ts';

const CSA_IMAGE_HEADER: Attribute = { name: 'CSAImageHeaderInfo', tag: 'x00291010' };
const CSA_SERIES_HEADER: Attribute = { name: 'CSASeriesHeaderInfo', tag: 'x00291020' };
const NUMBER_OF_IMAGES_IN_MOSAIC: Attribute = { name: 'NumberOfImagesInMosaic', tag: 'x0019100a' };

/** Siemens' own axes are those of the patient: sagittal, coronal, transverse grow to left, posterior, head. */
const NORMAL_COMPONENTS = ['dSag', 'dCor', 'dTra'] as const;

/** One slice of a mosaic: its place in the patient and in the picture. */
export interface MosaicTile {
  readonly positionLps: Vec3;
  readonly tile: NonNullable<EncodedFrame['tile']>;
}

/** True for a Siemens mosaic: all slices of one volume as tiles of one picture. */
export function isMosaic(dataSet: DataSet): boolean {
  return readStrings(dataSet, IMAGE.imageType).includes('MOSAIC');
}

/**
 * Takes a mosaic apart.
 *
 * Tiles run row by row in a square grid of ceil(sqrt(n)) tiles each way. The file's ImagePositionPatient is that of the
 * whole picture centred where the first slice is centred, so the first tile lies half the difference of the two sizes
 * further in; each next tile lies one slice spacing along the normal. The normal is that of the CSA header, whose sense
 * tells which way the slices are counted.
 *
 * @throws UnsupportedImage when the number or direction of the slices is nowhere in the file.
 */
export function readMosaicTiles(
  dataSet: DataSet,
  plane: Plane,
  encoded: EncodedFrame,
): readonly MosaicTile[] {
  const protocol = readProtocol(dataSet);
  const count = countTiles(dataSet, protocol, encoded);
  const across = Math.ceil(Math.sqrt(count));
  const { layout } = encoded;
  const columns = layout.columns / across;
  const rows = layout.rows / across;
  const spacing = plane.spacingBetweenSlicesMm ?? plane.sliceThicknessMm;
  if (!Number.isInteger(columns) || !Number.isInteger(rows) || spacing === undefined) {
    throw unsupported(
      `its ${count} slices do not fit a picture of ${layout.columns} x ${layout.rows} pixels`,
    );
  }
  const step = scale(sliceNormal(dataSet, protocol, plane), spacing);
  const first = firstPosition(plane, layout, columns, rows);
  return Array.from({ length: count }, (_, n) => ({
    positionLps: add(first, scale(step, n)),
    tile: { column: (n % across) * columns, row: Math.floor(n / across) * rows, columns, rows },
  }));
}

function firstPosition(
  { positionLps, rowCosinesLps, columnCosinesLps, pixelSpacingMm: [rowGap, columnGap] }: Plane,
  layout: PixelLayout,
  columns: number,
  rows: number,
): Vec3 {
  const alongRow = scale(rowCosinesLps, (columnGap * (layout.columns - columns)) / 2);
  const alongColumn = scale(columnCosinesLps, (rowGap * (layout.rows - rows)) / 2);
  return add(positionLps, add(alongRow, alongColumn));
}

/** The protocol as text inside the CSA series header; empty when there is none. */
function readProtocol(dataSet: DataSet): string {
  const header = readBytes(dataSet, CSA_SERIES_HEADER);
  return header === undefined ? '' : Buffer.from(header).toString('latin1');
}

/**
 * The CSA image header states the number. Files that lost it, as some anonymisers leave them, still have the protocol:
 * it gives the grid, and the tiles that hold anything are the slices, since unused ones are black.
 */
function countTiles(dataSet: DataSet, protocol: string, encoded: EncodedFrame): number {
  const header = readBytes(dataSet, CSA_IMAGE_HEADER);
  const stated =
    (header && readCsaNumbers(header, 'NumberOfImagesInMosaic')?.[0]) ??
    readUint16(dataSet, NUMBER_OF_IMAGES_IN_MOSAIC);
  const most = encoded.layout.rows * encoded.layout.columns;
  if (stated !== undefined && Number.isInteger(stated) && stated >= 1 && stated <= most) return stated;
  const planned = Number(/sSliceArray\.lSize\s*=\s*(\d{1,6})/.exec(protocol)?.[1]);
  if (!(planned >= 1 && planned <= most)) throw unsupported('it does not say how many slices it holds');
  return requireTransferSyntax(encoded.transferSyntaxUid).codec === undefined
    ? Math.max(planned, lastTileWithContent(encoded, Math.ceil(Math.sqrt(planned))))
    : planned;
}

/** Number of tiles up to the last one that is not all zero. */
function lastTileWithContent(encoded: EncodedFrame, across: number): number {
  const { columns, rows } = encoded.layout;
  if (columns % across !== 0 || rows % across !== 0) return 0;
  const pixels = nativePixels(encoded);
  const [width, height] = [columns / across, rows / across];
  for (let n = across * across; n > 0; n--) {
    const [column, row] = [((n - 1) % across) * width, Math.floor((n - 1) / across) * height];
    for (let y = row; y < row + height; y++) {
      const line = pixels.subarray(y * columns + column, y * columns + column + width);
      if (line.some((value) => value !== 0)) return n;
    }
  }
  return 0;
}

/** The plane's normal in the sense in which the scanner counts slices. */
function sliceNormal(dataSet: DataSet, protocol: string, { rowCosinesLps, columnCosinesLps }: Plane): Vec3 {
  const normal = normalise(cross(rowCosinesLps, columnCosinesLps));
  const header = readBytes(dataSet, CSA_IMAGE_HEADER);
  const stated = (header && readCsaNumbers(header, 'SliceNormalVector')) ?? protocolNormal(protocol);
  const [x, y, z] = stated ?? [];
  if (x === undefined || y === undefined || z === undefined)
    throw unsupported('it does not say which way its slices are counted');
  return dot(normal, [x, y, z]) < 0 ? scale(normal, -1) : normal;
}

/** The normal of the first slice; the protocol leaves out components that are zero. */
function protocolNormal(protocol: string): readonly number[] | undefined {
  const components = NORMAL_COMPONENTS.map((name) => {
    const found = new RegExp(
      `sSliceArray\\.asSlice\\[0\\]\\.sNormal\\.${name}\\s*=\\s*(-?[\\d.e-]{1,32})`,
    ).exec(protocol);
    return found === null ? 0 : Number(found[1]);
  });
  return components.some((value) => value !== 0) ? components : undefined;
}

function unsupported(why: string): PipelineError {
  return new PipelineError(
    'UnsupportedImage',
    `a Siemens mosaic cannot be taken apart: ${why}; export the series with its CSA header (0029,1010), or as single slices`,
  );
}
