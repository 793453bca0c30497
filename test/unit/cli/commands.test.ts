import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { COMMANDS } from '../../../src/cli/command-table.ts';
import { type FakeApi, type Handlers, Refusal, startFakeApi } from './fake-api.ts';
import { aCase, aDatasetSave, aMember, aProject, aPromotion, aRun } from './records.ts';
import { runCli, signedInFolder } from './run-cli.ts';

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.stop();
  api = undefined;
});

async function cli(handlers: Handlers, ...args: string[]) {
  api = await startFakeApi(handlers);
  const result = await runCli(args, signedInFolder(api.url));
  return { ...result, seen: api.seen };
}
const page = <T>(items: T[]) => ({ items, next: null });

describe('the command line', () => {
  it('lists every command in its help', async () => {
    const { code, out } = await runCli(['--help']);
    expect(code).toBe(0);
    for (const name of Object.keys(COMMANDS)) expect(out).toContain(name);
  });

  it.each(Object.keys(COMMANDS))('describes %s in its own help', async (name) => {
    const { code, out } = await runCli([name, '--help']);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`Usage: contourflow ${name}`));
  });

  it('ends with 2 and says so for an unknown subcommand', async () => {
    const { code, err } = await runCli(['runs', 'wath', 'r1']);
    expect(code).toBe(2);
    expect(err).toContain("error UsageError: unknown command 'wath'");
  });

  it('takes a value that is also the name of a command for a value', async () => {
    const { seen } = await cli({ listCases: () => page([]) }, '--project', 'models', 'cases', 'list');
    expect(seen[0]?.path).toEqual({ project: 'models' });
  });

  it('ends with 3 when nobody is signed in', async () => {
    const { code, err } = await runCli(['me']);
    expect(code).toBe(3);
    expect(err).toMatch(/^error Unauthenticated: .*contourflow login/);
  });

  it("passes the server's refusal on with its code and sentence, and ends with 3", async () => {
    const refuse = () => {
      throw new Refusal(403, 'Forbidden', 'a collaborator may not stop a run; ask an owner');
    };
    const { code, err } = await cli({ stopRun: refuse }, 'runs', 'stop', 'run-1', '--project', 'P1');
    expect([code, err]).toEqual([3, 'error Forbidden: a collaborator may not stop a run; ask an owner']);
  });

  it('ends with 3 when the server is gone, naming its address', async () => {
    api = await startFakeApi({});
    const folder = signedInFolder(api.url);
    await api.stop();
    const { code, err } = await runCli(['me'], folder);
    api = undefined;
    expect(code).toBe(3);
    expect(err).toContain('does not answer');
  });
});

describe('the project', () => {
  it("is the user's only one when none is named", async () => {
    const handlers: Handlers = { listProjects: () => page([aProject('P7')]), listRuns: () => page([]) };
    const { seen } = await cli(handlers, 'runs', 'list');
    expect(seen.at(-1)?.path).toEqual({ project: 'P7' });
  });

  it('must be named when there are several, and they are listed', async () => {
    const handlers: Handlers = { listProjects: () => page([aProject('P1'), aProject('P2')]) };
    const { code, err } = await cli(handlers, 'runs', 'list');
    expect(code).toBe(2);
    expect(err).toContain('P1, P2');
  });
});

describe('results', () => {
  it('are one JSON document with --json, wherever it stands', async () => {
    const handlers: Handlers = { listMembers: () => page([aMember('mia', 'owner')]) };
    const { out } = await cli(handlers, 'members', 'list', '--project', 'P1', '--json');
    expect(JSON.parse(out)).toEqual([aMember('mia', 'owner')]);
  });

  it('are a table for a person otherwise', async () => {
    const handlers: Handlers = {
      listCases: () =>
        page([aCase(), aCase({ id: '2'.repeat(32), state: 'needs-review', reasons: ['Liver drifts 9 %'] })]),
    };
    const { out } = await cli(handlers, 'cases', 'list', '--project', 'P1');
    const [header, first, second] = out.split('\n');
    expect(header).toMatch(/^CASE\s+STATE\s+SUBJECT/);
    expect(first).toContain('ready');
    expect(second).toContain('Liver drifts 9 %');
  });

  it('follow the cursor of a list until it ends', async () => {
    const handlers: Handlers = {
      listCases: ({ request }) =>
        (request as { cursor?: string }).cursor === undefined
          ? { items: [aCase()], next: 'c2' }
          : page([aCase({ id: '2'.repeat(32) })]),
    };
    const { out, seen } = await cli(
      handlers,
      'cases',
      'list',
      '--project',
      'P1',
      '--state',
      'ready',
      '--json',
    );
    expect(JSON.parse(out)).toHaveLength(2);
    expect(seen.map(({ request }) => request)).toEqual([
      { limit: 200, state: 'ready' },
      { limit: 199, state: 'ready', cursor: 'c2' },
    ]);
  });
});

