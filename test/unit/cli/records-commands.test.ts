import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type FakeApi, type Handlers, Refusal, startFakeApi } from './fake-api.ts';
import * as a from './records.ts';
import { runCli, signedInFolder } from './run-cli.ts';

const apis: FakeApi[] = [];
afterEach(async () => {
  await Promise.all(apis.splice(0).map((api) => api.stop()));
});

async function start(handlers: Handlers): Promise<FakeApi> {
  const api = await startFakeApi(handlers);
  apis.push(api);
  return api;
}

async function cli(handlers: Handlers, line: string, ...more: string[]) {
  const api = await start(handlers);
  const result = await runCli([...line.split(' '), ...more, '--project', 'P1'], signedInFolder(api.url));
  return { ...result, seen: api.seen };
}
const page = <T>(items: T[]) => ({ items, next: null });

function fileWith(name: string, text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'contourflow-records-')), name);
  writeFileSync(path, text);
  return path;
}

/** Each list: a row for a person, the records with --json, and what the row must show. */
const LISTS: [line: string, handlers: Handlers, patterns: RegExp[]][] = [
  ['projects list', { listProjects: () => page([a.aProject('P1')]) }, [/^PROJECT\s+STATE/, /P1\s+active/]],
  ['members list', { listMembers: () => page([a.aMember('mia', 'owner')]) }, [/^USER/, /mia\s+owner/]],
  ['models list', { listModels: () => page([a.aModel()]) }, [/^MODEL/, /abdomen\s+2\s+Abdominal organs/]],
  [
    'models versions',
    {
      listModelVersions: () =>
        page([a.aModelVersion(), a.aModelVersion({ id: 'abdomen.v1', labelMap: null })]),
    },
    [
      /abdomen\.v2\s+promoted\s+Liver\s+aaaaaaaa\s+abdomen\.v1\s+run-1\s+Liver 0\.931/,
      /abdomen\.v1\s+promoted\s+Liver\s+none/,
    ],
  ],
  [
    'automations list',
    { listAutomations: () => page([a.anAutomation()]) },
    [/organs\s+3\s+enabled\s+abdomen\.v1\s+2 x 2 x 2\.5\s+unmapped:report missing:review/],
  ],
  [
    'configs list',
    { listTrainingConfigs: () => page([a.aTrainingConfig()]) },
    [/quick\s+maxEpochs=40 amp=true\s+seed learningRate\s+20\s+600/],
  ],
  [
    'uploads list',
    {
      listRefusedUploads: () =>
        page([
          {
            id: 'rejected:upload:1',
            manifestKey: 'incoming/P1/u1/_COMPLETE.json',
            refusedAt: '2026-03-01T10:00:00.000Z',
            problem: { code: 'MalformedBody', message: '"a.dcm" is listed twice', stage: 'RouteEvent' },
          },
        ]),
    },
    [
      /^REFUSED\s+UPLOAD\s+WHY/,
      /incoming\/P1\/u1\/_COMPLETE\.json\s+MalformedBody: "a\.dcm" is listed twice/,
    ],
  ],
  ['datasets list', { listDatasets: () => page([a.aDataset()]) }, [/f{32}\s+frozen\s+all\s+5\s+2\.3 MB/]],
  [
    'runs list',
    { listRuns: () => page([a.aRun({ state: 'failed', reason: 'out of memory' })]) },
    [/run-1\s+failed\s+initial\s+abdomen\.v1\s+00000000\s+\S+\s+out of memory/],
  ],
  [
    'runs checkpoints run-1',
    { listCheckpoints: () => page([a.aCheckpoint(), a.aCheckpoint({ id: 'e8', validationDice: null })]) },
    [/best\s+best\s+24\s+0\.875\s+available/, /e8\s+best\s+24\s+-\s+available/],
  ],
  [
    'exports list',
    {
      listExports: () =>
        page([
          a.anExport(),
          a.anExport({
            id: 'export-2',
            state: 'failed',
            bundle: null,
            problem: { code: 'InternalError', message: 'parity is off', stage: 'ExportModel' },
          }),
        ]),
    },
    [
      /export-1\s+succeeded\s+abdomen\.v2\s+monai-bundle\s+2\.5 MB\s+-/,
      /export-2\s+failed.*-\s+parity is off/,
    ],
  ],
  [
    'cases list',
    {
      listCases: () =>
        page([
          a.aCase({
            state: 'quarantined',
            problem: { code: 'MixedUnits', message: 'HU and SUV', stage: 'BuildMask' },
          }),
        ]),
    },
    [/organs v1\s+MixedUnits: HU and SUV/],
  ],
];

