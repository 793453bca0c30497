import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LabelPolicies } from '../../../src/contracts/label-policy.ts';
import { writeMask } from '../../../src/engine/write-mask.ts';
import type { PatientContour } from '../../../src/imaging/contour/structure-set.ts';
import type { VolumeGeometry } from '../../../src/imaging/geometry/volume-geometry.ts';
import { buildMask } from '../../../src/imaging/mask/build-mask.ts';
import { contourRegions } from '../../../src/imaging/mask/contour-regions.ts';
import { parseLabelMap } from '../../../src/imaging/mask/label-map.ts';
import type { BuildMaskInput } from '../../../src/imaging/mask/mask-input.ts';
import { niftiRegions } from '../../../src/imaging/mask/nifti-regions.ts';
import { decodeNifti } from '../../../src/imaging/nifti/decode-nifti.ts';
import { gunzipBounded } from '../../../src/imaging/nifti/gzip.ts';
import {
  centredGrid,
  contourOnSlice,
  polygonPoints,
  structureSet,
  targetOf,
} from '../../helpers/imaging-phantom.ts';
import { codeOf } from './code-of.ts';
import { memorySink } from './memory-sink.ts';

const GRID = centredGrid([32, 32, 12], [1, 1, 2], [1, 0, 0], [0, 1, 0]);
const POLICIES: LabelPolicies = {
  unmapped: 'report',
  missing: 'review',
  overlap: 'later-wins',
  gaps: 'interpolate',
};

async function written(input: BuildMaskInput, packing: 'runs' | null = 'runs') {
  const options = { packing, softwareVersion: 'test', openSink: async () => memorySink() };
  const { findings, result } = await writeMask(input, options);
  return { findings, ...decodeNifti(packing === null ? result : gunzipBounded(result, 2 ** 30)) };
}

async function expectSame(input: BuildMaskInput): Promise<void> {
  const { labels, ...findings } = buildMask(input);
  const file = await written(input);
  expect(file.findings).toEqual(findings);
  expect(Buffer.from(file.values as Uint8Array).equals(Buffer.from(labels))).toBe(true);
}

const ring = (geometry: VolumeGeometry, k: number, x: number, y: number, radius: number) =>
  contourOnSlice(geometry, k, polygonPoints([x, y], radius, 24));

/** Discs on some slices; as a sagittal drawing where they are turned. */
const region = fc
  .record({
    ks: fc.uniqueArray(fc.integer({ min: 0, max: 11 }), { minLength: 1, maxLength: 8 }),
    x: fc.double({ min: 4, max: 28, noNaN: true }),
    y: fc.double({ min: 4, max: 28, noNaN: true }),
    radius: fc.double({ min: 1, max: 9, noNaN: true }),
    across: fc.boolean(),
  })
  .map(({ ks, x, y, radius, across }): PatientContour[] => {
    const along = ks.map((k) => ring(GRID, k, x, y, radius));
    return across ? [...along, sagittal(Math.round(x), y, radius)] : along;
  });

function sagittal(column: number, y: number, radius: number): PatientContour {
  const points = polygonPoints([y, 5.3], radius / 2, 24);
  const [first, second, third] = GRID.originLps;
  const pointsLps = points.flatMap(([row, k]) => [first + column, second + row, third + 2 * k]);
  return { geometricType: 'CLOSED_PLANAR', pointsLps: Float64Array.from(pointsLps) };
}

