import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DatasetManifest } from '../../../src/contracts/dataset.ts';
import type { CatalogueCase } from '../../../src/datasets/catalogue.ts';
import { compileCriteria } from '../../../src/datasets/criteria.ts';
import { buildManifest, datasetIdOf } from '../../../src/datasets/manifest.ts';
import { matchSessions } from '../../../src/datasets/match-cases.ts';
import { sha256Hex } from '../../helpers/memory-object-store.ts';
import { CLASSES, CRITERIA, catalogueCase } from './catalogue-fixture.ts';

const PLAN = {
  project: 'p',
  definitionId: 'organs',
  criteria: CRITERIA,
  split: { seed: 1, training: 0.6, validation: 0.2, test: 0.2 },
};
const SIX = [1, 2, 3, 4, 5, 6].map((number) => catalogueCase(number));

function manifestOf(cases: readonly CatalogueCase[], plan = PLAN): DatasetManifest {
  const complete = matchSessions([...cases], compileCriteria(CRITERIA)).flatMap((match) => match.complete);
  return buildManifest(plan, complete, sha256Hex);
}

describe('buildManifest', () => {
  it('meets its contract and names image and label of every case', () => {
    const manifest = DatasetManifest.parse(manifestOf(SIX));
    expect(manifest).toMatchObject({ units: 'HU', spacingMm: [2, 2, 2], classes: CLASSES });
    expect(manifest.items).toHaveLength(6);
    expect(Object.keys(manifest.items[0]?.files ?? {})).toEqual(['image', 'label']);
  });

  it('names the regions that a case leaves open, and keeps the id of a dataset that leaves none', () => {
    const { items } = DatasetManifest.parse(manifestOf([...SIX, catalogueCase(7, { ignoredValues: [20] })]));
    const open = items.filter(({ ignoredValues }) => ignoredValues !== undefined);
    expect(open).toMatchObject([{ subject: 'S7', ignoredValues: [20] }]);
    // The digest of these six cases before there were regions to ignore.
    expect(datasetIdOf(manifestOf(SIX), sha256Hex)).toBe('e79ce2e3b1a9091f7fe4e795b085e4db');
  });

  it('gives one id to one content, whatever the order of cases', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(SIX, { minLength: 6 }), (shuffled) => {
        expect(datasetIdOf(manifestOf(shuffled), sha256Hex)).toBe(datasetIdOf(manifestOf(SIX), sha256Hex));
      }),
      { numRuns: 20 },
    );
  });

  it('gives another id to another seed and to other bytes', () => {
    const id = datasetIdOf(manifestOf(SIX), sha256Hex);
    const reseeded = manifestOf(SIX, { ...PLAN, split: { ...PLAN.split, seed: 2 } });
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(datasetIdOf(reseeded, sha256Hex)).not.toBe(id);
    expect(datasetIdOf(manifestOf([...SIX.slice(1), catalogueCase(7)]), sha256Hex)).not.toBe(id);
  });

  it('keeps all cases of a subject in one partition', () => {
    const twice = SIX.flatMap((one, index) => [one, catalogueCase(20 + index, { subject: one.subject })]);
    const { items } = manifestOf(twice);
    for (const { subject } of SIX) {
      const partitions = items.filter((item) => item.subject === subject).map(({ partition }) => partition);
      expect(partitions).toHaveLength(2);
      expect(new Set(partitions).size).toBe(1);
    }
  });

  it.each([
    ['MixedUnits', { units: 'SUV' }, 'HU | SUV'],
    ['MixedUnits', { units: null }, 'HU | unknown'],
    ['MixedSpacing', { spacingMm: [2, 2, 3] as [number, number, number] }, '2 x 2 x 2 | 2 x 2 x 3'],
    ['MixedClasses', { classes: CLASSES.slice(0, 1) }, 'Liver=10 | Liver=10, Spleen=20'],
    [
      'MixedClasses',
      { classes: [{ ...CLASSES[0], maskValue: 11 }, CLASSES[1]] as typeof CLASSES },
      'Liver=11',
    ],
    ['InternalError', { spacingMm: null }, 'no voxel spacing'],
  ])('refuses %s for a case with %j', (code, changes, reason) => {
    expect(() => manifestOf([...SIX, catalogueCase(7, changes)])).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(reason) }),
    );
  });

  it('takes spacings that differ by less than 0.1 micrometre as equal', () => {
    expect(manifestOf([...SIX, catalogueCase(7, { spacingMm: [2.00001, 2, 2] })]).items).toHaveLength(7);
  });

  it('refuses a definition under which no session is complete', () => {
    expect(() => manifestOf([catalogueCase(1, { resources: [] })])).toThrow(
      expect.objectContaining({ code: 'EmptyDataset' }),
    );
  });
});