describe('lists', () => {
  it.each(LISTS)('%s shows one row each', async (line, handlers, patterns) => {
    const { code, out } = await cli(handlers, line);
    expect(code).toBe(0);
    for (const pattern of patterns) expect(out).toMatch(pattern);
  });

  it.each(LISTS)('%s gives the records with --json', async (line, handlers) => {
    const { out } = await cli(handlers, line, '--json');
    const [list] = Object.values(handlers) as (() => { items: unknown[] })[];
    expect(JSON.parse(out)).toEqual(list?.().items);
  });

  it.each(LISTS)('%s passes a refusal on', async (line, handlers) => {
    const refuse = () => {
      throw new Refusal(403, 'Forbidden', 'you may not read this');
    };
    const refused = Object.fromEntries(Object.keys(handlers).map((name) => [name, refuse]));
    const { code, out, err } = await cli(refused, line);
    expect([code, out, err]).toEqual([3, '', 'error Forbidden: you may not read this']);
  });

  it('end at the limit although the server has more', async () => {
    const handlers: Handlers = { listRuns: () => ({ items: [a.aRun(), a.aRun()], next: 'more' }) };
    const { out, seen } = await cli(handlers, 'runs list --limit 4 --json');
    expect(JSON.parse(out)).toHaveLength(4);
    expect(seen.map(({ request }) => request)).toEqual([{ limit: 4 }, { limit: 2, cursor: 'more' }]);
  });

  it('say "none" when there is nothing', async () => {
    expect((await cli({ listExports: () => page([]) }, 'exports list')).out).toBe('none');
  });

  it.each(['many', '0', '1.5'])('refuse the limit %s', async (limit) => {
    const { code, err, seen } = await cli({ listRuns: () => page([]) }, `runs list --limit ${limit}`);
    expect([code, seen.length]).toEqual([2, 0]);
    expect(err).toContain(`--limit is "${limit}"`);
  });
});

describe('me', () => {
  it.each([
    [true, 'owner (site admin)'],
    [false, 'owner'],
  ])('says who is signed in; admin: %s', async (admin, text) => {
    expect((await cli({ getMe: () => ({ user: 'owner', admin }) }, 'me')).out).toBe(text);
  });
});

describe('projects create', () => {
  it('sends owner, archive and description', async () => {
    const { out, seen } = await cli(
      { createProject: () => a.aProject('P9') },
      'projects create P9 --owner mia --archive xnat --description liver',
    );
    expect(out).toBe('project P9 created, owned by mia');
    expect(seen[0]?.request).toEqual({
      project: 'P9',
      owner: 'mia',
      archiveId: 'xnat',
      description: 'liver',
    });
  });

  it('follows no archive unless one is named', async () => {
    const { seen } = await cli({ createProject: () => a.aProject('P9') }, 'projects create P9 --owner mia');
    expect(seen[0]?.request).toEqual({ project: 'P9', owner: 'mia', archiveId: null, description: '' });
  });

  it('needs an owner', async () => {
    const { code, err } = await cli({}, 'projects create P9');
    expect(code).toBe(2);
    expect(err).toContain('--owner <user>');
  });
});

describe('projects', () => {
  it('are asked for an owner to add you when you are in none', async () => {
    const api = await start({ listProjects: () => page([]) });
    const { code, err } = await runCli(['runs', 'list'], signedInFolder(api.url));
    expect([code, err]).toEqual([
      3,
      'error NotFound: you are not a member of any project; ask an owner to add you',
    ]);
  });

  it('are taken from CONTOURFLOW_PROJECT without --project', async () => {
    const api = await start({ listRuns: () => page([]) });
    await runCli(['runs', 'list'], signedInFolder(api.url), { project: 'P5' });
    expect(api.seen[0]?.path).toEqual({ project: 'P5' });
  });
});

