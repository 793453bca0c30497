import { describe, expect, it } from '@jest/globals';
import { objectKeys } from '../../../src/contracts/object-keys.ts';
import type { ReleaseModelInput } from '../../../src/contracts/stages/release-model.ts';
import type { SaveDatasetInput } from '../../../src/contracts/stages/save-dataset.ts';
import { collectResults } from '../../../src/pipeline/collect-results.ts';
import { freezeItems } from '../../../src/pipeline/freeze-items.ts';
import { notifyRun } from '../../../src/pipeline/notify-run.ts';
import { planExport } from '../../../src/pipeline/plan-export.ts';
import { planRun } from '../../../src/pipeline/plan-run.ts';
import { promoteModel } from '../../../src/pipeline/promote-model.ts';
import { readCatalogue } from '../../../src/pipeline/read-catalogue.ts';
import { registerExport } from '../../../src/pipeline/register-export.ts';
import { resolveDataset } from '../../../src/pipeline/resolve-dataset.ts';
import { saveManifest } from '../../../src/pipeline/save-manifest.ts';
import { nextRunState } from '../../../src/training/run-state.ts';
import { sha256Hex } from '../../helpers/memory-object-store.ts';
import { createMemoryPorts, type MemoryPorts } from '../../helpers/memory-ports.ts';
import { bundleZip, textBytes } from '../models/bundle-fixture.ts';
import {
  addCase,
  CRITERIA,
  leaveEvaluationResult,
  leaveTrainingResult,
  PROJECT,
  SPLIT,
} from '../training/workflow-fixture.ts';
import { callApi } from './api-fixture.ts';

const HOST = { jobQueueArn: 'arn:aws:batch:x', vcpus: '4', memoryMib: '14000', gpus: 1 };

async function runSave(ports: MemoryPorts, input: SaveDatasetInput): Promise<string> {
  const { catalogue } = await readCatalogue(input, ports);
  const { draft } = await resolveDataset({ ...input, catalogue }, ports);
  const { sizeBytes } = await freezeItems({ ...input, draft }, ports);
  return (await saveManifest({ ...input, draft, sizeBytes }, ports)).datasetId;
}

async function runTraining(ports: MemoryPorts, runId: string): Promise<void> {
  const input = { schemaVersion: 1 as const, project: PROJECT, runId };
  await planRun(input, ports, HOST);
  await leaveTrainingResult(ports, runId);
  await collectResults(input, ports);
  await leaveEvaluationResult(ports, runId);
  await notifyRun(input, ports);
  const at = ports.clock.now().toISOString();
  await ports.records.update('run', PROJECT, runId, (run) =>
    nextRunState(run, { source: 'execution', status: 'SUCCEEDED', error: null, cause: null, at }),
  );
}

async function installStarter(ports: MemoryPorts): Promise<string> {
  const admin = { user: 'root', groups: '[admins]' };
  await callApi(ports, 'createProject', admin, { project: PROJECT, archiveId: 'xnat', owner: 'the-owner' });
  const zip = bundleZip({ 'configs/region2MaskValueMap.txt': textBytes('Liver=10\nSpleen=20\nKidney=30\n') });
  const sha256 = sha256Hex(zip);
  const upload = { fileName: 'starter.zip', sizeBytes: zip.length, sha256 };
  const { key } = await callApi(ports, 'createUpload', {}, upload);
  await ports.objects.write(key, zip);
  const installed = await callApi(ports, 'installModel', {}, { modelId: 'starter', uploadKey: key, sha256 });
  return installed.id;
}

async function saveOrgans(ports: MemoryPorts): Promise<string> {
  const path = { definitionId: 'organs' };
  await callApi(ports, 'putDefinition', { path }, { criteria: CRITERIA });
  const report = await callApi(ports, 'validateDefinition', { path });
  expect(report).toMatchObject({ sessions: 8, complete: 8, subjects: 8, warnings: [] });
  const save = await callApi(ports, 'saveDataset', { path }, { split: SPLIT });
  const started = ports.workflows.executions.at(-1);
  expect(started).toMatchObject({ machine: 'save-dataset', name: save.id });
  const datasetId = await runSave(ports, started?.input as SaveDatasetInput);
  const finished = await callApi(ports, 'getDatasetSave', { path: { saveId: save.id } });
  expect(finished).toMatchObject({ state: 'succeeded', datasetId });
  return datasetId;
}

