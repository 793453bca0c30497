import { beforeAll, describe, expect, it } from '@jest/globals';
import { parseRtstruct } from '../../../src/imaging/contour/parse-rtstruct.ts';
import { applyAffine } from '../../../src/imaging/geometry/affine.ts';
import { type VolumeGeometry, voxelCount } from '../../../src/imaging/geometry/volume-geometry.ts';
import { contourRegions } from '../../../src/imaging/mask/contour-regions.ts';
import type { MaskTarget } from '../../../src/imaging/mask/mask-target.ts';
import { type Acquisition, acquisitionNamed, toUvw } from '../../truth/acquisition.ts';
import { planOf, targetOf } from '../../truth/draw.ts';
import { outsideBars } from '../../truth/judge.ts';
import { agreement } from '../../truth/sample.ts';
import { type Shape, shapesOf } from '../../truth/shapes.ts';
import { writeClassic } from '../../truth/write-images.ts';
import { writeRtstruct } from '../../truth/write-regions.ts';

const NAMES = [
  'sphere',
  'ellipsoid',
  'standing torus',
  'nested rings',
  'keyhole',
  'islands',
  'crossing',
  'exclusive',
];

/** The shape as its sections tell it: each as deep as the planes lie apart. */
function truthOfSections(
  drawn: Acquisition,
  { inside }: Shape,
  { affineIjkToLps, sizeIjk }: VolumeGeometry,
): Uint8Array {
  const [columns, rows, slices] = sizeIjk;
  const bits = new Uint8Array(columns * rows * slices);
  const heights = drawn.slices.map(({ originUvw }) => originUvw[2]);
  const [lowest] = heights as [number];
  let at = 0;
  for (let k = 0; k < slices; k++) {
    for (let j = 0; j < rows; j++) {
      for (let i = 0; i < columns; i++, at++) {
        const [u, v, w] = toUvw(drawn, applyAffine(affineIjkToLps, [i, j, k]));
        const height = heights[Math.round((w - lowest) / drawn.sliceSpacingMm)];
        bits[at] = height !== undefined && inside(u, v, height) ? 1 : 0;
      }
    }
  }
  return bits;
}

describe('contours of one series on the grid of another that they cut through', () => {
  let target: MaskTarget;
  beforeAll(() => {
    target = targetOf(planOf(writeClassic(acquisitionNamed('axial'))));
  });

  it.each(['sagittal', 'coronal', 'oblique'])('%s on axial: every shape at the centres of voxels', (name) => {
    const drawn = acquisitionNamed(name);
    const shapes = shapesOf(drawn).filter((shape) => NAMES.includes(shape.name));
    const file = writeRtstruct(drawn, shapes, { withoutImages: true });
    const { geometry } = target;
    const [columns, rows] = geometry.sizeIjk;
    const judged = contourRegions(parseRtstruct(file)).regions.map((region, index) => {
      const bits = new Uint8Array(voxelCount(geometry));
      region.draw(target, { interpolateUpToMm: 0 }, (k, runs) =>
        runs.mark(bits.subarray(k * columns * rows, (k + 1) * columns * rows), 1),
      );
      return {
        name: region.name,
        ...agreement(bits, truthOfSections(drawn, shapes[index] as Shape, geometry)),
      };
    });
    expect(judged.map((row) => row.name)).toEqual(shapes.map((shape) => shape.name));
    expect(outsideBars(judged)).toEqual([]);
  });
});