describe('members', () => {
  it('add says who is what now', async () => {
    const { out } = await cli({ putMember: () => a.aMember('mia', 'owner') }, 'members add mia --role owner');
    expect(out).toBe('mia is owner of P1');
  });

  it('remove names user and project', async () => {
    const { out, seen } = await cli({ removeMember: () => ({}) }, 'members remove mia');
    expect(out).toBe('mia is no longer a member of P1');
    expect(seen[0]).toMatchObject({ name: 'removeMember', path: { project: 'P1', user: 'mia' } });
  });

  it('remove answers with JSON too', async () => {
    const { out } = await cli({ removeMember: () => ({}) }, 'members remove mia --json');
    expect(JSON.parse(out)).toEqual({ project: 'P1', user: 'mia', removed: true });
  });
});

describe('sync', () => {
  it('looks at all sessions', async () => {
    const { out, seen } = await cli({ syncProject: () => ({ hinted: 4 }) }, 'sync');
    expect([out, seen[0]?.request]).toEqual(['4 session(s) to look at', {}]);
  });

  it('looks at one session', async () => {
    const { seen } = await cli({ syncProject: () => ({ hinted: 1 }) }, 'sync --session XNAT_E1');
    expect(seen[0]?.request).toEqual({ session: 'XNAT_E1' });
  });
});

describe('cases', () => {
  it('show lists where a case comes from and its files', async () => {
    const object = { key: 'projects/P1/blobs/x', sha256: 'b'.repeat(64), sizeBytes: 77 };
    const one = a.aCase({
      reasons: ['Liver drifts 9 %'],
      problem: { code: 'MixedUnits', message: 'HU and SUV', stage: 'BuildMask' },
      resources: [{ label: 'ML', format: 'NIFTI', content: 'IMAGE', fileName: 'image.nii.gz', object }],
    });
    const { out } = await cli({ getCase: () => one }, `cases show ${one.id}`);
    expect(out).toMatch(/session\s+xnat\/XNAT_E1/);
    expect(out).toMatch(/problem\s+MixedUnits in BuildMask: HU and SUV/);
    expect(out).toMatch(/spacing mm\s+2 x 2 x 2/);
    expect(out).toMatch(/ML\s+IMAGE\s+77/);
  });

  it('show leaves out what a quarantined case has not', async () => {
    const { out } = await cli({ getCase: () => a.aCase({ spacingMm: null, units: null }) }, 'cases show c1');
    expect(out).toMatch(/spacing mm\s+-/);
    expect(out).toMatch(/units\s+-/);
  });

  it('certificate is JSON, with or without --json', async () => {
    const handlers: Handlers = { getCertificate: () => ({ certificate: { outcome: 'ready' } }) };
    expect(JSON.parse((await cli(handlers, 'cases certificate c1')).out)).toEqual({ outcome: 'ready' });
  });

  it('accept says the new state', async () => {
    const { out, seen } = await cli({ acceptCase: () => a.aCase({ id: '3'.repeat(32) }) }, 'cases accept c1');
    expect(out).toBe(`case ${'3'.repeat(32)} is ready`);
    expect(seen[0]?.path).toEqual({ project: 'P1', caseId: 'c1' });
  });

  it('retry says how many sessions it set off', async () => {
    const { out } = await cli({ retryCase: () => ({ hinted: 1 }) }, 'cases retry c1');
    expect(out).toBe('1 session(s) will be prepared again');
  });
});

