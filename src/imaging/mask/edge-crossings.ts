import { type Polygon, roundPixel } from './polygon.ts';

const FIRST_PLACES = 1024;

/**
 * Where the edges of polygons cross the rows of a slice, as places: column + (columns + 1) x row. The column is that of the
 * first voxel whose centre is not left of the edge; one more than the slice has stands for all beyond its right border,
 * so that every row is crossed an even number of times.
 */
export class EdgeCrossings {
  readonly #columns: number;
  readonly #rows: number;
  #places = new Uint32Array(FIRST_PLACES);
  #length = 0;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
  }

  clear(): void {
    this.#length = 0;
  }

  rowOf(place: number): number {
    return Math.floor(place / (this.#columns + 1));
  }

  add(place: number): void {
    if (this.#length === this.#places.length) this.#makeRoom();
    this.#places[this.#length++] = place;
  }

  addPolygon(polygon: Polygon): void {
    const columns = this.#columns;
    const rows = this.#rows;
    if (polygon.length === 0) return;
    // By index: what `at` may give makes engines keep every coordinate as an object.
    let x0 = polygon[polygon.length - 2] as number;
    let y0 = polygon[polygon.length - 1] as number;
    for (let at = 0; at < polygon.length; at += 2) {
      const x1 = polygon[at] as number;
      const y1 = polygon[at + 1] as number;
      const rises = y0 < y1;
      const first = Math.max(0, Math.ceil(rises ? y0 : y1));
      const last = Math.min(rows, Math.ceil(rises ? y1 : y0)) - 1;
      if (first <= last) {
        // The lower end is the anchor whichever way the edge was drawn, so a shared edge gives one and the same x.
        const xa = rises ? x0 : x1;
        const ya = rises ? y0 : y1;
        const slope = rises ? (x1 - x0) / (y1 - y0) : (x0 - x1) / (y0 - y1);
        for (let row = first; row <= last; row++) {
          const column = Math.ceil(roundPixel(xa + slope * (row - ya)));
          this.add(row * (columns + 1) + Math.min(columns, Math.max(0, column)));
        }
      }
      x0 = x1;
      y0 = y1;
    }
  }

  /** In ascending order; two at one place cancel each other. */
  ascending(): Uint32Array {
    const places = this.#places.subarray(0, this.#length).sort();
    let kept = 0;
    for (let at = 0; at < places.length; at++) {
      if (kept > 0 && places[kept - 1] === places[at]) kept--;
      else places[kept++] = places[at] as number;
    }
    this.#length = kept;
    return places.subarray(0, kept);
  }

  /** An outline that winds to and fro crosses a row at the same places again and again. */
  #makeRoom(): void {
    if (this.ascending().length <= this.#places.length / 2) return;
    const larger = new Uint32Array(2 * this.#places.length);
    larger.set(this.#places);
    this.#places = larger;
  }
}
