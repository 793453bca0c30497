import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { STAGE_ENV } from '../../src/contracts/env.ts';
import {
  IMAGING_STAGES,
  LAMBDA_STAGES,
  pascalCase,
  STATE_MACHINES,
  TRAINER_STAGES,
} from '../../src/contracts/stage-names.ts';

/** Stages whose logic is the API's or the edge's own and which no state machine runs. */
const OUTSIDE_STATE_MACHINES = new Set([
  'receive-webhook',
  'route-event',
  'reconcile-archive',
  'track-run',
  'sweep-runs',
  'broker-credentials',
  'serve-api',
]);

interface AslState {
  States?: Record<string, AslState>;
  ItemProcessor?: AslState;
  Branches?: AslState[];
}

function stateNames(asl: AslState): string[] {
  return Object.entries(asl.States ?? {}).flatMap(([name, state]) => [
    name,
    ...(state.ItemProcessor ? stateNames(state.ItemProcessor) : []),
    ...(state.Branches ?? []).flatMap(stateNames),
  ]);
}

const allStates = new Set(
  STATE_MACHINES.flatMap((name) =>
    stateNames(JSON.parse(readFileSync(`statemachines/${name}.asl.json`, 'utf8')) as AslState),
  ),
);
const dataFlow = readFileSync('docs/data-flow.md', 'utf8');

describe('stage names', () => {
  it('has a handler folder for every Lambda stage, and no other folder', () => {
    const folders = readdirSync('lambdas').filter((name) => !name.startsWith('_'));
    expect(folders.sort()).toEqual([...LAMBDA_STAGES].sort());
    for (const stage of LAMBDA_STAGES) expect(existsSync(`lambdas/${stage}/handler.ts`)).toBe(true);
  });

  it.each(LAMBDA_STAGES.filter((stage) => stage !== 'serve-api'))('has src/pipeline/%s.ts', (stage) => {
    expect(existsSync(`src/pipeline/${stage}.ts`)).toBe(true);
  });

  it.each([...LAMBDA_STAGES, ...TRAINER_STAGES].filter((stage) => !OUTSIDE_STATE_MACHINES.has(stage)))(
    'has a state for %s',
    (stage) => expect([...allStates]).toContain(pascalCase(stage)),
  );

  it.each(IMAGING_STAGES)('has a Batch state beside the Lambda state of %s', (stage) => {
    expect([...allStates]).toContain(`${pascalCase(stage)}OnBatch`);
  });

  it.each([...LAMBDA_STAGES, ...TRAINER_STAGES])('has a section in docs/data-flow.md for %s', (stage) => {
    const heading = OUTSIDE_STATE_MACHINES.has(stage) ? stage : pascalCase(stage);
    expect(dataFlow).toContain(`\n### ${heading}\n`);
  });

  it('has an environment schema for every Lambda stage', () => {
    expect(Object.keys(STAGE_ENV).sort()).toEqual([...LAMBDA_STAGES].sort());
  });

  it.each(LAMBDA_STAGES)('keeps the handler of %s at 40 lines or less', (stage) => {
    const lines = readFileSync(`lambdas/${stage}/handler.ts`, 'utf8').trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(40);
  });
});
