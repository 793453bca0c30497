import { describe, expect, it } from '@jest/globals';
import { describeFailure } from '../../../src/training/run-failure.ts';

const job = (more: Record<string, unknown>) => JSON.stringify({ JobId: 'j', ...more });

describe('describeFailure', () => {
  it.each([
    [
      'a stage',
      'InvalidSplit',
      JSON.stringify({ errorType: 'InvalidSplit', errorMessage: 'too few' }),
      /^too few$/,
    ],
    ['a time limit', 'States.Timeout', null, /longer than its time limit/],
    ['a time limit with other JSON', 'States.Timeout', '{}', /longer than its time limit/],
    ['a resumable exit', 'States.TaskFailed', job({ Container: { ExitCode: 75 } }), /interrupted more often/],
    ['a killed container', 'States.TaskFailed', job({ Container: { ExitCode: 137 } }), /out of memory/],
    [
      'OutOfMemoryError',
      'x',
      job({ Container: { ExitCode: 1, Reason: 'OutOfMemoryError: x' } }),
      /out of memory/,
    ],
    [
      'a reclaimed host',
      'x',
      job({ StatusReason: 'Host EC2 (instance i-1) terminated.' }),
      /taken away \(Spot\)/,
    ],
    ['an image', 'x', job({ Container: { Reason: 'CannotPullContainerError: no' } }), /could not be pulled/],
    [
      'a stuck queue',
      'x',
      job({ StatusReason: 'MISCONFIGURATION:JOB_ROLE' }),
      /ended before it finished: MISCONF/,
    ],
    [
      'an exit code',
      'x',
      job({ Container: { ExitCode: 1, Reason: 'Essential container exited' } }),
      /exit code 1;.*logs <run>/,
    ],
    ['camel case', 'x', JSON.stringify({ jobId: 'j', container: { exitCode: 2 } }), /exit code 2/],
    ['no exit code', 'x', job({ StatusReason: 'strange' }), /The job failed: strange;/],
    ['no reason at all', 'x', job({}), /no reason was given/],
    ['a known code with text', 'TrainingFailed', 'it ended without a result', /^it ended without a result$/],
    ['a known code without text', 'TrainingFailed', null, /failed with TrainingFailed;.*logs/],
    ['an unknown name', 'States.Runtime', 'bad path', /States.Runtime: bad path/],
    ['nothing', null, null, /an unnamed error/],
    ['a list as cause', 'x', '[1]', /x: \[1\]/],
    ['very long text', 'x', 'y'.repeat(600), /y{497}\.\.\.$/],
  ])('puts the failure of %s into one sentence', (_, error, cause, expected) => {
    expect(describeFailure(error, cause)).toMatch(expected);
  });
});
