import { describe, expect, it } from '@jest/globals';
import { objectKeys } from '../../../src/contracts/object-keys.ts';
import type { MemoryPorts } from '../../helpers/memory-ports.ts';
import {
  addCase,
  addConfig,
  addDataset,
  addDefinition,
  addModelVersion,
  addRun,
  CRITERIA,
  DATASET_ID,
  PROJECT,
  projectPorts,
  SPLIT,
  storedText,
} from '../training/workflow-fixture.ts';
import { callApi } from './api-fixture.ts';

const LAUNCH = { trainingConfigId: 'quick', datasetId: DATASET_ID, modelVersionId: 'starter.v1' };
const RUN = { path: { runId: 'run-1' } };

async function arranged(config: Parameters<typeof addConfig>[1] = {}): Promise<MemoryPorts> {
  const ports = await projectPorts();
  await addDataset(ports);
  await addModelVersion(ports);
  await addConfig(ports, config);
  return ports;
}

describe('dataset definitions and saves', () => {
  const path = { definitionId: 'organs' };

  it('stores a definition, replaces it, and refuses a regular expression that cannot be used', async () => {
    const ports = await projectPorts();
    await callApi(ports, 'putDefinition', { path }, { criteria: CRITERIA, description: 'a' });
    await callApi(ports, 'putDefinition', { path }, { criteria: CRITERIA, description: 'b' });
    const { items } = await callApi(ports, 'listDefinitions');
    expect(items).toMatchObject([{ id: 'organs', description: 'b', revision: 2 }]);
    const bad = { criteria: { Images: { ResourceLabel: '/(/' } } };
    await expect(callApi(ports, 'putDefinition', { path }, bad)).rejects.toMatchObject({
      code: 'InvalidRequest',
    });
  });

  it('validates against all cases, those for review included', async () => {
    const ports = await projectPorts();
    await addDefinition(ports);
    await addCase(ports, 1);
    await addCase(ports, 2, { state: 'needs-review' });
    await addCase(ports, 3, { state: 'superseded' });
    const report = await callApi(ports, 'validateDefinition', { path });
    expect(report).toMatchObject({ sessions: 2, complete: 1 });
  });

  it('starts a save under the id of its record', async () => {
    const ports = await projectPorts();
    await addDefinition(ports);
    const save = await callApi(ports, 'saveDataset', { path }, { split: SPLIT });
    expect(save).toMatchObject({ state: 'running', definitionId: 'organs', requestedBy: 'the-owner' });
    expect(ports.workflows.executions).toMatchObject([
      { machine: 'save-dataset', name: save.id, input: { saveId: save.id, split: SPLIT, project: PROJECT } },
    ]);
  });

  it('refuses fractions that do not add up before anything starts', async () => {
    const ports = await projectPorts();
    await addDefinition(ports);
    const save = callApi(ports, 'saveDataset', { path }, { split: { ...SPLIT, test: 0.5 } });
    await expect(save).rejects.toMatchObject({ code: 'InvalidSplit' });
    expect(ports.workflows.executions).toEqual([]);
  });

  it('marks a save that could not be started', async () => {
    const ports = await projectPorts();
    await addDefinition(ports);
    ports.workflows.failNextStart(new Error('throttled'));
    const save = callApi(ports, 'saveDataset', { path }, { split: SPLIT });
    await expect(save).rejects.toMatchObject({ code: 'UpstreamError' });
    const [record] = (await ports.records.list('dataset-save', PROJECT)).items;
    expect(record).toMatchObject({ state: 'failed', problem: { code: 'UpstreamError' } });
  });

  it('lists and shows datasets', async () => {
    const ports = await arranged();
    expect((await callApi(ports, 'listDatasets')).items.map(({ id }) => id)).toEqual([DATASET_ID]);
    expect(await callApi(ports, 'getDataset', { path: { datasetId: DATASET_ID } })).toMatchObject({
      items: 5,
    });
  });
});

