import { describe, expect, it } from '@jest/globals';
import { buildMask } from '../../../src/imaging/mask/build-mask.ts';
import { ACQUISITIONS } from '../../truth/acquisition.ts';
import { planOf, targetOf } from '../../truth/draw.ts';
import { FORMATS, saved } from '../../truth/judge.ts';
import { shapesOf } from '../../truth/shapes.ts';
import { writeClassic } from '../../truth/write-images.ts';

const CONTOUR_FORMATS = FORMATS.filter((format) => format !== 'SEG');

const NAMES = ['axial', 'anisotropic', 'oblique', 'tilted', 'gapped', 'uneven'];

/** Of the shapes whose volume is known in closed form, in ml. */
const EXACT_ML: Readonly<Record<string, number>> = {
  sphere: ((4 / 3) * Math.PI * 33.3 ** 3) / 1000,
  ellipsoid: ((4 / 3) * Math.PI * 39.7 * 24.1 * 15.3) / 1000,
  torus: (2 * Math.PI ** 2 * 28.3 * 9.2 ** 2) / 1000,
  'standing torus': (2 * Math.PI ** 2 * 24.7 * 8.3 ** 2) / 1000,
};

describe.each(ACQUISITIONS.filter(({ name }) => NAMES.includes(name)))('$name', (acquisition) => {
  const shapes = shapesOf(acquisition).filter(({ name }) => EXACT_ML[name] !== undefined);
  const target = targetOf(planOf(writeClassic(acquisition)));

  it.each(CONTOUR_FORMATS)('%s: the volume of the contours is that of the solid', (format) => {
    const { regions } = buildMask({
      target,
      regions: saved(acquisition, shapes, format),
      policies: { unmapped: 'report', missing: 'review', overlap: 'later-wins', gaps: 'none' },
    });
    const errors = regions.map(({ name, volumeMlContours }) => ({
      name,
      error: volumeMlContours / (EXACT_ML[name] as number) - 1,
    }));
    expect(errors.length).toBe(shapes.length);
    // A sum of slices 2 to 3 mm thick against the integral: close for the sphere, whose ends are small.
    const allowed = (name: string) => (name === 'sphere' ? 0.005 : 0.03);
    expect(errors.filter(({ name, error }) => Math.abs(error) > allowed(name))).toEqual([]);
  });
});
