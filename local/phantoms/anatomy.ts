import type { Random } from './random.ts';
import { blendedUnion, capsule, difference, type Solid, superellipsoid } from './shapes.ts';
import type { Vec3 } from './vector.ts';

export const ORGAN_NAMES = ['Liver', 'Spleen', 'Kidney'] as const;
export type OrganName = (typeof ORGAN_NAMES)[number];

export interface Organ {
  readonly name: OrganName;
  readonly solid: Solid;
  /** A ball that holds the organ: its centre in body coordinates and its radius, mm. */
  readonly centre: Vec3;
  readonly reachMm: number;
  readonly hounsfield: number;
}

/** Analytic body: organs, and the tissue value of any point. Body coordinates: LPS mm, origin mid-abdomen. */
export interface Anatomy {
  readonly organs: readonly Organ[];
  readonly tissueAt: (p: Vec3) => number;
}

interface Tissue {
  readonly solid: Solid;
  readonly hounsfield: number;
}

const AIR = -1000;
const FAT = -95;
const BONE = 420;
/** Fat kept free around each organ, so that a distractor of the same value never touches it. */
const FAT_MARGIN_MM = 1.2;

/**
 * A miniature abdomen. Every organ has a distractor of exactly its own value and at least its own volume
 * elsewhere (abdominal wall, bowel loops, psoas), so a value alone cannot tell an organ from the rest.
 */
export function createAnatomy(random: Random): Anatomy {
  const size = random.uniform(0.94, 1.04);
  const organs = [liver(random, size), spleen(random, size), kidney(random, size)];
  const [liverValue, spleenValue, kidneyValue] = organs.map((organ) => organ.hounsfield) as [
    number,
    number,
    number,
  ];
  const bones = createBones(size);
  const distractors = [
    ...bowelLoops(random, size, [spleenValue, liverValue, spleenValue, kidneyValue]),
    ...psoas(random, size, kidneyValue),
  ];
  const skin = superellipsoid({
    centre: [0, 0, 0],
    radii: [33 * size, 27 * size, 1e6],
    exponent: 2.2,
    turn: 0,
  });
  const tissueAt = (p: Vec3): number => {
    const depth = skin(p);
    if (depth > 0) return AIR;
    for (const bone of bones) if (bone(p) < 0) return BONE;
    let nearest = Number.POSITIVE_INFINITY;
    for (const organ of organs) {
      if (isOutOfReach(organ, p)) continue;
      const level = organ.solid(p);
      if (level < 0) return organ.hounsfield;
      nearest = Math.min(nearest, level);
    }
    if (depth < -2 && depth > -5.5) return liverValue;
    if (nearest < FAT_MARGIN_MM) return FAT;
    for (const tissue of distractors) if (tissue.solid(p) < 0) return tissue.hounsfield;
    return FAT;
  };
  return { organs, tissueAt };
}

/** Cheap test that spares the organ's own equation almost everywhere. */
export function isOutOfReach({ centre, reachMm }: Organ, p: Vec3): boolean {
  const [dx, dy, dz] = [p[0] - centre[0], p[1] - centre[1], p[2] - centre[2]];
  return dx * dx + dy * dy + dz * dz > reachMm * reachMm;
}

function jittered(random: Random, centre: Vec3, size: number, byMm: number): Vec3 {
  const along = (value: number): number => value * size + random.uniform(-byMm, byMm);
  return [along(centre[0]), along(centre[1]), along(centre[2])];
}

function stretched(random: Random, radii: Vec3, size: number): Vec3 {
  const along = (value: number): number => value * size * random.uniform(0.9, 1.12);
  return [along(radii[0]), along(radii[1]), along(radii[2])];
}

