import { describe, expect, it } from '@jest/globals';
import { compilePayloadFilter } from '../../../local/xnat/payload-filter.ts';

const payload = {
  xsiType: 'icr:roiCollectionData',
  'modalities-in-study': ['CT'],
  resources: [{ label: 'AIM' }, { label: 'RTSTRUCT' }],
};

describe('compilePayloadFilter', () => {
  it.each([
    ['', true],
    ['@.xsiType == "icr:roiCollectionData"', true],
    ["@.xsiType == 'xnat:ctSessionData'", false],
    ['@.xsiType != "xnat:ctSessionData"', true],
    ['("CT" in @.modalities-in-study)', true],
    ['"MR" in @.modalities-in-study', false],
    ['"RTSTRUCT" in @.resources[*].label', true],
    ['"SEG" in @.resources[*].label || "AIM" in @.resources[*].label', true],
    ['@.xsiType == "icr:roiCollectionData" && "SEG" in @.resources[*].label', false],
    ['"x" in @.nothing.below', false],
  ])('reads %s', (filter, expected) => {
    expect(compilePayloadFilter(filter)(payload)).toBe(expected);
  });

  it.each(['@.x ==', '(@.x == "1"', '@.x < "1"', 'x == "1"', '@.x == "1" @.y == "2"'])(
    'refuses %s',
    (filter) => {
      expect(() => compilePayloadFilter(filter)).toThrow('cannot be read');
    },
  );
});
