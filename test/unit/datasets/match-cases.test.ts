import { describe, expect, it } from '@jest/globals';
import { compileCriteria } from '../../../src/datasets/criteria.ts';
import { matchSessions } from '../../../src/datasets/match-cases.ts';
import { validationReport } from '../../../src/datasets/validation-report.ts';
import { CRITERIA, catalogueCase, resource } from './catalogue-fixture.ts';

describe('compileCriteria', () => {
  it('takes the field name, uncapitalised, as tag when none is given', () => {
    const tags = compileCriteria({ Images: { ResourceLabel: 'x' }, label: { ResourceLabel: 'y' } });
    expect(tags.map(({ tag }) => tag)).toEqual(['images', 'label']);
  });

  it('tests all attributes on the same resource', () => {
    const [matcher] = compileCriteria({
      Images: { ResourceLabel: 'auto-image', ResourceContent: ['MASK', 'IMAGE_NATIVE'] },
    });
    // One resource has the label, others have the content; none has both.
    expect(matcher?.find(catalogueCase(1))).toEqual([]);
  });

  it('accepts any of several values of an attribute', () => {
    const [matcher] = compileCriteria({ Images: { ResourceContent: ['nothing', '/^MASK/'] } });
    expect(matcher?.find(catalogueCase(1)).map(({ label }) => label)).toEqual(['auto-mask']);
  });

  it.each([
    ['SeriesDescription', 'T1%', 3],
    ['SeriesDescription', 'T2%', 0],
    ['ResourceFormat', 'NIFTI', 3],
    ['ResourceContent', 'IMAGE', 1],
    ['ResourceLabel', '/auto/', 2],
  ])('%s = %s finds %i resources of the case', (attribute, value, count) => {
    const [matcher] = compileCriteria({ Any: { [attribute]: value } });
    expect(matcher?.find(catalogueCase(1))).toHaveLength(count);
  });

  it.each([
    ['no tag', {}, '1 to 16 tags'],
    [
      '17 tags',
      Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`t${i}`, { ResourceLabel: 'x' }])),
      'has 17',
    ],
    [
      'two entries of one tag',
      { A: { tag: 'x', ResourceLabel: 'a' }, B: { tag: 'x', ResourceLabel: 'b' } },
      '"x"',
    ],
    ['an entry without attributes', { A: { tag: 'x' } }, 'no attribute'],
    ['65 values', { A: { ResourceLabel: Array.from({ length: 65 }, String) } }, '65 values'],
  ])('refuses %s', (_, criteria, reason) => {
    expect(() => compileCriteria(criteria)).toThrow(
      expect.objectContaining({ code: 'InvalidRequest', message: expect.stringContaining(reason) }),
    );
  });
});

describe('matchSessions', () => {
  const matchers = compileCriteria(CRITERIA);

  it('finds exactly one resource per tag', () => {
    const [match] = matchSessions([catalogueCase(1)], matchers);
    expect(match?.closest).toBeNull();
    expect(Object.entries(match?.complete[0]?.files ?? {}).map(([tag, { label }]) => [tag, label])).toEqual([
      ['image', 'auto-image'],
      ['label', 'auto-mask'],
    ]);
  });

  it('tells a tag without a resource from one with several', () => {
    const none = catalogueCase(1, { resources: [resource('auto-image', 'IMAGE')] });
    const several = catalogueCase(2, {
      resources: [...none.resources, resource('a-mask', 'MASK'), resource('b-mask', 'MASK')],
    });
    const [first, second] = matchSessions([none, several], matchers);
    expect(first?.closest?.misses).toEqual([{ tag: 'label', reason: 'no resource matches all attributes' }]);
    expect(second?.closest?.misses).toEqual([
      { tag: 'label', reason: '2 resources match (a-mask, b-mask); narrow the criteria down to one' },
    ]);
  });

  it.each([
    ['needs-review', 'accept it first'],
    ['quarantined', 'retry it'],
  ] as const)('counts a %s case as a miss', (state, reason) => {
    const [match] = matchSessions([catalogueCase(1, { state })], matchers);
    expect(match?.complete).toEqual([]);
    expect(match?.closest?.misses).toEqual([{ tag: 'case', reason: expect.stringContaining(reason) }]);
  });

  it('is content with a session of which one automation fits and reports no miss of the other', () => {
    const other = catalogueCase(9, { session: 'E001', subject: 'S1', seriesUid: '1.2.1', resources: [] });
    const [match] = matchSessions([other, catalogueCase(1)], matchers);
    expect(match?.complete).toHaveLength(1);
    expect(match?.closest).toBeNull();
  });

  it('shows the case that comes closest when none fits', () => {
    const far = catalogueCase(8, { session: 'E001', resources: [] });
    const near = catalogueCase(9, { session: 'E001', resources: [resource('auto-image', 'IMAGE')] });
    const [match] = matchSessions([far, near], matchers);
    expect(match?.closest?.caseId).toBe(near.caseId);
  });

  it('refuses two fitting cases of one series, because the same pixels would be learned twice', () => {
    const twin = catalogueCase(9, {
      session: 'E001',
      subject: 'S1',
      seriesUid: '1.2.1',
      automationId: 'fine',
    });
    const [match] = matchSessions([catalogueCase(1), twin], matchers);
    expect(match?.complete).toEqual([]);
    expect(match?.closest?.misses[0]?.reason).toContain('automations auto, fine');
  });

  it('takes two series of one session as two items', () => {
    const second = catalogueCase(9, { session: 'E001', subject: 'S1' });
    expect(matchSessions([catalogueCase(1), second], matchers)[0]?.complete).toHaveLength(2);
  });
});

describe('validationReport', () => {
  it('counts complete sessions and their subjects, with a row per case or miss', () => {
    const cases = [
      catalogueCase(3, { resources: [] }),
      catalogueCase(1),
      catalogueCase(2, { subject: 'S1' }),
    ];
    const report = validationReport('organs', cases, compileCriteria(CRITERIA));
    expect(report).toMatchObject({
      definitionId: 'organs',
      sessions: 3,
      complete: 2,
      subjects: 1,
      warnings: [],
    });
    expect(report.rows.map(({ session, complete, misses }) => [session, complete, misses.length])).toEqual([
      ['E001', true, 0],
      ['E002', true, 0],
      ['E003', false, 2],
    ]);
  });

  it('warns of identical image bytes under two subjects, and not of identical masks', () => {
    const shared = [resource('auto-image', 'IMAGE', 'same'), resource('auto-mask', 'MASK', 'empty')];
    const cases = [
      catalogueCase(1, { resources: shared }),
      catalogueCase(2, { resources: shared }),
      catalogueCase(3, {
        resources: [resource('auto-image', 'IMAGE', 'own'), resource('auto-mask', 'MASK', 'empty')],
      }),
    ];
    expect(validationReport('organs', cases, compileCriteria(CRITERIA)).warnings).toEqual([
      'identical pixels under the subjects S1, S2',
    ]);
  });
});
