import type { VolumeGeometry } from '../imaging/geometry/volume-geometry.ts';

/** Enough for the pieces to pack as well as the whole, small enough to keep every core at work to the end. */
const PIECE_BYTES = 2 * 1024 * 1024;

/** Whole planes of the grid, `first` to `last` - 1; piece 0 begins with the header of the file. */
export interface PlaneRange {
  readonly piece: number;
  readonly first: number;
  readonly last: number;
}

/** Cuts a volume into pieces of about 2 MiB. Depends on the volume alone, and so does the file that they make. */
export function planPieces(
  { sizeIjk: [columns, rows, planes] }: VolumeGeometry,
  bytesPerVoxel: number,
): PlaneRange[] {
  const perPiece = Math.max(1, Math.floor(PIECE_BYTES / (columns * rows * bytesPerVoxel)));
  return Array.from({ length: Math.ceil(planes / perPiece) }, (_, piece) => ({
    piece,
    first: piece * perPiece,
    last: Math.min(planes, (piece + 1) * perPiece),
  }));
}

/** A volume of fewer bytes is made on the calling thread, before any other had started. */
const SMALL_BYTES = 8 * 1024 * 1024;

export function isSmall(
  { sizeIjk: [columns, rows, planes] }: VolumeGeometry,
  bytesPerVoxel: number,
): boolean {
  return columns * rows * planes * bytesPerVoxel < SMALL_BYTES;
}
