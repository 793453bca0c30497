import type { Vec3 } from '../geometry/vector.ts';
import type { LabelWindow } from '../resample/label-window.ts';
import type { GridPoints } from './nearest-distances.ts';

/** Values of a label map; i fastest. */
export type LabelValues = ArrayLike<number>;

/** One region as 0 and 1 in a box one voxel wider than its window on every side. */
export interface RegionBox {
  readonly sizeIjk: Vec3;
  readonly mask: Uint8Array;
}

export function cutRegion(
  labels: LabelValues,
  [columns, rows]: Vec3,
  value: number,
  { low, high }: Pick<LabelWindow, 'low' | 'high'>,
): RegionBox {
  const size = [0, 1, 2].map((axis) => (high[axis] as number) - (low[axis] as number) + 3) as unknown as Vec3;
  const mask = new Uint8Array(size[0] * size[1] * size[2]);
  const width = high[0] - low[0] + 1;
  for (let k = low[2]; k <= high[2]; k++) {
    for (let j = low[1]; j <= high[1]; j++) {
      const from = (k * rows + j) * columns + low[0];
      const to = ((k - low[2] + 1) * size[1] + j - low[1] + 1) * size[0] + 1;
      for (let n = 0; n < width; n++) if (labels[from + n] === value) mask[to + n] = 1;
    }
  }
  return { sizeIjk: size, mask };
}

/** Points of a surface on a grid of their own. */
export interface SurfacePoints {
  readonly sizeIjk: Vec3;
  readonly points: GridPoints;
}

/** Voxels of the region with a face towards a voxel that is not. */
export function surfaceVoxels({ sizeIjk, mask }: RegionBox): SurfacePoints {
  const [columns, rows] = sizeIjk;
  const plane = columns * rows;
  const points = new PointList();
  for (let at = 0; at < mask.length; at++) {
    if (mask[at] === 0) continue;
    const enclosed =
      (mask[at - 1] as number) &
      (mask[at + 1] as number) &
      (mask[at - columns] as number) &
      (mask[at + columns] as number) &
      (mask[at - plane] as number) &
      (mask[at + plane] as number);
    if (enclosed === 0) points.push(at);
  }
  return { sizeIjk, points: points.done() };
}

/** Voxel corners where the region's surface passes, and how much of it (mm2) each stands for. */
export interface SurfaceElements extends SurfacePoints {
  readonly areas: Float64Array;
}

/**
 * Surface elements of a region.
 *
 * @param elementAreas - mm2 by neighbour code, as `surfaceElementAreas` makes them
 */
export function surfaceElements(box: RegionBox, elementAreas: Float64Array): SurfaceElements {
  const codes = neighbourCodes(box);
  const sizeIjk = box.sizeIjk.map((size) => size - 1) as unknown as Vec3;
  const list = new PointList();
  for (let at = 0; at < codes.length; at++) if (codes[at] !== 0 && codes[at] !== 255) list.push(at);
  const points = list.done();
  const areas = new Float64Array(points.length);
  for (let n = 0; n < points.length; n++)
    areas[n] = elementAreas[codes[points[n] as number] as number] as number;
  return { sizeIjk, points, areas };
}

/** Code of the eight voxels around every inner corner of the box. */
function neighbourCodes({ sizeIjk: [columns, rows, slices], mask }: RegionBox): Uint8Array {
  const codes = new Uint8Array((columns - 1) * (rows - 1) * (slices - 1));
  const plane = columns * rows;
  let to = 0;
  for (let k = 0; k < slices - 1; k++) {
    for (let j = 0; j < rows - 1; j++) {
      const row = k * plane + j * columns;
      let before = columnCode(mask, row, columns, plane);
      for (let i = 1; i < columns; i++) {
        const after = columnCode(mask, row + i, columns, plane);
        codes[to++] = before | (after << 1);
        before = after;
      }
    }
  }
  return codes;
}

/** Bits 0, 2, 4 and 6: the four voxels of one column of the neighbourhood. */
function columnCode(mask: Uint8Array, at: number, columns: number, plane: number): number {
  return (
    (mask[at] as number) |
    ((mask[at + columns] as number) << 2) |
    ((mask[at + plane] as number) << 4) |
    ((mask[at + plane + columns] as number) << 6)
  );
}

/** Points in a typed array that grows. */
class PointList {
  #points = new Uint32Array(1024);
  #count = 0;

  push(point: number): void {
    if (this.#count === this.#points.length) {
      const larger = new Uint32Array(2 * this.#count);
      larger.set(this.#points);
      this.#points = larger;
    }
    this.#points[this.#count++] = point;
  }

  done(): GridPoints {
    return this.#points.slice(0, this.#count);
  }
}
