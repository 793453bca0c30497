import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clientConfig } from '../../local/machine/aws-clients.ts';
import { readDeployedStacks, readSurroundings } from '../helpers/deployed-stacks.ts';
import { type Evaluation, evaluateCalls, type RecordedCall, readPolicies } from '../helpers/iam-evaluator.ts';
import { FOLDER, runningMachine } from './machine.ts';

/** Runs last, by its name: every call that the files before it caused has been recorded by then. */
describe('permissions', () => {
  let calls: readonly RecordedCall[];
  let outcome: Evaluation;

  beforeAll(async () => {
    const { machine } = await runningMachine();
    const address = clientConfig(machine);
    const stacks = await readDeployedStacks(address);
    const policies = readPolicies(stacks, await readSurroundings(address, machine.aws.accountId));
    calls = readCalls();
    outcome = evaluateCalls(policies, calls);
  }, 120_000);

  it('has recorded calls of functions, state machines, jobs and rules', () => {
    const kinds = new Set(calls.map(({ principal }) => principal.kind));
    expect([...kinds]).toEqual(expect.arrayContaining(['lambda', 'states', 'batch', 'events']));
  });

  it('grants every call that was made', () => {
    expect(outcome.denied).toEqual([]);
  });

  afterAll(() => {
    const lines = outcome.unused.map(({ role, action, origin }) => `${origin} ${action} (${nameOf(role)})`);
    process.stdout.write(`${lines.length} granted permissions were not used:\n${lines.join('\n')}\n`);
  });
});

const nameOf = (arn: string): string => arn.split('/').at(-1) ?? arn;

/** One line per call; the last may be half written when the emulator was killed. */
function readCalls(): RecordedCall[] {
  const lines = readFileSync(join(FOLDER.emulatorState, 'calls.jsonl'), 'utf8').split('\n');
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as RecordedCall];
    } catch {
      return [];
    }
  });
}
