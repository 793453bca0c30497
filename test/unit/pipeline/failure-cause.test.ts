import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { problemOf } from '../../../src/pipeline/failure-cause.ts';
import { SOFTWARE_VERSION } from '../../../src/pipeline/output-version.ts';
import { createMemoryObjectStore } from '../../helpers/memory-object-store.ts';

const stage = 'BuildMask';
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const job = (changes = {}) =>
  JSON.stringify({
    JobId: 'j',
    StatusReason: 'Essential container in task exited',
    Container: { ExitCode: 137, Reason: 'OutOfMemoryError' },
    Parameters: { outputKey: 'work/out.json' },
    ...changes,
  });

describe('problemOf', () => {
  it.each([
    {
      name: 'an error of ours from a function',
      error: 'UnmappedRegion',
      cause: JSON.stringify({ errorType: 'UnmappedRegion', errorMessage: 'Spleen has no entry', trace: [] }),
      expected: { code: 'UnmappedRegion', message: 'Spleen has no entry', stage },
    },
    {
      name: 'a foreign error from a function, with its text',
      error: 'TypeError',
      cause: JSON.stringify({ errorType: 'TypeError', errorMessage: 'x is undefined' }),
      expected: {
        code: 'InternalError',
        message: 'BuildMask failed unexpectedly (TypeError): x is undefined',
        stage,
      },
    },
    {
      name: 'a problem that FetchScans found',
      error: 'EmptyRtstruct',
      cause: 'no ROI has a contour',
      expected: { code: 'EmptyRtstruct', message: 'no ROI has a contour', stage },
    },
    {
      name: 'a job without words of its own',
      error: 'States.TaskFailed',
      cause: job(),
      expected: {
        code: 'InternalError',
        message:
          "BuildMask failed unexpectedly (States.TaskFailed): the stage runner's job ended with exit code 137: OutOfMemoryError; its log says more",
        stage,
      },
    },
  ])('reads $name', async ({ error, cause, expected }) => {
    expect(await problemOf({ stage, error, cause }, createMemoryObjectStore())).toEqual(expected);
  });

  it('says that a stage took too long', async () => {
    const problem = await problemOf(
      { stage, error: 'States.Timeout', cause: 'States.Timeout' },
      createMemoryObjectStore(),
    );
    expect(problem).toMatchObject({ code: 'InternalError' });
    expect(problem.message).toContain('longer than its time limit');
  });

  it.each([
    ['Sandbox.Timedout', 'Sandbox.Timedout', ['longer than its time limit', 'batchVoxelThreshold']],
    ['Lambda.Unknown', 'Runtime.ExitError', ['memory', 'batchVoxelThreshold', 'imagingMemoryMib']],
    ['Runtime.OutOfMemory', 'Runtime.OutOfMemory', ['memory', 'imagingMemoryMib']],
    ['Lambda.Unknown', null, ['memory', 'batchVoxelThreshold', 'imagingMemoryMib']],
  ])('says what to change when a function ran into a limit (%s, %s)', async (error, errorType, words) => {
    const cause = errorType ? JSON.stringify({ errorType, errorMessage: 'signal: killed' }) : 'no cause';
    const problem = await problemOf({ stage, error, cause }, createMemoryObjectStore());
    expect(problem).toMatchObject({ code: 'InternalError', stage });
    for (const word of words) expect(problem.message).toContain(word);
  });

  it('takes the words that the stage runner left beside its output', async () => {
    const objects = createMemoryObjectStore();
    await objects.write(
      'work/out.json.failure.json',
      bytes({ code: 'TruncatedDicom', message: 'slice 3 is short' }),
    );
    expect(await problemOf({ stage, error: 'States.TaskFailed', cause: job() }, objects)).toEqual({
      code: 'TruncatedDicom',
      message: 'slice 3 is short',
      stage,
    });
  });

  it.each([{ Parameters: null }, { Parameters: {} }, { Container: null, StatusReason: null }])(
    'copes with a job that lacks %j',
    async (lack) => {
      const problem = await problemOf({ stage, error: 'Batch', cause: job(lack) }, createMemoryObjectStore());
      expect(problem.message).toContain("the stage runner's job ended");
    },
  );

  it('cuts endless text', async () => {
    const problem = await problemOf(
      { stage, error: 'X', cause: 'y'.repeat(5000) },
      createMemoryObjectStore(),
    );
    expect(problem.message).toHaveLength(1000);
  });
});

describe('SOFTWARE_VERSION', () => {
  it('is the version of package.json', async () => {
    const text = await readFile(new URL('../../../package.json', import.meta.url), 'utf8');
    expect(SOFTWARE_VERSION).toBe((JSON.parse(text) as { version: string }).version);
  });
});