describe('automations set', () => {
  it('sends the rules that were given and leaves the others to the server', async () => {
    const line = 'automations set organs --model abdomen.v1 --spacing 2x2x2.5 --missing absent --disabled';
    const { out, seen } = await cli({ putAutomation: () => a.anAutomation({ state: 'disabled' }) }, line);
    expect(out).toBe('automation organs version 3 is disabled');
    expect(seen[0]?.request).toMatchObject({
      modelVersionId: 'abdomen.v1',
      spacingMm: [2, 2, 2.5],
      policies: { missing: 'absent', overlap: 'later-wins' },
      enabled: false,
    });
  });

  it('is enabled, at the spacing of the model, unless told otherwise', async () => {
    const { seen } = await cli(
      { putAutomation: () => a.anAutomation() },
      'automations set organs --model abdomen.v1',
    );
    expect(seen[0]?.request).toMatchObject({ spacingMm: null, enabled: true });
  });

  it('sends limits of the gates, and lists the bad ones without sending anything', async () => {
    const line = 'automations set organs --model abdomen.v1 --threshold';
    const handlers = { putAutomation: () => a.anAutomation() };
    const { seen } = await cli(handlers, `${line} contourVolumePercent=8,smallRegionVoxels=200`);
    expect(seen[0]?.request).toMatchObject({
      thresholds: { contourVolumePercent: 8, smallRegionVoxels: 200, overlapPercent: 1 },
    });
    for (const wrong of ['overlapPercent=-1', 'overlapPercent=much', 'dice=1']) {
      const refused = await cli(handlers, `${line} ${wrong}`);
      expect([refused.code, refused.seen.length]).toEqual([3, 0]);
      expect(refused.err).toContain('thresholds');
    }
  });

  it('sends how images and masks are made, and lists what is wrong without sending anything', async () => {
    const line = 'automations set organs --model abdomen.v1 --processing';
    const handlers = { putAutomation: () => a.anAutomation() };
    const { seen } = await cli(handlers, `${line} interpolation=bspline,antialias=true`);
    expect(seen[0]?.request).toMatchObject({
      processing: { interpolation: 'bspline', antialias: true, fractionalThreshold: 0.5, gapsUpToMm: 10 },
    });
    for (const wrong of ['interpolation=cubic', 'fractionalThreshold=0', 'gapsUpToMm=-1', 'sharpen=1']) {
      const refused = await cli(handlers, `${line} ${wrong}`);
      expect([refused.code, refused.seen.length]).toEqual([3, 0]);
      expect(refused.err).toContain('processing');
    }
  });

  it.each(['--spacing 2,0,2', '--spacing a,b,c', '--gaps maybe'])('refuses %s', async (wrong) => {
    const { code, seen } = await cli({}, `automations set organs --model abdomen.v1 ${wrong}`);
    expect([code, seen.length]).toEqual([2, 0]);
  });
});

describe('configs set', () => {
  it('says which revision is stored now', async () => {
    const { out } = await cli({ putTrainingConfig: () => a.aTrainingConfig() }, 'configs set quick');
    expect(out).toBe('training config quick stored (revision 1)');
  });

  it('sends a file as it is', async () => {
    const file = fileWith('config.json', '{"description": "from a file", "budgetUsd": 7}');
    const { seen } = await cli(
      { putTrainingConfig: () => a.aTrainingConfig() },
      'configs set quick --file',
      file,
    );
    expect(seen[0]?.request).toMatchObject({ description: 'from a file', budgetUsd: 7 });
  });
});

describe('a request that the contract does not allow', () => {
  it('is not sent; every bad field is listed', async () => {
    const { code, err, seen } = await cli({}, 'configs set quick --budget -1 --timeout 5');
    expect([code, seen.length]).toEqual([3, 0]);
    expect(err).toMatch(/^error InvalidRequest: nothing was sent/);
    expect(err).toMatch(/\n {2}budgetUsd: .*\n {2}timeoutSeconds: /);
  });
});

describe('datasets', () => {
  it('define refuses a file that is not there', async () => {
    const { code, err } = await cli({}, 'datasets define all missing.json');
    expect(code).toBe(2);
    expect(err).toMatch(/^error UsageError: missing\.json cannot be read: ENOENT/);
  });

  it('define sends the criteria of a file', async () => {
    const file = fileWith('criteria.json', '{"image": {"ResourceContent": "IMAGE"}}');
    const { out, seen } = await cli({ putDefinition: () => a.aDefinition() }, 'datasets define all', file);
    expect(out).toBe('definition all stored (revision 1)');
    expect(seen[0]?.request).toEqual({
      description: '',
      criteria: { image: { ResourceContent: 'IMAGE' } },
    });
  });

  it('show lists partitions, regions and size', async () => {
    const { out } = await cli({ getDataset: () => a.aDataset() }, 'datasets show d1');
    expect(out).toMatch(/subjects\s+3 training, 1 validation, 1 test/);
    expect(out).toMatch(/regions\s+Liver=10, Spleen=20/);
    expect(out).toMatch(/size\s+2\.3 MB/);
  });

  it('validate ends with 0 when a session is complete', async () => {
    const row = { session: 'E1', subject: 'S1', caseId: null, complete: true, misses: [] };
    const report = { definitionId: 'all', sessions: 1, complete: 1, subjects: 1, rows: [row], warnings: [] };
    const { code, out } = await cli({ validateDefinition: () => report }, 'datasets validate all');
    expect(code).toBe(0);
    expect(out).toMatch(/E1\s+S1\s+complete/);
  });
});