describe('members add', () => {
  it('sends role and grants', async () => {
    const { seen } = await cli(
      { putMember: () => aMember('mia', 'member') },
      ...['members', 'add', 'mia', '--role', 'member', '--grant', 'run:launch', '--grant', 'run:stop'],
      ...['--project', 'P1'],
    );
    expect(seen[0]).toMatchObject({
      path: { project: 'P1', user: 'mia' },
      request: { role: 'member', grants: ['run:launch', 'run:stop'] },
      token: 'Bearer token-1',
    });
  });

  it('refuses an unknown role before anything is sent', async () => {
    const { code, err, seen } = await cli({}, 'members', 'add', 'mia', '--role', 'boss', '--project', 'P1');
    expect(code).toBe(2);
    expect(err).toContain('owner, member, collaborator');
    expect(seen).toHaveLength(0);
  });
});

describe('configs set', () => {
  it('sends what is baked in, what the launch may set, and the limits', async () => {
    const args = ['--baked', 'maxEpochs=40,amp=true', '--runtime', 'seed,learningRate', '--budget', '20'];
    const { seen } = await cli({}, 'configs', 'set', 'quick', ...args, '--timeout', '600', '--project', 'P1');
    expect(seen[0]?.request).toEqual({
      description: '',
      bakedIn: { maxEpochs: 40, amp: true },
      runtime: ['seed', 'learningRate'],
      budgetUsd: 20,
      timeoutSeconds: 600,
    });
  });
});

describe('automations set', () => {
  it('refuses a spacing that is not three positive numbers', async () => {
    const args = ['automations', 'set', 'organs', '--model', 'm.v1', '--spacing', '2,2', '--project', 'P1'];
    const { code, err } = await cli({}, ...args);
    expect(code).toBe(2);
    expect(err).toContain('2,2,2');
  });
});

describe('datasets', () => {
  it('save waits until the dataset is there', async () => {
    let asked = 0;
    const handlers: Handlers = {
      saveDataset: () => aDatasetSave({}),
      getDatasetSave: () => {
        asked += 1;
        return asked < 2 ? aDatasetSave({}) : aDatasetSave({ state: 'succeeded', datasetId: 'f'.repeat(32) });
      },
    };
    const { seen } = await cli(handlers, 'datasets', 'save', 'all', '--seed', '7', '--project', 'P1');
    expect(asked).toBe(2);
    expect(seen[0]?.request).toEqual({ split: { seed: 7, training: 0.6, validation: 0.2, test: 0.2 } });
    expect(seen.at(-1)).toMatchObject({ name: 'getDataset', path: { datasetId: 'f'.repeat(32) } });
  });

  it("save ends with the save's own problem", async () => {
    const problem = { code: 'MixedUnits', message: 'HU and SUV do not mix', stage: 'ResolveDataset' };
    const handlers: Handlers = { saveDataset: () => aDatasetSave({ state: 'failed', problem }) };
    const { code, err } = await cli(handlers, 'datasets', 'save', 'all', '--project', 'P1');
    expect([code, err]).toEqual([3, 'error MixedUnits: HU and SUV do not mix']);
  });

  it('save takes per cent as well', async () => {
    const handlers: Handlers = { saveDataset: () => aDatasetSave({ state: 'failed' }) };
    const { seen } = await cli(handlers, 'datasets', 'save', 'all', '--split', '70,15,15', '--project', 'P1');
    expect(seen[0]?.request).toEqual({ split: { seed: 0, training: 0.7, validation: 0.15, test: 0.15 } });
  });

  it('save refuses a split that does not add up to 1', async () => {
    const { code } = await cli({}, 'datasets', 'save', 'all', '--split', '0.6,0.2,0.1', '--project', 'P1');
    expect(code).toBe(2);
  });

  it('validate ends with 3 when no session is complete, with the reason shown', async () => {
    const miss = { tag: 'label', reason: 'no resource matches' };
    const row = { session: 'E1', subject: 'S1', caseId: null, complete: false, misses: [miss] };
    const report = { definitionId: 'all', sessions: 1, complete: 0, subjects: 1, rows: [row], warnings: [] };
    const { code, out } = await cli(
      { validateDefinition: () => report },
      ...['datasets', 'validate', 'all', '--project', 'P1'],
    );
    expect(code).toBe(3);
    expect(out).toContain('label: no resource matches');
    expect(out).toContain('0 of 1 sessions complete');
  });

  it('define says where the criteria are not JSON', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'contourflow-criteria-')), 'criteria.json');
    writeFileSync(file, '{ "Images": ');
    const { code, err } = await cli({}, 'datasets', 'define', 'all', file, '--project', 'P1');
    expect(code).toBe(2);
    expect(err).toContain('is not JSON');
  });
});

