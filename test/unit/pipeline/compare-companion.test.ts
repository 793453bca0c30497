import { describe, expect, it } from '@jest/globals';
import { parseLabelMap } from '../../../src/imaging/mask/label-map.ts';
import { maskTarget } from '../../../src/imaging/mask/mask-target.ts';
import { compareCompanion } from '../../../src/pipeline/compare-companion.ts';
import { planOf } from '../../truth/draw.ts';
import { shapesOf } from '../../truth/shapes.ts';
import { writeClassic } from '../../truth/write-images.ts';
import { writeAim, writeRtstruct } from '../../truth/write-regions.ts';
import { SERIES, SHAPES } from './prepared-cases.ts';

const TARGET = maskTarget(planOf(writeClassic(SERIES)));
const WITH_BOX = shapesOf(SERIES).filter(({ name }) => ['sphere', 'islands', 'box'].includes(name));
const MAPS = {
  names: 'sphere=1\nislands=2\nbox=3',
  'leaves out': 'sphere=1\nislands=2',
  ignores: JSON.stringify({
    schemaVersion: 1,
    regions: [
      { name: 'sphere', value: 1 },
      { name: 'islands', value: 2 },
    ],
    ignore: ['BOX'],
  }),
};

describe('compareCompanion', () => {
  it.each([
    ['names', 'the RTSTRUCT', true],
    ['names', 'the AIM', true],
    ['leaves out', 'the RTSTRUCT', false],
    ['leaves out', 'the AIM', false],
    ['ignores', 'the RTSTRUCT', false],
    ['ignores', 'the AIM', false],
  ] as const)('of a region that the map %s and only %s has: review is %s', (map, holder, needsReview) => {
    const [drawn, companion] = holder === 'the RTSTRUCT' ? [WITH_BOX, SHAPES] : [SHAPES, WITH_BOX];
    const warnings = compareCompanion(
      writeRtstruct(SERIES, drawn),
      writeAim(SERIES, companion),
      TARGET,
      parseLabelMap(MAPS[map]),
    );
    expect(warnings).toMatchObject([{ code: 'FormatsDiffer', region: 'box', needsReview }]);
  });
});
