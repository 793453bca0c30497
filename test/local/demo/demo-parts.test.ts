import { describe, expect, it } from '@jest/globals';
import { type DemoOptions, parseOptions } from '../../../local/demo/options.ts';
import { createProgress } from '../../../local/demo/progress.ts';
import { reportText } from '../../../local/demo/report.ts';
import { diceOf } from '../../../local/demo/run-bundle.ts';

const options = (...args: string[]): DemoOptions => {
  const parsed = parseOptions(args);
  if (parsed === 'help') throw new Error('not asked for help');
  return parsed;
};

describe('parseOptions', () => {
  it('asks for a browser and 14 phantoms unless told otherwise', () => {
    expect(options()).toMatchObject({
      headless: false,
      keep: false,
      from: null,
      subjects: 14,
      seed: 1,
      epochs: null,
    });
  });

  it.each([
    [['--subjects', '11'], '--subjects is "11"'],
    [['--seed', 'x'], '--seed is "x"'],
    [['--epochs', '1.5'], '--epochs is "1.5"'],
    [['--colour'], '--colour'],
  ])('refuses %j', (args, words) => expect(() => parseOptions(args)).toThrow(words));

  it('knows --help', () => expect(parseOptions(['--help'])).toBe('help'));
});

describe('diceOf', () => {
  it.each([
    [[10, 10, 0, 20], [10, 0, 10, 20], 10, 0.5],
    [[10, 0], [10, 0], 10, 1],
    [[10, 0], [0, 10], 10, 0],
    [[0, 0], [0, 20], 10, null],
  ])('of %j and %j for %d is %p', (a, b, value, dice) => expect(diceOf(a, b, value)).toBe(dice));
});

describe('the progress of the demo', () => {
  it('shows and keeps what each step produced, and passes a failure on', async () => {
    const shown: string[] = [];
    const progress = createProgress({ isTTY: false, write: (text: string) => shown.push(text) } as never);
    const value = await progress.step('Make cases', async (live) => {
      for (let done = 0; done <= 40; done += 1) live.bar('cases', done, 40);
      return { value: 7, result: '40 ready' };
    });
    expect(value).toBe(7);
    expect(progress.records).toMatchObject([{ title: 'Make cases', result: '40 ready' }]);
    expect(shown.filter((text) => text.includes('of 40 cases'))).toHaveLength(11);
    const failing = progress.step('Train', async () => {
      throw new Error('no GPU');
    });
    await expect(failing).rejects.toThrow('no GPU');
  });
});

describe('reportText', () => {
  it('holds every step with its time, the worst numbers and the Dice before and after', () => {
    const text = reportText({
      steps: [
        { title: 'Start', result: 'up', seconds: 12.34 },
        { title: 'Train', result: 'done', seconds: 60 },
      ],
      worst: [{ what: 'voxels against contours', value: 1.23456, unit: '%', where: 'Liver, E1' }],
      dice: [{ region: 'Liver', initial: 0.91234, fineTuned: 0.95, bundle: null }],
      trainingCpuSeconds: 88.4,
      trainingWallSeconds: 61.2,
      testCases: 3,
    });
    expect(text).toMatch(/Start\s+up\s+12\.3/);
    expect(text).toMatch(/total\s+-\s+72\.3/);
    expect(text).toMatch(/voxels against contours\s+1\.235\s+%\s+Liver, E1/);
    expect(text).toMatch(/Liver\s+0\.912\s+0\.950\s+-/);
    expect(text).toContain('88 CPU seconds, 61 s of training');
  });
});
