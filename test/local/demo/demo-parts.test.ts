import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { chooseCohort } from '../../../local/demo/cohort.ts';
import { type DemoOptions, parseOptions } from '../../../local/demo/options.ts';
import { createProgress } from '../../../local/demo/progress.ts';
import { reportText } from '../../../local/demo/report.ts';
import { diceOf } from '../../../local/demo/run-bundle.ts';
import { generatePhantom, phantomRtstruct } from '../../../local/phantoms/generate-phantom.ts';
import { scanDicomFolder } from '../../../src/cli/scan-dicom-folder.ts';

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

describe('a cohort from a folder', () => {
  function folderWith(subjects: readonly number[]): string {
    const folder = mkdtempSync(join(tmpdir(), 'contourflow-cohort-'));
    for (const subject of subjects) {
      const phantom = generatePhantom({ seed: 5, subject });
      const own = join(folder, `case${subject}`);
      mkdirSync(own);
      for (const { name, bytes } of phantom.scans[0]?.files ?? []) writeFileSync(join(own, name), bytes);
      writeFileSync(join(own, 'rs.dcm'), phantomRtstruct(phantom));
    }
    return folder;
  }

  it('makes a session of each structure set, numbers the subjects and takes the regions from the ROI names', async () => {
    const folder = folderWith([1, 2]);
    const cohort = await chooseCohort(options('--from', folder));
    expect(cohort.sessions.map(({ subject }) => subject)).toEqual(['SUBJECT_001', 'SUBJECT_002']);
    expect(cohort.labelMap.trim().split('\n').sort()).toEqual(['Kidney=10', 'Liver=20', 'Spleen=30']);
    const loaded = await cohort.sessions[0]?.load();
    const { series } = await scanDicomFolder(join(folder, 'case1'));
    expect(loaded?.images).toHaveLength(series[0]?.files.length ?? -1);
    expect(loaded?.aim).toBeNull();
  }, 60_000);

  it("takes the user's own label map as it is", async () => {
    const folder = folderWith([1]);
    const file = join(folder, 'region2MaskValueMap.txt');
    writeFileSync(file, 'Liver=10\n');
    const cohort = await chooseCohort(options('--from', folder, '--label-map', file));
    expect(cohort.labelMap).toBe('Liver=10\n');
  }, 60_000);

  it('says what to put where when no structure set has its series', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'contourflow-cohort-'));
    writeFileSync(join(folder, 'rs.dcm'), phantomRtstruct(generatePhantom({ seed: 5, subject: 1 })));
    await expect(async () => chooseCohort(options('--from', folder))).rejects.toMatchObject({
      code: 'NoContours',
      message: expect.stringContaining('put each RTSTRUCT file beside the series'),
    });
  }, 60_000);
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
