import { describe, expect, it } from '@jest/globals';
import { structureSet } from '../../../helpers/imaging-phantom.ts';

import { build, codeOf, column3d, move, SQUARE } from './build-case.ts';

describe('buildMask and label maps', () => {
  const two = structureSet({ A: column3d(SQUARE, 2, 3), B: column3d(move(SQUARE, 5, 0), 2, 3) });

  it('gives overlapping voxels to the later line and counts them', () => {
    const mask = build({ set: two, map: 'A=5\nB=3' });
    expect(mask.overlaps).toEqual([{ lost: 'A', won: 'B', voxels: 100 }]);
    expect(mask.regions.map(({ name, voxels, voxelsDrawn }) => [name, voxels, voxelsDrawn])).toEqual([
      ['A', 100, 200],
      ['B', 200, 200],
    ]);
    const reversed = build({ set: two, map: 'B=3\nA=5' });
    expect(reversed.overlaps).toEqual([{ lost: 'B', won: 'A', voxels: 100 }]);
  });

  it('can refuse overlaps', () => {
    expect(codeOf(() => build({ set: two, map: 'A=1\nB=2', policies: { overlap: 'fail' } }))).toBe(
      'OverlappingRegions',
    );
  });

  it('joins regions that share a value by union and counts common voxels once', () => {
    const mask = build({ set: two, map: 'A=4\nB=4' });
    expect(mask.regions).toMatchObject([
      { name: 'A', value: 4, roiNumbers: [1, 2], voxels: 300, voxelsDrawn: 300 },
    ]);
    expect(mask.regions[0]?.volumeMlContours).toBeCloseTo(0.6, 9);
    expect(mask.overlaps).toEqual([]);
    expect(mask.warnings).toEqual([]);
  });

  it('reports, refuses or ignores regions without an entry', () => {
    expect(build({ set: two, map: 'A=1' }).unmapped).toEqual([{ number: 2, name: 'B' }]);
    expect(build({ set: two, map: 'A=1', policies: { unmapped: 'ignore' } }).unmapped).toEqual([]);
    expect(codeOf(() => build({ set: two, map: 'A=1', policies: { unmapped: 'fail' } }))).toBe(
      'UnmappedRegion',
    );
    const ignoring = JSON.stringify({ schemaVersion: 1, regions: [{ name: 'A', value: 1 }], ignore: ['b'] });
    expect(build({ set: two, map: ignoring, policies: { unmapped: 'fail' } }).unmapped).toEqual([]);
  });

  it('lists mapped regions that nobody drew, once per value and under the first name', () => {
    const mask = build({ set: two, map: 'A=1\nB=2\nC=3\nD=3\nE=1' });
    expect(mask.missing).toEqual([{ name: 'C', value: 3 }]);
  });

  it('joins ROIs of equal name and asks for review', () => {
    const rois = two.rois.map((roi, index) => ({
      ...roi,
      name: index === 0 ? 'Liver' : ' LIVER',
      colour: [1, 2, 3] as const,
    }));
    const mask = build({ set: { ...two, rois }, map: 'Liver=1' });
    expect(mask.regions).toMatchObject([{ voxels: 300, colour: [1, 2, 3] }]);
    expect(mask.warnings).toMatchObject([{ code: 'MergedRois', needsReview: true, region: 'Liver' }]);
  });

  it('asks for review when two spellings are drawn, but not when parts are fused on purpose', () => {
    const map = (member: string) =>
      JSON.stringify({ schemaVersion: 1, regions: [{ name: 'A', value: 1, [member]: ['B'] }] });
    expect(build({ set: two, map: map('synonyms') }).warnings).toMatchObject([
      { code: 'AmbiguousSynonyms', needsReview: true },
    ]);
    const parts = JSON.stringify({
      schemaVersion: 1,
      regions: [{ name: 'Both', value: 1, fuse: ['A', 'B'] }],
    });
    expect(build({ set: two, map: parts }).warnings).toEqual([]);
  });
});