describe('runs', () => {
  it('launch shows the estimate, then sends typed parameters', async () => {
    const handlers: Handlers = {
      estimateRun: () => ({ estimateUsd: 1.25, hours: 1, explanation: 'one hour on g6.2xlarge' }),
      launchRun: () => aRun({ state: 'queued' }),
    };
    const { err, out, seen } = await cli(
      handlers,
      ...['runs', 'launch', '--mode', 'fine-tune', '--config', 'standard', '--dataset', '0'.repeat(32)],
      ...['--model', 'abdomen.v2', '--set', 'maxEpochs=12', '--set', 'amp=true', '--project', 'P1'],
    );
    expect(err).toContain('1.25 USD');
    expect(out).toContain('contourflow runs watch run-1');
    expect(seen[1]?.request).toMatchObject({ mode: 'fine-tune', parameters: { maxEpochs: 12, amp: true } });
  });

  it('watch shows each epoch once and ends with 0 when the run succeeds', async () => {
    const line = (epoch: number, name: string, value: number) => ({
      time: '2026-11-23T10:00:00Z',
      epoch,
      iteration: epoch,
      name,
      value,
    });
    const batches = [
      [line(1, 'train_loss', 0.9)],
      [line(1, 'val_mean_dice', 0.5), line(2, 'train_loss', 0.7)],
      [],
    ];
    let asked = -1;
    const handlers: Handlers = {
      getRun: () => {
        asked += 1;
        return { run: aRun({ state: asked < 2 ? 'running' : 'succeeded' }), result: null };
      },
      getRunMetrics: () => ({ lines: batches[asked] ?? [], next: asked }),
    };
    const { code, out } = await cli(handlers, 'runs', 'watch', 'run-1', '--project', 'P1');
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'run is running',
      'epoch   1  train_loss 0.900  val_mean_dice 0.500',
      'epoch   2  train_loss 0.700',
      'run is succeeded',
    ]);
  });

  it.each(['failed', 'stopped'] as const)(
    'watch ends with 3 and the reason when the run is %s',
    async (state) => {
      const handlers: Handlers = {
        getRun: () => ({ run: aRun({ state, reason: 'the budget of 50 USD is spent' }), result: null }),
        getRunMetrics: () => ({ lines: [], next: 0 }),
      };
      const { code, out } = await cli(handlers, 'runs', 'watch', 'run-1', '--project', 'P1');
      expect([code, out]).toEqual([3, `run is ${state}: the budget of 50 USD is spent`]);
    },
  );

  it('logs --follow goes on until the run has ended and every line is out', async () => {
    const text = (n: number) => ({ time: `2026-11-23T10:00:0${n}Z`, text: `Epoch: ${n}/2` });
    const answers = [
      { lines: [text(1)], next: 't1' },
      { lines: [], next: 't1' },
      { lines: [text(2)], next: 't2' },
      { lines: [], next: 't2' },
    ];
    let asked = 0;
    const handlers: Handlers = {
      getRun: () => ({ run: aRun({ state: asked < 2 ? 'running' : 'succeeded' }), result: null }),
      getRunLogs: () => answers[asked++],
    };
    const { out } = await cli(handlers, 'runs', 'logs', 'run-1', '--follow', '--project', 'P1');
    expect(out.split('\n')).toEqual(['2026-11-23T10:00:01Z Epoch: 1/2', '2026-11-23T10:00:02Z Epoch: 2/2']);
  });
});

describe('promote', () => {
  it('answers with the new model version', async () => {
    const handlers: Handlers = {
      promoteCheckpoint: () => aPromotion({}),
      getPromotion: () => aPromotion({ state: 'succeeded', modelVersionId: 'abdomen.v2' }),
    };
    const args = ['promote', 'run-1', 'best', '--as', 'abdomen', '--project', 'P1'];
    const { out } = await cli(handlers, ...args);
    expect(out).toBe('best is now abdomen.v2');
  });
});

describe('the documentation of exit codes', () => {
  it('matches what the help prints', async () => {
    const { out } = await runCli(['--help']);
    expect(out).toContain(
      '0 done; 1 an internal error; 2 the command line was not understood; 3 refused or failed',
    );
    expect(readFileSync('src/cli/exit-codes.ts', 'utf8')).toContain('refused: 3');
  });
});