describe('training configs', () => {
  const path = { trainingConfigId: 'quick' };

  it('keeps what is baked in, without the defaults of the rest', async () => {
    const ports = await projectPorts();
    const body = { bakedIn: { maxEpochs: 3 }, runtime: ['seed', 'amp', 'seed'] };
    const config = await callApi(ports, 'putTrainingConfig', { path }, body);
    expect(config).toMatchObject({ bakedIn: { maxEpochs: 3 }, runtime: ['amp', 'seed'], budgetUsd: 50 });
    expect(Object.keys(config.bakedIn)).toEqual(['maxEpochs']);
    expect((await callApi(ports, 'listTrainingConfigs')).items).toHaveLength(1);
  });

  it('refuses unknown parameters, baked in or at launch', async () => {
    const ports = await projectPorts();
    const put = (body: object) => callApi(ports, 'putTrainingConfig', { path }, body);
    await expect(put({ bakedIn: { colour: 1 } })).rejects.toMatchObject({ code: 'InvalidRequest' });
    await expect(put({ runtime: ['colour'] })).rejects.toMatchObject({ code: 'InvalidParameters' });
  });
});

describe('launching a run', () => {
  it('estimates without starting anything', async () => {
    const ports = await arranged();
    const estimate = await callApi(ports, 'estimateRun', {}, { ...LAUNCH, parameters: { maxEpochs: 9 } });
    expect(estimate.explanation).toContain('9 epochs');
    expect(ports.workflows.executions).toEqual([]);
  });

  it('creates the run and starts its execution under the same id', async () => {
    const ports = await arranged();
    const run = await callApi(
      ports,
      'launchRun',
      {},
      { ...LAUNCH, mode: 'fine-tune', parameters: { seed: 5 } },
    );
    expect(run).toMatchObject({
      state: 'queued',
      mode: 'fine-tune',
      parameters: { maxEpochs: 8, seed: 5 },
      timeoutSeconds: 3600,
    });
    expect(ports.workflows.executions).toMatchObject([
      {
        machine: 'train-model',
        name: run.id,
        executionArn: run.executionArn,
        input: { schemaVersion: 1, project: PROJECT, runId: run.id },
      },
    ]);
    expect((await callApi(ports, 'listRuns', {}, { state: 'queued' })).items).toHaveLength(1);
    const from = { entity: 'dataset', id: DATASET_ID };
    expect(await ports.records.linked(PROJECT, from, 'run')).toEqual([run.id]);
  });

  it.each([
    ['a parameter that is not open', 'InvalidParameters', {}, { parameters: { batchSize: 1 } }],
    ['a budget below the estimate', 'BudgetExceeded', { budgetUsd: 0.001 }, {}],
    ['a dataset that is not there', 'NotFound', {}, { datasetId: 'e'.repeat(32) }],
    ['a config that is not there', 'NotFound', {}, { trainingConfigId: 'nope' }],
    ['a model version that is not there', 'NotFound', {}, { modelVersionId: 'nope.v1' }],
  ])('refuses %s and leaves no run behind', async (_, code, config, changes) => {
    const ports = await arranged(config);
    const launch = callApi(ports, 'launchRun', {}, { ...LAUNCH, mode: 'initial', ...changes });
    await expect(launch).rejects.toMatchObject({ code });
    expect((await ports.records.list('run', PROJECT)).items).toEqual([]);
    expect(ports.workflows.executions).toEqual([]);
  });

  it('fails the run with a sentence when it could not be started', async () => {
    const ports = await arranged();
    ports.workflows.failNextStart(new Error('throttled'));
    const launch = callApi(ports, 'launchRun', {}, { ...LAUNCH, mode: 'initial' });
    await expect(launch).rejects.toMatchObject({ code: 'UpstreamError' });
    const [run] = (await ports.records.list('run', PROJECT)).items;
    expect(run).toMatchObject({ state: 'failed', reason: expect.stringContaining('could not be started') });
  });
});