async function promoteBest(ports: MemoryPorts, runId: string, modelId: string): Promise<string> {
  const { items } = await callApi(ports, 'listCheckpoints', { path: { runId } });
  const best = items.find(({ role }) => role === 'best');
  const promotion = await callApi(
    ports,
    'promoteCheckpoint',
    {},
    { runId, checkpointId: best?.id ?? '', modelId },
  );
  await promoteModel(ports.workflows.executions.at(-1)?.input as ReleaseModelInput, ports);
  const { state, modelVersionId } = await callApi(ports, 'getPromotion', {
    path: { promotionId: promotion.id },
  });
  expect(state).toBe('succeeded');
  return modelVersionId ?? '';
}

describe('the workflow behind the API', () => {
  it('goes from a bundle zip over a dataset, a run, a promotion and a fine-tuning to an exported bundle', async () => {
    const ports = createMemoryPorts();
    const starter = await installStarter(ports);
    expect(starter).toBe('starter.v1');
    const automation = { path: { automationId: 'auto' } };
    expect(await callApi(ports, 'putAutomation', automation, { modelVersionId: starter })).toMatchObject({
      version: 1,
      spacingMm: [2, 2, 2],
    });
    for (let number = 1; number <= 8; number++) await addCase(ports, number);
    const datasetId = await saveOrgans(ports);

    const config = { path: { trainingConfigId: 'quick' } };
    await callApi(ports, 'putTrainingConfig', config, { bakedIn: { maxEpochs: 8 }, runtime: ['seed'] });
    const launch = { trainingConfigId: 'quick', datasetId, modelVersionId: starter, parameters: { seed: 3 } };
    const estimate = await callApi(ports, 'estimateRun', {}, launch);
    const run = await callApi(ports, 'launchRun', {}, { ...launch, mode: 'initial' });
    expect(run).toMatchObject({
      state: 'queued',
      estimateUsd: estimate.estimateUsd,
      parameters: { maxEpochs: 8, seed: 3 },
    });
    await runTraining(ports, run.id);
    const promoted = await promoteBest(ports, run.id, 'organs');
    expect(promoted).toBe('organs.v1');

    const tuned = await callApi(
      ports,
      'launchRun',
      {},
      { ...launch, mode: 'fine-tune', modelVersionId: promoted },
    );
    await runTraining(ports, tuned.id);
    expect(await promoteBest(ports, tuned.id, 'organs')).toBe('organs.v2');
    const version = await callApi(ports, 'getModelVersion', { path: { modelVersionId: 'organs.v2' } });
    expect(version).toMatchObject({ testLooks: 2, testDice: { Liver: 0.93, Spleen: null } });
    expect(version.lineage).toMatchObject({ parent: 'organs.v1', runId: tuned.id, datasetId });

    const created = await callApi(
      ports,
      'createExport',
      {},
      { modelVersionId: 'organs.v2', format: 'monai-bundle' },
    );
    const plan = {
      schemaVersion: 1 as const,
      project: PROJECT,
      exportId: created.id,
      modelVersionId: 'organs.v2',
    };
    await planExport(plan, ports, HOST);
    const bundle = await ports.objects.write(
      `${objectKeys.exportPrefix(PROJECT, created.id)}bundle.zip`,
      textBytes('zip'),
    );
    const result = {
      schemaVersion: 1,
      modelVersionId: 'organs.v2',
      finishedAt: '2026-01-01T02:00:00Z',
      bundle,
      parityMaxDifference: 0,
    };
    await ports.objects.write(
      objectKeys.exportResult(PROJECT, created.id),
      textBytes(JSON.stringify(result)),
    );
    await registerExport(plan, ports);
    const { url, export: done } = await callApi(ports, 'getExport', { path: { exportId: created.id } });
    expect(done.state).toBe('succeeded');
    expect(url).toContain(bundle.key);
  });
});
