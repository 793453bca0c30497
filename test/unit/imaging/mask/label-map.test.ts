import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PipelineError } from '../../../../src/contracts/errors.ts';
import {
  classTable,
  isIgnoredRegion,
  labelMapDigestInput,
  matchRegion,
  parseLabelMap,
} from '../../../../src/imaging/mask/label-map.ts';
import { matchRegions } from '../../../../src/imaging/mask/match-regions.ts';
import { foldRegionName } from '../../../../src/imaging/mask/region-name.ts';

function problemsOf(source: string | Uint8Array): readonly string[] {
  try {
    parseLabelMap(source);
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'MalformedLabelMap')
      return error.details.problems as string[];
    throw error;
  }
  return [];
}

const json = (value: object) => JSON.stringify({ schemaVersion: 1, ...value });

describe('parseLabelMap of text', () => {
  it('reads names and values, comments, blank lines, any line end and a byte order mark', () => {
    const map = parseLabelMap(
      new TextEncoder().encode('\uFEFF# organs\r\nLiver=10\n\n  Left  Kidney = 20 \rA=B=30'),
    );
    expect(map.entries.map(({ name, value }) => [name, value])).toEqual([
      ['Liver', 10],
      ['Left  Kidney', 20],
      ['A=B', 30],
    ]);
  });

  it('lets several names share a value', () => {
    expect(parseLabelMap('Left Kidney=3\nRight Kidney=3').entries).toHaveLength(2);
  });

  it('reports every bad line at once', () => {
    const text = 'Liver=1\nSpleen\n=4\nKidney=0\nHeart=65536\nLung=1.5\nAorta=-2\nliver=7\nBone=x';
    expect(problemsOf(text)).toEqual([
      'line 2: it has no "="',
      'line 3: the name before "=" is empty',
      'line 4: value 0 is not between 1 and 65535',
      'line 5: value 65536 is not between 1 and 65535',
      'line 6: "1.5" is not a whole number',
      'line 7: "-2" is not a whole number',
      'line 9: "x" is not a whole number',
      '"liver" and "Liver" are the same name once case and spaces are ignored',
    ]);
  });

  it.each([
    { name: 'an empty file', source: '' },
    { name: 'only comments', source: '# nothing\n' },
    { name: 'bytes that are not UTF-8', source: Uint8Array.of(0x4c, 0xff, 0x3d, 0x31) },
    { name: 'two megabytes', source: 'x'.repeat(2_000_000) },
  ])('refuses $name', ({ source }) => {
    expect(problemsOf(source)).toHaveLength(1);
  });

  it('gives an answer or problems for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        problemsOf(text);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('parseLabelMap of JSON', () => {
  it('reads synonyms, fused parts, ignored names and precedence', () => {
    const map = parseLabelMap(
      json({
        regions: [
          { name: 'Tumour', value: 9, synonyms: ['GTV'] },
          { name: 'Kidneys', value: 2, fuse: ['Left Kidney', 'Right Kidney'] },
        ],
        ignore: ['Couch'],
        precedence: ['Kidneys', 'Tumour'],
      }),
    );
    expect(map.entries.map(({ name }) => name)).toEqual(['Kidneys', 'Tumour']);
    expect(matchRegion(map, 'gtv')).toMatchObject({ entry: { name: 'Tumour' }, via: 'synonym' });
    expect(matchRegion(map, 'left kidney')).toMatchObject({ entry: { name: 'Kidneys' }, via: 'fuse' });
    expect(isIgnoredRegion(map, ' COUCH ')).toBe(true);
    expect(matchRegion(map, 'Couch')).toBeUndefined();
  });

  it('finds what a search through all entries would find, whatever the spelling', () => {
    const name = fc.stringMatching(/^[a-dA-D ß]{1,3}$/).filter((text) => text.trim() !== '');
    const region = fc.record({
      name,
      value: fc.integer({ min: 1, max: 9 }),
      synonyms: fc.array(name, { maxLength: 2 }),
      fuse: fc.array(name, { maxLength: 2 }),
    });
    const source = fc.record({
      regions: fc.array(region, { minLength: 1, maxLength: 5 }),
      ignore: fc.array(name, { maxLength: 2 }),
    });
    fc.assert(
      fc.property(source, name, (written, roi) => {
        fc.pre(problemsOf(json(written)).length === 0);
        const map = parseLabelMap(json(written));
        const is = (other: string) => foldRegionName(other) === foldRegionName(roi);
        const entry = map.entries.find((one) => [one.name, ...one.synonyms, ...one.fuse].some(is));
        const via = entry && (is(entry.name) ? 'name' : entry.synonyms.some(is) ? 'synonym' : 'fuse');
        expect(matchRegion(map, roi)).toEqual(entry && { entry, via });
        expect(isIgnoredRegion(map, roi)).toBe(map.ignore.some(is));
      }),
      { numRuns: 500 },
    );
  });

  it('matches thousands of regions at once, and refuses more names than anatomy has', () => {
    const lines = (count: number) => Array.from({ length: count }, (_, n) => `Region ${n}=1`).join('\n');
    const map = parseLabelMap(lines(16_384));
    const regions = Array.from({ length: 16_384 }, (_, n) => ({ name: `REGION ${n}`, parts: 1 }));
    const started = performance.now();
    expect(matchRegions(map, regions).matched).toHaveLength(16_384);
    // A search through all entries takes minutes.
    expect(performance.now() - started).toBeLessThan(3000);
    expect(problemsOf(lines(16_385))[0]).toContain('16385 names, at most 16384');
    const many = Array.from({ length: 16_385 }, (_, n) => `s${n}`);
    expect(problemsOf(json({ regions: [{ name: 'A', value: 1, synonyms: many }] }))[0]).toContain(
      '16386 names',
    );
    expect(problemsOf(json({ regions: [{ name: 'A', value: 1 }], ignore: many }))[0]).toContain(
      '16386 names',
    );
  });

  it('keeps the written order without precedence', () => {
    const map = parseLabelMap(
      json({
        regions: [
          { name: 'B', value: 2 },
          { name: 'A', value: 1 },
        ],
      }),
    );
    expect(map.entries.map(({ name }) => name)).toEqual(['B', 'A']);
  });

  it.each([
    { source: '{', problem: 'not valid JSON' },
    { source: JSON.stringify({ regions: [{ name: 'A', value: 1 }] }), problem: 'schemaVersion undefined' },
    { source: json({}), problem: '"regions" is not a list' },
    { source: json({ regions: [] }), problem: 'names no region' },
    { source: json({ regions: [1] }), problem: 'region 1 is not an object' },
    { source: json({ regions: [{ value: 1 }] }), problem: 'region 1 has no name' },
    { source: json({ regions: [{ name: 'A', value: '1' }] }), problem: 'value "1" is not' },
    {
      source: json({ regions: [{ name: 'A', value: 1, colour: 'red' }] }),
      problem: 'unknown member "colour"',
    },
    {
      source: json({ regions: [{ name: 'A', value: 1, synonyms: [''] }] }),
      problem: '"synonyms" is not a list of names',
    },
    {
      source: json({ regions: [{ name: 'A', value: 1 }], precedence: ['B'] }),
      problem: 'which is no region',
    },
    { source: json({ regions: [{ name: 'A', value: 1 }], ignore: ['a'] }), problem: 'the same name' },
  ])('refuses $source', ({ source, problem }) => {
    expect(problemsOf(source).join()).toContain(problem);
  });
});

describe('region names', () => {
  it.each([
    ['Liver', ' LIVER '],
    ['Left Kidney', 'left \t kidney'],
    ['Straße', 'STRASSE'],
    ['Na\u0308me', 'NÄME'],
  ])('compares %s and %s as equal', (a, b) => {
    expect(foldRegionName(a)).toBe(foldRegionName(b));
  });
});

describe('classTable', () => {
  it('numbers classes from 1 in ascending mask value, named by the first entry of a value', () => {
    expect(classTable(parseLabelMap('Spleen=20\nLiver=10\nHepar=10'))).toEqual([
      { index: 1, maskValue: 10, name: 'Liver' },
      { index: 2, maskValue: 20, name: 'Spleen' },
    ]);
  });
});

describe('labelMapDigestInput', () => {
  it('is equal for text and JSON that mean the same, and differs when order, name or value does', () => {
    const text = labelMapDigestInput(parseLabelMap('# x\nLiver=1\nSpleen = 2'));
    const same = json({
      regions: [
        { name: 'Liver', value: 1 },
        { name: 'Spleen', value: 2 },
      ],
    });
    expect(labelMapDigestInput(parseLabelMap(same))).toBe(text);
    for (const other of ['Spleen=2\nLiver=1', 'Liver=1\nSpleen=3', 'Liver=1\nSplen=2']) {
      expect(labelMapDigestInput(parseLabelMap(other))).not.toBe(text);
    }
  });
});
