import { describe, expect, it } from '@jest/globals';
import { parseLabelMap } from '../../../src/imaging/mask/label-map.ts';
import { sharedRegions, withMaskValues } from '../../../src/models/model-classes.ts';

const HEADS = ['Liver', 'Spleen', 'Kidney'].map((name, position) => ({
  index: position + 1,
  maskValue: position + 1,
  name,
}));

describe('withMaskValues', () => {
  it('moves mask values and never channels, whatever the order of the map', () => {
    expect(withMaskValues(HEADS, parseLabelMap('kidney=5\nSPLEEN=7\nliver=9\n'))).toEqual([
      { index: 1, maskValue: 9, name: 'Liver' },
      { index: 2, maskValue: 7, name: 'Spleen' },
      { index: 3, maskValue: 5, name: 'Kidney' },
    ]);
  });

  it('keeps the values of regions that the map does not name apart from those that it uses', () => {
    const classes = withMaskValues(HEADS, parseLabelMap('Liver=2\n'));
    expect(classes.map(({ maskValue }) => maskValue)).toEqual([2, 3, 4]);
  });

  it('finds a region by a synonym of the map', () => {
    const map = parseLabelMap(
      JSON.stringify({ schemaVersion: 1, regions: [{ name: 'Lien', value: 12, synonyms: ['spleen'] }] }),
    );
    expect(withMaskValues(HEADS, map)[1]).toEqual({ index: 2, maskValue: 12, name: 'Spleen' });
  });

  it('refuses when no value is left', () => {
    const last = [{ index: 1, maskValue: 65_535, name: 'Liver' }];
    expect(() => withMaskValues(last, parseLabelMap('Spleen=65535\n'))).toThrow(
      expect.objectContaining({ code: 'MalformedLabelMap' }),
    );
  });
});

describe('sharedRegions', () => {
  it('compares names after folding, never positions', () => {
    const others = [
      { index: 1, maskValue: 1, name: ' KIDNEY' },
      { index: 2, maskValue: 2, name: 'Pancreas' },
    ];
    expect(sharedRegions(HEADS, others)).toEqual(['Kidney']);
  });
});