/** Two lobes: the right one large and boxy, the left one reaching over the midline. */
function liver(random: Random, size: number): Organ {
  const centre = jittered(random, [-12, -1, 7], size, 1.5);
  const right = superellipsoid({
    centre,
    radii: stretched(random, [11.5, 13, 14], size),
    exponent: random.uniform(2.1, 2.8),
    turn: random.uniform(-0.2, 0.2),
  });
  const left = superellipsoid({
    centre: [centre[0] + 11 * size, centre[1] - 7 * size, centre[2] + random.uniform(-2, 4)],
    radii: stretched(random, [8.5, 6, 7.5], size),
    exponent: 2,
    turn: random.uniform(-0.3, 0.1),
  });
  return {
    name: 'Liver',
    solid: blendedUnion(right, left, 4),
    centre,
    reachMm: 26,
    hounsfield: random.uniform(52, 68),
  };
}

function spleen(random: Random, size: number): Organ {
  const centre = jittered(random, [16.5, 5, 10], size, 1.5);
  const solid = superellipsoid({
    centre,
    radii: stretched(random, [6.8, 8.5, 10], size),
    exponent: random.uniform(2, 3),
    turn: random.uniform(-0.35, 0.35),
  });
  return { name: 'Spleen', solid, centre, reachMm: 17, hounsfield: random.uniform(98, 114) };
}

/** The sinus is fat inside the organ and closed all round: on a slice through it the contour has a hole. */
function kidney(random: Random, size: number): Organ {
  const centre = jittered(random, [14, 6, -15], size, 1.5);
  const outer = superellipsoid({
    centre,
    radii: stretched(random, [8, 8, 11], size),
    exponent: random.uniform(2, 2.4),
    turn: random.uniform(-0.3, 0.3),
  });
  const sinus = superellipsoid({
    centre: [centre[0] - 0.5, centre[1], centre[2] + random.uniform(-1, 1)],
    radii: [2.9 * size, 2.7 * size, 5 * size],
    exponent: 2,
    turn: 0,
  });
  return {
    name: 'Kidney',
    solid: difference(outer, sinus),
    centre,
    reachMm: 17,
    hounsfield: random.uniform(150, 168),
  };
}

/** A vertebral column, a spinal process and ribs that run along the wall at regular heights. */
function createBones(size: number): Solid[] {
  const column = capsule([0, 15 * size, -1e3], [0, 15 * size, 1e3], 4.5 * size);
  const process = capsule([0, 15 * size, -1e3], [0, 21 * size, 1e3], 1.6 * size);
  const ribCage = superellipsoid({
    centre: [0, 0, 0],
    radii: [31 * size, 25 * size, 1e6],
    exponent: 2.2,
    turn: 0,
  });
  const ribs: Solid = (p) => {
    const height = (((p[2] + 200) % 16) - 8) / 1.6;
    return Math.hypot(ribCage(p) / 1.4, height) - 1;
  };
  return [column, process, ribs];
}

function bowelLoops(random: Random, size: number, values: readonly number[]): Tissue[] {
  const starts: readonly Vec3[] = [
    [-20, -6, -14],
    [-17, 4, -24],
    [-8, -12, -21],
    [-4, -13, -12],
    [4, -14, 6],
    [-2, -2, -27],
    [8, -11, 18],
    [6, -13, -22],
    [-12, 10, -13],
  ];
  return starts.map((start, index) => {
    const from = jittered(random, start, size, 2);
    const to: Vec3 = [
      from[0] + random.uniform(8, 15),
      from[1] + random.uniform(-3, 5),
      from[2] + random.uniform(-6, 6),
    ];
    return {
      solid: capsule(from, to, random.uniform(3, 4.4)),
      hounsfield: values[index % values.length] as number,
    };
  });
}

function psoas(random: Random, size: number, hounsfield: number): Tissue[] {
  return [-1, 1].map((side) => {
    const bottom: Vec3 = [side * 10 * size, (14 + random.uniform(-1, 1)) * size, -200];
    const top: Vec3 = [side * 8.5 * size, (15 + random.uniform(-1, 1)) * size, 200];
    return { solid: capsule(bottom, top, random.uniform(3.6, 4.4) * size), hounsfield };
  });
}
