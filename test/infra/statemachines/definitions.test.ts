import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import validate from 'asl-validator';
import { ERROR_CODES, isErrorCode } from '../../../src/contracts/errors.ts';
import {
  LAMBDA_STAGES,
  pascalCase,
  STATE_MACHINES,
  TRAINER_STAGES,
} from '../../../src/contracts/stage-names.ts';
import { allStates, jsonataExpressions, readDefinition, type State } from '../../helpers/state-machines.ts';
import { ROOT, synthesise } from '../../helpers/synthesise.ts';

const STAGES = new Set([...LAMBDA_STAGES, ...TRAINER_STAGES].map(pascalCase));
const AWS_ERRORS = /^(States|Lambda|Batch)\.[A-Za-z]+$/;

describe('state machines', () => {
  it('are the four of the contract', () => {
    const files = readdirSync(join(ROOT, 'statemachines')).filter((name) => name.endsWith('.asl.json'));
    expect(files.sort()).toEqual(STATE_MACHINES.map((name) => `${name}.asl.json`).sort());
  });
});

describe.each(STATE_MACHINES)('%s', (machine) => {
  const definition = readDefinition(machine);
  const text = readFileSync(join(ROOT, 'statemachines', `${machine}.asl.json`), 'utf8');
  const states = allStates(definition);
  const tasks = states.filter(([, state]) => state.Type === 'Task');

  it('is valid, in JSONata, and ends after a stated time', () => {
    expect(validate(definition).errorsText()).toBe('');
    expect(definition).toMatchObject({ QueryLanguage: 'JSONata', TimeoutSeconds: expect.any(Number) });
  });

  it('says of every state what it is for', () => {
    expect(states.filter(([, { Comment }]) => !Comment).map(([name]) => name)).toEqual([]);
  });

  it('gives every task a time limit', () => {
    expect(tasks.filter(([, { TimeoutSeconds }]) => !TimeoutSeconds).map(([name]) => name)).toEqual([]);
  });

  it('names every task that does the work of a stage like the stage', () => {
    for (const [name, { Resource, Arguments }] of tasks) {
      const isStoringForJob = Resource?.includes(':aws-sdk:s3:');
      const stage = name.replace(/^(Store|Read)(?=[A-Z].*(Input|Output)$)|(OnBatch|Input|Output)$/g, '');
      expect([...STAGES]).toContain(stage);
      if (!isStoringForJob && Resource?.includes(':lambda:')) {
        expect(Arguments?.FunctionName).toBe(`\${${stage}FunctionArn}`);
      }
    }
  });

  it('matches only errors of AWS and codes of ours, and retries only what can pass', () => {
    const retried = states.flatMap(([, { Retry = [] }]) => Retry.flatMap(({ ErrorEquals }) => ErrorEquals));
    const caught = states.flatMap(([, { Catch = [] }]) => Catch.flatMap(({ ErrorEquals }) => ErrorEquals));
    for (const name of [...retried, ...caught]) {
      expect(isErrorCode(name) || AWS_ERRORS.test(name) ? '' : name).toBe('');
    }
    for (const name of retried) {
      if (isErrorCode(name)) expect([name, ERROR_CODES[name].retryable]).toEqual([name, true]);
    }
  });

  it('submits a job again that Batch had no time for', () => {
    const jobs = tasks.filter(([, { Resource }]) => Resource?.includes(':batch:submitJob'));
    const retried = jobs.map(([name, { Retry = [] }]) => [
      name,
      Retry.flatMap(({ ErrorEquals }) => ErrorEquals),
    ]);
    const passing = expect.arrayContaining(['Batch.TooManyRequestsException', 'Batch.ServerException']);
    expect(retried).toEqual(jobs.map(([name]) => [name, passing]));
  });

  it('catches what a task cannot do, save for the tasks that end a failure', () => {
    const uncaught = tasks.filter(([, { Catch }]) => !Catch).map(([name]) => name);
    expect(uncaught).toEqual(machine === 'prepare-session' ? ['QuarantineCase', 'ReleaseSession'] : []);
  });

  it('has no placeholder inside an expression', () => {
    expect(jsonataExpressions(definition).filter((expression) => expression.includes('${'))).toEqual([]);
  });

  it('names the cause in every state that fails', () => {
    const failing = states.filter(([, { Type }]) => Type === 'Fail');
    for (const [name, state] of failing) {
      expect(name).toMatch(/^[A-Z][A-Za-z]+Failed$/);
      expect((state as State & { Error: string }).Error).toMatch(/^\{%/);
    }
  });

  it('reaches every state', () => {
    const targets = new Set(
      [...text.matchAll(/"(?:Next|Default|StartAt)": "([A-Za-z]+)"/g)].map((match) => match[1]),
    );
    expect(states.map(([name]) => name).filter((name) => !targets.has(name))).toEqual([]);
  });
});

describe('placeholders', () => {
  it('all have a substitution in the deployed stacks', () => {
    const templates = synthesise('local');
    const machines = [templates.Training, templates.Pipeline].flatMap((template) =>
      Object.values(template.findResources('AWS::StepFunctions::StateMachine')),
    );
    expect(machines).toHaveLength(STATE_MACHINES.length);
    for (const { Properties } of machines) {
      const used = new Set([...Properties.DefinitionString.matchAll(/\$\{([A-Za-z]+)\}/g)].map((m) => m[1]));
      expect([...used].sort()).toEqual(Object.keys(Properties.DefinitionSubstitutions).sort());
    }
  });
});