describe('writeMask', () => {
  it('writes what buildMask draws, and finds out the same', async () => {
    const maps = ['A=1\nB=2\nC=3', 'A=3\nB=3\nC=1', 'B=2\nA=2\nC=2', 'C=300\nA=7'];
    await fc.assert(
      fc.asyncProperty(region, region, region, fc.constantFrom(...maps), async (A, B, C, map) => {
        const regions = contourRegions(structureSet({ A, B, C }));
        const input = { target: targetOf(GRID), regions, labelMap: parseLabelMap(map), policies: POLICIES };
        const { labels, ...findings } = buildMask(input);
        const file = await written(input);
        expect(file.findings).toEqual(findings);
        expect(Array.from(file.values as Uint8Array)).toEqual(Array.from(labels));
      }),
      { numRuns: 60 },
    );
  });

  it('does so on the grid of an irregular stack, where slices are made of two planes and beyond the last', async () => {
    const ks = [0.3, 1.6, 2.9, 5.2, 6.5, 9.4];
    const target = { ...targetOf(GRID), slices: ks.map((k) => ({ k, sopInstanceUid: `image ${k}` })) };
    const at = (k: number, radius: number) => {
      const { geometricType, pointsLps } = ring(GRID, k, 15.3, 14.8, radius);
      return { geometricType, pointsLps, sopInstanceUid: `image ${k}` };
    };
    const A = [at(1.6, 5), at(2.9, 8), at(5.2, 9)];
    const B = [at(0.3, 3), at(6.5, 6), at(9.4, 4)];
    const regions = contourRegions(structureSet({ A, B }));
    await expectSame({ target, regions, policies: POLICIES, interpolateUpToMm: 4 });
    for (const [index, name] of ['A', 'B'].entries()) {
      const prepared = regions.regions[index]?.prepare?.(target, { interpolateUpToMm: 4 });
      const slices = Array.from(prepared?.slices() ?? [], ([k]) => k);
      expect([name, slices]).toEqual([name, [...new Set(slices)].sort((a, b) => a - b)]);
      expect(slices.length).toBeGreaterThan(3);
    }
  });

  it('packs a larger volume piece by piece', async () => {
    const large = centredGrid([256, 256, 140], [1, 1, 1], [1, 0, 0], [0, 1, 0]);
    const body = (x: number, radius: number) =>
      Array.from({ length: 100 }, (_, n) => ring(large, n + 20, x, 120 + n / 9, radius));
    const regions = contourRegions(structureSet({ A: body(90, 40), B: body(130.5, 30) }));
    const labelMap = parseLabelMap('A=1\nB=2');
    await expectSame({ target: targetOf(large), regions, labelMap, policies: POLICIES });
  });

  it('writes a file that is not packed', async () => {
    const regions = contourRegions(structureSet({ A: [ring(GRID, 3, 15, 15, 6)] }));
    for (const map of ['A=1', 'A=300']) {
      const labelMap = parseLabelMap(map);
      const input = { target: targetOf(GRID), regions, labelMap, policies: POLICIES };
      const { values } = await written(input, null);
      expect(Array.from(values as Uint8Array)).toEqual(Array.from(buildMask(input).labels));
    }
  });

  it('writes regions of voxels as well', async () => {
    const values = new Uint8Array(32 * 32 * 12).map((_, at) => (at % 97 === 0 ? 2 : at % 31 === 0 ? 1 : 0));
    const regions = niftiRegions({ geometry: GRID, values });
    await expectSame({ target: targetOf(GRID), regions, policies: POLICIES });
  });

  it('leaves nothing behind when regions overlap that must not', async () => {
    const regions = contourRegions(
      structureSet({ A: [ring(GRID, 3, 15, 15, 6)], B: [ring(GRID, 3, 18, 15, 6)] }),
    );
    const sink = memorySink();
    const input = { target: targetOf(GRID), regions, policies: { ...POLICIES, overlap: 'fail' as const } };
    const writing = writeMask(input, {
      packing: 'runs',
      softwareVersion: 'test',
      openSink: async () => sink,
    });
    expect(await codeOf(writing)).toBe('OverlappingRegions');
    expect(sink.ended).toEqual({ finished: false, aborted: true });
  });

  it('opens no file when a contour is refused', async () => {
    const bent = { ...ring(GRID, 3, 15, 15, 6) };
    bent.pointsLps[2] = (bent.pointsLps[2] as number) + 5;
    const regions = contourRegions(structureSet({ A: [ring(GRID, 2, 15, 15, 6)], B: [bent] }));
    let opened = 0;
    const openSink = async () => {
      opened += 1;
      return memorySink();
    };
    const input = { target: targetOf(GRID), regions, policies: POLICIES };
    expect(await codeOf(writeMask(input, { packing: 'runs', softwareVersion: 'test', openSink }))).toBe(
      'ContourNotPlanar',
    );
    expect(opened).toBe(0);
  });
});
