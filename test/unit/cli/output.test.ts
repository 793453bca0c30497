import { describe, expect, it } from '@jest/globals';
import { EXIT, errorText, exitCodeOf, UsageError } from '../../../src/cli/exit-codes.ts';
import { formatBytes, formatFields, formatTable } from '../../../src/cli/output.ts';
import { collectParameters, splitNames } from '../../../src/cli/parameter-option.ts';
import { PipelineError } from '../../../src/contracts/errors.ts';

describe('formatTable', () => {
  it('aligns text left and numbers right, and shows an empty cell as a dash', () => {
    const text = formatTable(
      ['name', 'n'],
      [
        ['a', 5],
        ['long', 12],
        [null, null],
      ],
    );
    expect(text).toBe('NAME   N\na      5\nlong  12\n-      -');
  });

  it('says "none" for an empty list', () => {
    expect(formatTable(['name'], [])).toBe('none');
  });
});

describe('formatFields', () => {
  it('puts the values in one column', () => {
    expect(formatFields({ a: 1, bcd: undefined })).toBe('a    1\nbcd  -');
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1500, '1.5 kB'],
    [2_340_000, '2.3 MB'],
  ])('writes %d as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe('errorText and exitCodeOf', () => {
  it.each([
    [new PipelineError('NotFound', 'no such run'), 'error NotFound: no such run', EXIT.refused],
    [new PipelineError('InternalError', 'a defect'), 'error InternalError: a defect', EXIT.internal],
    [new UsageError('which project?'), 'error UsageError: which project?', EXIT.usage],
    [
      new TypeError('undefined is not a function'),
      'error InternalError: undefined is not a function',
      EXIT.internal,
    ],
  ])('gives %s its line and code', (error, text, code) => {
    expect([errorText(error), exitCodeOf(error)]).toEqual([text, code]);
  });

  it('lists every problem of a refused request', () => {
    const error = new PipelineError('InvalidRequest', 'two fields are wrong', {
      problems: ['a: too long', 'b: missing'],
    });
    expect(errorText(error).split('\n')).toEqual([
      'error InvalidRequest: two fields are wrong',
      '  a: too long',
      '  b: missing',
    ]);
  });
});

describe('collectParameters', () => {
  it('reads numbers, booleans and text', () => {
    const all = ['maxEpochs=40,amp=false', 'learningRate=1e-3', 'note=a=b'].reduce(
      (so, text) => collectParameters(text, so),
      {},
    );
    expect(all).toEqual({ maxEpochs: 40, amp: false, learningRate: 0.001, note: 'a=b' });
  });

  it.each(['maxEpochs', '=3', '', 'seed=1,amp'])('refuses "%s"', (text) => {
    expect(() => collectParameters(text, {})).toThrow(UsageError);
  });
});

describe('splitNames', () => {
  it('takes names one by one and separated by commas', () => {
    expect(['seed', 'maxEpochs, amp'].reduce((so: string[], text) => splitNames(text, so), [])).toEqual([
      'seed',
      'maxEpochs',
      'amp',
    ]);
  });
});