describe('stopping a run', () => {
  it('marks the run, then stops its execution', async () => {
    const ports = await arranged();
    const launched = await callApi(ports, 'launchRun', {}, { ...LAUNCH, mode: 'initial' });
    const run = await callApi(ports, 'stopRun', { path: { runId: launched.id } });
    expect(run).toMatchObject({ state: 'queued', stopRequested: true, reason: 'Stopped by the-owner.' });
    expect(ports.workflows.executions[0]).toMatchObject({
      status: 'ABORTED',
      stopReason: 'Stopped by the-owner.',
    });
    const again = await callApi(ports, 'stopRun', { path: { runId: launched.id } });
    expect(again.revision).toBe(run.revision);
  });

  it.each(['succeeded', 'failed', 'stopped'] as const)('refuses to stop a run that has %s', async (state) => {
    const ports = await arranged();
    await addRun(ports, { state });
    await expect(callApi(ports, 'stopRun', RUN)).rejects.toMatchObject({ code: 'Conflict' });
  });

  it('only marks a run without an execution', async () => {
    const ports = await arranged();
    await addRun(ports, { executionArn: null });
    expect(await callApi(ports, 'stopRun', RUN)).toMatchObject({ stopRequested: true });
  });
});

describe('watching a run', () => {
  const line = (epoch: number) =>
    `${JSON.stringify({ time: '2026-01-01T00:00:00Z', epoch, iteration: epoch * 10, name: 'train_loss', value: 1 / epoch })}\n`;
  const metricsKey = objectKeys.trainingMetrics(PROJECT, 'run-1');

  async function withMetrics(text: string): Promise<MemoryPorts> {
    const ports = await arranged();
    await addRun(ports);
    await ports.objects.write(metricsKey, new TextEncoder().encode(text));
    return ports;
  }

  it('has no metrics before the first epoch', async () => {
    const ports = await arranged();
    await addRun(ports);
    expect(await callApi(ports, 'getRunMetrics', RUN)).toEqual({ lines: [], next: 0 });
  });

  it('gives whole lines from an offset on, and waits for the line that is being written', async () => {
    const ports = await withMetrics(`${line(1)}${line(2)}{"epo`);
    const first = await callApi(ports, 'getRunMetrics', RUN);
    expect(first.lines.map(({ epoch }) => epoch)).toEqual([1, 2]);
    await ports.objects.write(metricsKey, new TextEncoder().encode(`${line(1)}${line(2)}${line(3)}`));
    const second = await callApi(ports, 'getRunMetrics', RUN, { after: first.next });
    expect(second.lines.map(({ epoch }) => epoch)).toEqual([3]);
    expect(await callApi(ports, 'getRunMetrics', RUN, { after: second.next })).toEqual({
      lines: [],
      next: second.next,
    });
  });

  it('starts over when a resumed run cut its metrics back, and skips lines that are none', async () => {
    const ports = await withMetrics(`garbage\n{"epoch":"x"}\n${line(1)}`);
    const { lines } = await callApi(ports, 'getRunMetrics', RUN, { after: 10_000 });
    expect(lines.map(({ epoch }) => epoch)).toEqual([1]);
  });

  it('gives log lines after a token, and none before the job has a log', async () => {
    const ports = await arranged();
    await addRun(ports);
    expect(await callApi(ports, 'getRunLogs', RUN)).toEqual({ lines: [], next: null });
    await ports.records.update('run', PROJECT, 'run-1', (run) => ({ ...run, logStreamName: 'trainer/1' }));
    ports.logs.streams.set(
      'trainer/1',
      ['a', 'b', 'c'].map((text) => ({ time: '2026-01-01T00:00:00Z', text })),
    );
    const first = await callApi(ports, 'getRunLogs', RUN, { limit: 2 });
    expect(first.lines.map(({ text }) => text)).toEqual(['a', 'b']);
    const second = await callApi(ports, 'getRunLogs', RUN, { token: first.next ?? '' });
    expect(second.lines.map(({ text }) => text)).toEqual(['c']);
  });

  it('lists TensorBoard files by name with links', async () => {
    const ports = await arranged();
    await addRun(ports);
    await ports.objects.write(`${objectKeys.tensorboardPrefix(PROJECT, 'run-1')}events.1`, new Uint8Array(5));
    const { files } = await callApi(ports, 'listEventFiles', RUN);
    expect(files).toMatchObject([
      { name: 'events.1', sizeBytes: 5, url: expect.stringContaining('events.1') },
    ]);
  });

  it('shows a run with its result once there is one', async () => {
    const ports = await arranged();
    await addRun(ports);
    expect(await callApi(ports, 'getRun', RUN)).toMatchObject({ run: { id: 'run-1' }, result: null });
  });
});

