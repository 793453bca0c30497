import { describe, expect, it } from '@jest/globals';
import { readRegions } from '../../../src/pipeline/read-regions.ts';
import { shapesOf } from '../../truth/shapes.ts';
import { writeClassic } from '../../truth/write-images.ts';
import { writeAim, writeRtstruct } from '../../truth/write-regions.ts';
import { writeSegmentation } from '../../truth/write-segmentation.ts';
import {
  archiveWith,
  certificateOf,
  drawnDirectly,
  LABEL_MAP,
  prepare,
  SERIES,
  SHAPES,
  voxelsOf,
} from './prepared-cases.ts';
import { putUpload, sessionFixture } from './session-fixture.ts';

describe('collections of an archive', () => {
  it.each([
    ['RTSTRUCT', { rtstruct: writeRtstruct(SERIES, SHAPES) }],
    ['SEG', { seg: writeSegmentation(SERIES, SHAPES), collectionType: 'SEG' as const }],
  ])('of kind %s become the same voxels as the contours of the shapes', async (kind, collection) => {
    const { ports } = await archiveWith(SERIES, collection);
    const made = await prepare(ports);
    expect(made).toMatchObject({ problem: null, assessorId: 'ROI_1' });
    const [found, direct] = [await voxelsOf(made, ports), drawnDirectly(SERIES)];
    const { sources, inputs } = await certificateOf(made, ports);
    expect(sources.map(({ value, provenance }) => [value, provenance.format])).toEqual(
      [...direct.keys()].map((value) => [value, kind]),
    );
    expect(sources.every(({ provenance }) => provenance.sourceUid !== undefined)).toBe(true);
    expect(inputs.some(({ role }) => role === 'companion')).toBe(false);
    expect([...found.keys()]).toEqual([...direct.keys()]);
    for (const [value, voxels] of direct)
      expect(Math.abs((found.get(value) ?? 0) - voxels)).toBeLessThanOrEqual(0.001 * voxels);
  });

  it('of fractions are the voxels of at least half, and the certificate says what the fractions were', async () => {
    const shares = { maximum: 200, inside: 100, outside: 99 };
    const { ports } = await archiveWith(SERIES, {
      seg: writeSegmentation(SERIES, SHAPES, shares),
      collectionType: 'SEG',
    });
    const made = await prepare(ports);
    const [found, direct] = [await voxelsOf(made, ports), drawnDirectly(SERIES)];
    for (const [value, voxels] of direct)
      expect(Math.abs((found.get(value) ?? 0) - voxels)).toBeLessThanOrEqual(0.001 * voxels);
    const { sources } = await certificateOf(made, ports);
    expect(sources.map(({ provenance }) => provenance.fractional)).toEqual(
      SHAPES.map(() => ({ type: 'PROBABILITY', threshold: 0.5 })),
    );
  });

  it('are compared when they hold AIM and its RTSTRUCT, and agree without a word', async () => {
    const { ports } = await archiveWith(SERIES, {
      rtstruct: writeRtstruct(SERIES, SHAPES),
      aim: writeAim(SERIES, SHAPES),
    });
    const { warnings, inputs, sources } = await certificateOf(await prepare(ports), ports);
    expect(warnings.map(({ code }) => code)).not.toContain('FormatsDiffer');
    expect(inputs.filter(({ role }) => role === 'contours' || role === 'companion')).toHaveLength(2);
    expect(sources.map(({ name, provenance }) => [name, provenance.format])).toEqual(
      SHAPES.map(({ name }) => [name, 'RTSTRUCT']),
    );
  });

  it('are for review when AIM and RTSTRUCT differ', async () => {
    const { ports } = await archiveWith(SERIES, {
      rtstruct: writeRtstruct(SERIES, SHAPES),
      aim: writeAim(SERIES, SHAPES.slice(0, 1)),
    });
    const made = await prepare(ports);
    expect(made.state).toBe('needs-review');
    expect(made.reasons.join()).toContain('only the RTSTRUCT has it');
  });

  it('are for review when the AIM beside the RTSTRUCT cannot be read', async () => {
    const aim = new TextEncoder().encode('<ImageAnnotationCollection>');
    const { ports } = await archiveWith(SERIES, { rtstruct: writeRtstruct(SERIES, SHAPES), aim });
    const made = await prepare(ports);
    expect(made.state).toBe('needs-review');
    expect(made.reasons.join()).toContain('cannot be compared');
  });

  it('may differ in a region that the mask leaves out', async () => {
    const all = shapesOf(SERIES).filter(({ name }) => ['sphere', 'islands', 'box'].includes(name));
    const { ports } = await archiveWith(SERIES, {
      rtstruct: writeRtstruct(SERIES, all),
      aim: writeAim(SERIES, SHAPES),
    });
    const { warnings } = await certificateOf(await prepare(ports), ports);
    expect(warnings.filter(({ code }) => code === 'FormatsDiffer')).toMatchObject([
      { region: 'box', needsReview: false },
    ]);
  });
});

describe('uploaded structures', () => {
  it.each([
    ['AIM', writeAim(SERIES, SHAPES)],
    ['SEG', writeSegmentation(SERIES, SHAPES)],
  ])('may be %s, whatever the file is called', async (_kind, bytes) => {
    const { ports } = await sessionFixture({}, LABEL_MAP);
    const images = writeClassic(SERIES).map((image, n) => ({ name: `${n}.dcm`, bytes: image }));
    const event = await putUpload(ports, { images, structures: [{ name: 'regions', bytes }] });
    const made = await prepare(ports, event);
    expect(made.problem).toBeNull();
    expect((await voxelsOf(made, ports)).size).toBe(2);
  });

  it('are refused by name when they are images', async () => {
    const { ports } = await sessionFixture({}, LABEL_MAP);
    const structures = [{ name: 'rs.dcm', bytes: writeClassic(SERIES)[0] as Uint8Array }];
    const event = await putUpload(ports, { structures });
    expect((await prepare(ports, event)).problem).toMatchObject({ code: 'UnsupportedRoiType' });
  });
});

describe('readRegions', () => {
  it.each([
    ['RTSTRUCT', writeRtstruct(SERIES, SHAPES)],
    ['AIM', writeAim(SERIES, SHAPES)],
    ['SEG', writeSegmentation(SERIES, SHAPES)],
  ])('tells %s by its content', async (format, bytes) => {
    const set = await readRegions(bytes);
    expect(set.format).toBe(format);
    expect(set.referencedSeriesUids).toEqual([SERIES.seriesUid]);
  });
});
