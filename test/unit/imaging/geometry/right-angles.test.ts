import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  isOrientation,
  isSheared,
  planeAxes,
  RIGHT_ANGLE_COSINE,
  shearOf,
} from '../../../../src/imaging/geometry/right-angles.ts';
import {
  add,
  cross,
  dot,
  fromColumns,
  norm,
  normalise,
  scale,
  subtract,
  type Vec3,
} from '../../../../src/imaging/geometry/vector.ts';

const cosine = fc.double({ min: -1, max: 1, noNaN: true });
const unit = fc
  .tuple(cosine, cosine, cosine)
  .filter((vector) => norm(vector) > 0.1)
  .map((vector): Vec3 => normalise(vector));

/** Two unit vectors whose dot product is `skew`. */
const plane = fc
  .tuple(unit, unit, fc.double({ min: -9.9e-4, max: 9.9e-4, noNaN: true }))
  .filter(([row, other]) => norm(cross(row, other)) > 0.1)
  .map(([row, other, skew]) => {
    const upright = normalise(subtract(other, scale(row, dot(row, other))));
    const columns = add(scale(row, skew), scale(upright, Math.sqrt(1 - skew * skew)));
    return { row, columns, skew };
  });

describe('planeAxes', () => {
  it('turns column cosines that a sheared grid would come of, in their plane, and leaves all others', () => {
    fc.assert(
      fc.property(plane, ({ row, columns, skew }) => {
        expect(isOrientation(row, columns)).toBe(true);
        const [i, j] = planeAxes(row, columns);
        const normal = normalise(cross(row, columns));
        expect(isSheared(fromColumns(i, j, normal))).toBe(false);
        expect(norm(subtract(i, row))).toBeLessThan(1e-12);
        expect(Math.abs(dot(j, normal))).toBeLessThan(1e-12);
        expect(norm(subtract(cross(i, j), normal))).toBeLessThan(1e-7);
        const turned = norm(subtract(j, columns));
        if (Math.abs(skew) < RIGHT_ANGLE_COSINE - 1e-9) expect(turned).toBeLessThan(1e-12);
        else expect(turned).toBeLessThan(Math.abs(skew) + 1e-6);
      }),
    );
  });
});

describe('shearOf', () => {
  it('is the sine of the tilt, whichever way a stack leans', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 45, noNaN: true }), fc.nat({ max: 359 }), (degrees, way) => {
        const [tilt, turn] = [(degrees * Math.PI) / 180, (way * Math.PI) / 180];
        const k: Vec3 = [Math.sin(tilt) * Math.cos(turn), Math.sin(tilt) * Math.sin(turn), Math.cos(tilt)];
        const shear = shearOf(fromColumns([1, 0, 0], [0, 1, 0], k));
        expect(shear).toBeCloseTo(
          Math.sin(tilt) * Math.max(Math.abs(Math.cos(turn)), Math.abs(Math.sin(turn))),
          9,
        );
      }),
    );
  });
});
