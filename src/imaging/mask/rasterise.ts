import { EdgeCrossings } from './edge-crossings.ts';
import type { Polygon } from './polygon.ts';
import type { SliceRuns } from './slice-runs.ts';

/**
 * Draws polygons on slices of one size.
 *
 * A voxel belongs to a polygon when its centre lies inside by the even-odd rule; edges are half-open (left and upper
 * edges belong, right and lower do not), decided after rounding to 1e-6 pixel.
 */
export class Rasteriser {
  readonly #crossings: EdgeCrossings;
  readonly #member: EdgeCrossings;

  constructor(columns: number, rows: number) {
    this.#crossings = new EdgeCrossings(columns, rows);
    this.#member = new EdgeCrossings(columns, rows);
  }

  /** Describes groups of polygons, in place of what was there: union inside a group, parity between groups. */
  draw(runs: SliceRuns, groups: readonly (readonly Polygon[])[]): void {
    const crossings = this.#crossings;
    crossings.clear();
    for (const group of groups) {
      const [only] = group;
      if (group.length === 1 && only !== undefined) crossings.addPolygon(only);
      else for (const place of this.#union(group)) crossings.add(place);
    }
    runs.clear();
    const places = crossings.ascending();
    // Between the 1st and the 2nd crossing of a row, the 3rd and the 4th ... is inside.
    for (let at = 0; at < places.length; at += 2) {
      const row = crossings.rowOf(places[at] as number);
      // Rows of crossings have one place more than the slice has columns.
      runs.add((places[at] as number) - row, (places[at + 1] as number) - row);
    }
  }

  /** Where the union of polygons begins and ends. */
  #union(group: readonly Polygon[]): Uint32Array {
    let union = new Uint32Array(0);
    for (const polygon of group) {
      this.#member.clear();
      this.#member.addPolygon(polygon);
      union = unionOf(union, this.#member.ascending());
    }
    return union;
  }
}

/** Both hold beginnings and ends in turn, ascending; no end is a beginning of the next row. */
function unionOf(a: Uint32Array, b: Uint32Array): Uint32Array<ArrayBuffer> {
  const union = new Uint32Array(a.length + b.length);
  let length = 0;
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const first = j === b.length || (a[i] as number) <= (b[j] as number);
    const from = (first ? a[i++] : b[j++]) as number;
    const to = (first ? a[i++] : b[j++]) as number;
    const last = union[length - 1];
    if (last !== undefined && from <= last) union[length - 1] = Math.max(last, to);
    else {
      union[length++] = from;
      union[length++] = to;
    }
  }
  return union.subarray(0, length);
}