describe('models', () => {
  it('attach-label-map sends the text and shows the classes', async () => {
    const file = fileWith('region2MaskValueMap.txt', 'Liver=10\n');
    const { out, seen } = await cli(
      { attachLabelMap: () => a.aModelVersion() },
      'models attach-label-map abdomen.v2',
      file,
    );
    expect(out).toMatch(/Liver\s+10\s+1/);
    expect(seen[0]).toMatchObject({
      path: { modelVersionId: 'abdomen.v2' },
      request: { fileName: 'region2MaskValueMap.txt', text: 'Liver=10\n' },
    });
  });
});

describe('runs', () => {
  it('show lists the results of a run that has ended', async () => {
    const handlers: Handlers = {
      getRun: () => ({ run: a.aRun({ state: 'succeeded' }), result: a.aRunResult() }),
    };
    const { out } = await cli(handlers, 'runs show run-1');
    expect(out).toMatch(/best validation Dice\s+0\.875/);
    expect(out).toMatch(/CPU seconds\s+123\.[45]/);
    expect(out).toMatch(/best\s+Liver\s+0\.900/);
    expect(out).toMatch(/best\s+Spleen\s+-/);
  });

  it.each([null, a.aRunResult({ state: 'trained', evaluation: null })])(
    'show has no scores before the evaluation',
    async (result) => {
      const { out } = await cli({ getRun: () => ({ run: a.aRun(), result }) }, 'runs show run-1');
      expect(out).toMatch(/none$/);
    },
  );

  it('estimate says the price and why', async () => {
    const handlers: Handlers = {
      estimateRun: () => ({ estimateUsd: 1.2, hours: 1, explanation: 'one hour on g6.2xlarge' }),
    };
    const line = `runs estimate --config quick --dataset ${'0'.repeat(32)} --model abdomen.v1`;
    expect((await cli(handlers, line)).out).toBe('1.20 USD: one hour on g6.2xlarge');
  });

  it('stop asks the run to stop', async () => {
    const { out } = await cli({ stopRun: () => a.aRun() }, 'runs stop run-1');
    expect(out).toBe('run run-1 is asked to stop');
  });

  it('watch --json gives one event a line', async () => {
    const line = { time: '2026-11-23T10:00:00Z', epoch: 1, iteration: 1, name: 'train_loss', value: 0.5 };
    const handlers: Handlers = {
      getRun: () => ({ run: a.aRun({ state: 'succeeded' }), result: null }),
      getRunMetrics: ({ request }) => {
        const isFirst = (request as { after: number }).after === 0;
        return { lines: isFirst ? [line] : [], next: 100 };
      },
    };
    const { out, seen } = await cli(handlers, 'runs watch run-1 --json');
    const events = out.split('\n').map((text) => JSON.parse(text));
    expect(events.map(({ kind }) => kind)).toEqual(['epoch', 'state']);
    expect(events[0].line).toEqual({ epoch: 1, values: { train_loss: 0.5 } });
    expect(seen.at(-1)?.request).toEqual({ after: 100 });
  });

  it('logs --json gives one line each and ends with what is there', async () => {
    const lines = [{ time: '2026-11-23T10:00:00Z', text: 'Epoch: 1/2' }];
    let asked = 0;
    const handlers: Handlers = {
      getRunLogs: () => {
        asked += 1;
        return { lines: asked === 1 ? lines : [], next: asked === 1 ? 't1' : null };
      },
    };
    const { out, seen } = await cli(handlers, 'runs logs run-1 --json');
    expect(JSON.parse(out)).toEqual(lines[0]);
    expect(seen.map(({ name }) => name)).toEqual(['getRunLogs', 'getRunLogs']);
  });
});