describe('promotions and exports', () => {
  const PROMOTE = { runId: 'run-1', checkpointId: 'run-1.best', modelId: 'organs' };

  async function finished(state: 'succeeded' | 'evaluating' = 'succeeded'): Promise<MemoryPorts> {
    const ports = await arranged();
    await addRun(ports, { state });
    await ports.records.create({
      entity: 'checkpoint',
      project: PROJECT,
      id: 'run-1.best',
      state: 'available',
      runId: 'run-1',
      role: 'best',
      epoch: 1,
      validationDice: 0.9,
      weights: await storedText(ports, 'best'),
    });
    return ports;
  }

  it('starts release-model with the promotion alone', async () => {
    const ports = await finished();
    const promotion = await callApi(ports, 'promoteCheckpoint', {}, PROMOTE);
    expect(promotion).toMatchObject({ state: 'running', modelVersionId: null });
    expect(ports.workflows.executions).toMatchObject([
      {
        machine: 'release-model',
        name: promotion.id,
        input: { promotion: { promotionId: promotion.id }, export: null },
      },
    ]);
  });

  it.each([
    ['a run that is still evaluated', 'evaluating' as const, PROMOTE, 'Conflict'],
    ['a checkpoint that is not there', 'succeeded' as const, { ...PROMOTE, checkpointId: 'x' }, 'NotFound'],
    [
      'a model id that cannot have versions',
      'succeeded' as const,
      { ...PROMOTE, modelId: 'a.b' },
      'InvalidRequest',
    ],
  ])('refuses %s', async (_, state, body, code) => {
    const ports = await finished(state);
    await expect(callApi(ports, 'promoteCheckpoint', {}, body)).rejects.toMatchObject({ code });
    expect(ports.workflows.executions).toEqual([]);
  });

  it("refuses another run's checkpoint", async () => {
    const ports = await finished();
    await addRun(ports, { id: 'run-2', state: 'succeeded' });
    const promote = callApi(ports, 'promoteCheckpoint', {}, { ...PROMOTE, runId: 'run-2' });
    await expect(promote).rejects.toMatchObject({ code: 'InvalidRequest' });
  });

  it('starts an export and has a link only once there is a bundle', async () => {
    const ports = await finished();
    const created = await callApi(
      ports,
      'createExport',
      {},
      { modelVersionId: 'starter.v1', format: 'monai-bundle' },
    );
    expect(ports.workflows.executions).toMatchObject([
      { machine: 'release-model', input: { promotion: null, export: { exportId: created.id } } },
    ]);
    const path = { exportId: created.id };
    expect(await callApi(ports, 'getExport', { path })).toMatchObject({ url: null });
    const bundle = await storedText(ports, 'zip');
    await ports.records.update('export', PROJECT, created.id, (one) => ({
      ...one,
      state: 'succeeded',
      bundle,
    }));
    expect((await callApi(ports, 'getExport', { path })).url).toContain(bundle.key);
    expect((await callApi(ports, 'listExports')).items).toHaveLength(1);
  });

  it('marks a promotion and an export that could not be started', async () => {
    const ports = await finished();
    ports.workflows.failNextStart(new Error('throttled'));
    await expect(callApi(ports, 'promoteCheckpoint', {}, PROMOTE)).rejects.toMatchObject({
      code: 'UpstreamError',
    });
    ports.workflows.failNextStart(new Error('throttled'));
    const body = { modelVersionId: 'starter.v1', format: 'monai-bundle' as const };
    await expect(callApi(ports, 'createExport', {}, body)).rejects.toMatchObject({ code: 'UpstreamError' });
    for (const entity of ['promotion', 'export'] as const) {
      expect((await ports.records.list(entity, PROJECT)).items).toMatchObject([{ state: 'failed' }]);
    }
  });
});
