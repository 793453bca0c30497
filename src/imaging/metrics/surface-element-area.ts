import { add, cross, norm, scale, subtract, type Vec3 } from '../geometry/vector.ts';

/**
 * Area of the surface that passes between eight neighbouring voxels, for each of the 256 ways to fill them.
 *
 * Bit `di + 2 dj + 4 dk` of a code is set when the neighbour at that offset belongs to the region. The surface crosses
 * an edge of the cube between the eight centres at its middle. Neighbours of the rarer kind that touch only across a
 * diagonal are kept apart, so a code and its complement have one surface. A polygon that is not flat is cut into the
 * triangles that have the largest area on a cube of equal sides.
 *
 * @param spacingMm - distance of neighbouring centres along i, j and k, mm
 * @returns mm2 by code; 0 for codes 0 and 255
 */
export function surfaceElementAreas(spacingMm: Vec3): Float64Array {
  const [i, j, k] = spacingMm;
  const shares: Vec3 = [j * k, i * k, i * j];
  return Float64Array.from({ length: 256 }, (_, code) =>
    triangleNormals(code).reduce((area, [x, y, z]) => {
      return area + Math.hypot(x * shares[0], y * shares[1], z * shares[2]);
    }, 0),
  );
}

const known = new Map<number, readonly Vec3[]>();

/** Area vectors (normal times area) of the triangles of a code on the unit cube. */
function triangleNormals(code: number): readonly Vec3[] {
  const rarer = bitsOf(code) > 4 ? 255 - code : code;
  const found = known.get(rarer) ?? polygons(rarer).flatMap(widestTriangles);
  known.set(rarer, found);
  return found;
}

function bitsOf(code: number): number {
  return [0, 1, 2, 3, 4, 5, 6, 7].reduce((bits, bit) => bits + ((code >> bit) & 1), 0);
}

/** The cube's corner with a number, as its offsets along i, j and k. */
function corner(bit: number): Vec3 {
  return [bit & 1, (bit >> 1) & 1, bit >> 2];
}

/** Faces as corner numbers in a circle. */
const FACES: readonly (readonly [number, number, number, number])[] = [0, 1, 2].flatMap((axis) =>
  [0, 1].map((side) => {
    const [u, v] = [1 << ((axis + 1) % 3), 1 << ((axis + 2) % 3)];
    const base = side << axis;
    return [base, base + u, base + u + v, base + v] as const;
  }),
);

/** Closed polygons, as edge middles, that part the set corners from the others. */
function polygons(code: number): Vec3[][] {
  const neighbours = new Map<string, Vec3[]>();
  const link = (a: Vec3, b: Vec3) => {
    neighbours.set(String(a), [...(neighbours.get(String(a)) ?? []), b]);
  };
  for (const [a, b] of FACES.flatMap((face) => faceSegments(face, code))) {
    link(a, b);
    link(b, a);
  }
  const loops: Vec3[][] = [];
  const used = new Set<string>();
  for (const start of neighbours.keys()) {
    if (used.has(start)) continue;
    const loop: Vec3[] = [];
    let next: Vec3 | undefined = start.split(',').map(Number) as unknown as Vec3;
    while (next !== undefined) {
      used.add(String(next));
      loop.push(next);
      next = neighbours.get(String(next))?.find((point) => !used.has(String(point)));
    }
    loops.push(loop);
  }
  return loops;
}

/** Where the surface cuts one face of the cube: no, one or two segments, each round the set corners. */
function faceSegments(face: readonly [number, number, number, number], code: number): [Vec3, Vec3][] {
  const isSet = (at: number) => ((code >> (face[at % 4] as number)) & 1) === 1;
  const middle = (at: number) =>
    scale(add(corner(face[at % 4] as number), corner(face[(at + 1) % 4] as number)), 0.5);
  const crossed = [0, 1, 2, 3].filter((at) => isSet(at) !== isSet(at + 1));
  if (crossed.length === 0) return [];
  if (crossed.length === 2) return [[middle(crossed[0] as number), middle(crossed[1] as number)]];
  return [0, 1, 2, 3].filter(isSet).map((at) => [middle(at + 3), middle(at)]);
}

function widestTriangles(polygon: readonly Vec3[]): Vec3[] {
  const area = (normals: readonly Vec3[]) => normals.reduce((sum, normal) => sum + norm(normal), 0);
  return triangulations(polygon).reduce((a, b) => (area(b) > area(a) + 1e-9 ? b : a));
}

/** Every way to cut a polygon into triangles without new points, as area vectors. */
function triangulations(polygon: readonly Vec3[]): Vec3[][] {
  if (polygon.length < 3) return [[]];
  const [first, last] = [polygon[0] as Vec3, polygon.at(-1) as Vec3];
  return polygon.slice(1, -1).flatMap((apex, at) => {
    const normal = scale(cross(subtract(apex, first), subtract(last, first)), 0.5);
    const before = triangulations(polygon.slice(0, at + 2));
    const after = triangulations(polygon.slice(at + 1));
    return before.flatMap((left) => after.map((right) => [normal, ...left, ...right]));
  });
}
