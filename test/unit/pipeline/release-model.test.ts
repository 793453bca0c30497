import { describe, expect, it } from '@jest/globals';
import { PipelineError } from '../../../src/contracts/errors.ts';
import { objectKeys } from '../../../src/contracts/object-keys.ts';
import type { ReleaseModelInput } from '../../../src/contracts/stages/release-model.ts';
import { ExportSpec } from '../../../src/contracts/training.ts';
import { collectResults } from '../../../src/pipeline/collect-results.ts';
import { notifyRun } from '../../../src/pipeline/notify-run.ts';
import { planExport } from '../../../src/pipeline/plan-export.ts';
import { planRun } from '../../../src/pipeline/plan-run.ts';
import { promoteModel } from '../../../src/pipeline/promote-model.ts';
import { registerExport } from '../../../src/pipeline/register-export.ts';
import type { MemoryPorts } from '../../helpers/memory-ports.ts';
import {
  addDataset,
  addModelVersion,
  addRun,
  CLASSES,
  DATASET_ID,
  leaveEvaluationResult,
  leaveTrainingResult,
  PROJECT,
  projectPorts,
} from '../training/workflow-fixture.ts';

const HOST = {
  jobQueueArn: 'arn:aws:batch:eu-west-1:1:job-queue/q',
  vcpus: '4',
  memoryMib: '14000',
  gpus: 0,
};
const RUN = { schemaVersion: 1, project: PROJECT, runId: 'run-1' } as const;

async function trained(run: Parameters<typeof addRun>[1] = {}): Promise<MemoryPorts> {
  const ports = await projectPorts();
  await addDataset(ports);
  await addModelVersion(ports, {
    lineage: {
      importedFrom: 'a'.repeat(64),
      parent: null,
      runId: null,
      checkpointId: null,
      datasetId: null,
      trainingSubjects: ['S9'],
    },
  });
  await addRun(ports, run);
  await planRun(RUN, ports, HOST);
  await leaveTrainingResult(ports);
  await collectResults(RUN, ports);
  await leaveEvaluationResult(ports);
  await notifyRun(RUN, ports);
  return ports;
}

async function promotion(ports: MemoryPorts, role = 'best', id = 'promotion-1'): Promise<ReleaseModelInput> {
  const promoted = { runId: 'run-1', checkpointId: `run-1.${role}`, modelId: 'organs' };
  await ports.records.create({
    entity: 'promotion',
    project: PROJECT,
    id,
    state: 'running',
    ...promoted,
    modelVersionId: null,
    problem: null,
    requestedBy: 'the-owner',
  });
  const base = { schemaVersion: 1, project: PROJECT, requestedBy: 'the-owner', export: null } as const;
  return { ...base, promotion: { promotionId: id, ...promoted } };
}

describe('promoteModel', () => {
  it('makes a version with its own copy of the weights, lineage and test results', async () => {
    const ports = await trained();
    const { modelVersionId } = await promoteModel(await promotion(ports), ports);
    expect(modelVersionId).toBe('organs.v1');
    const version = await ports.records.get('model-version', PROJECT, 'organs.v1');
    expect(version).toMatchObject({
      state: 'promoted',
      modelId: 'organs',
      version: 1,
      classes: CLASSES,
      preprocessing: { spacingMm: [2, 2, 2] },
      testDice: { Liver: 0.93, Spleen: null },
      testLooks: 1,
      lineage: {
        importedFrom: null,
        parent: null,
        runId: 'run-1',
        checkpointId: 'run-1.best',
        datasetId: DATASET_ID,
        trainingSubjects: ['S1', 'S2', 'S3', 'S4'],
      },
    });
    expect(version?.weights.key).toBe(`projects/${PROJECT}/models/organs.v1/model.pt`);
    const bytes = await ports.objects.read(version?.weights ?? { key: '' });
    expect(new TextDecoder().decode(bytes)).toBe('run-1 best weights');
    expect(await ports.records.get('promotion', PROJECT, 'promotion-1')).toMatchObject({
      state: 'succeeded',
      modelVersionId,
    });
    expect((await ports.records.get('checkpoint', PROJECT, 'run-1.best'))?.state).toBe('promoted');
    const run = { entity: 'run', id: 'run-1' };
    expect(await ports.records.linked(PROJECT, run, 'model-version')).toEqual(['organs.v1']);
  });

  it("adds the ancestors' subjects and origin when the run fine-tuned", async () => {
    const ports = await trained({ mode: 'fine-tune' });
    await promoteModel(await promotion(ports), ports);
    const version = await ports.records.get('model-version', PROJECT, 'organs.v1');
    expect(version?.lineage).toMatchObject({
      importedFrom: 'a'.repeat(64),
      parent: 'starter.v1',
      trainingSubjects: ['S1', 'S2', 'S3', 'S4', 'S9'],
    });
  });

  it("counts the looks on an imported ancestor's card too when the run fine-tuned, not otherwise", async () => {
    for (const [mode, testLooks] of [
      ['fine-tune', 4],
      ['initial', 1],
    ] as const) {
      const ports = await trained({ mode });
      await ports.records.update('model-version', PROJECT, 'starter.v1', (parent) => ({
        ...parent,
        testLooks: 3,
      }));
      await promoteModel(await promotion(ports), ports);
      expect((await ports.records.get('model-version', PROJECT, 'organs.v1'))?.testLooks).toBe(testLooks);
    }
  });

  it('has no test results for a checkpoint that was never looked at', async () => {
    const ports = await trained();
    await promoteModel(await promotion(ports, 'last'), ports);
    expect((await ports.records.get('model-version', PROJECT, 'organs.v1'))?.testDice).toEqual({});
  });

  it('gives consecutive numbers to consecutive promotions', async () => {
    const ports = await trained();
    await promoteModel(await promotion(ports), ports);
    const second = await promoteModel(await promotion(ports, 'last', 'promotion-2'), ports);
    expect(second.modelVersionId).toBe('organs.v2');
    expect((await ports.records.get('model', PROJECT, 'organs'))?.latestVersion).toBe(2);
  });

  it('ends with the same version when it is repeated after a crash', async () => {
    const ports = await trained();
    const input = await promotion(ports);
    const { writeOnce } = ports.objects;
    ports.objects.writeOnce = async () => {
      throw new PipelineError('UpstreamError', 'the machine went away');
    };
    await expect(promoteModel(input, ports)).rejects.toMatchObject({ code: 'UpstreamError' });
    ports.objects.writeOnce = writeOnce;
    expect(await promoteModel(input, ports)).toEqual({ modelVersionId: 'organs.v1' });
    expect(await promoteModel(input, ports)).toEqual({ modelVersionId: 'organs.v1' });
    expect((await ports.records.list('model-version', PROJECT)).items).toHaveLength(2);
  });

  it('refuses an input without a promotion', async () => {
    const ports = await trained();
    const input = { ...(await promotion(ports)), promotion: null };
    await expect(promoteModel(input, ports)).rejects.toMatchObject({ code: 'InvalidRequest' });
  });
});

describe('planExport and registerExport', () => {
  const EXPORT = {
    schemaVersion: 1,
    project: PROJECT,
    exportId: 'export-1',
    modelVersionId: 'organs.v1',
  } as const;

  async function exported() {
    const ports = await trained();
    await promoteModel(await promotion(ports), ports);
    await ports.records.create({
      entity: 'export',
      project: PROJECT,
      id: 'export-1',
      state: 'running',
      modelVersionId: 'organs.v1',
      format: 'monai-bundle',
      bundle: null,
      parityMaxDifference: null,
      problem: null,
      requestedBy: 'the-owner',
    });
    return ports;
  }

  async function leaveBundle(ports: MemoryPorts): Promise<void> {
    const key = `${objectKeys.exportPrefix(PROJECT, 'export-1')}bundle.zip`;
    const bundle = await ports.objects.write(key, new TextEncoder().encode('zip'));
    const result = {
      schemaVersion: 1,
      modelVersionId: 'organs.v1',
      finishedAt: '2026-01-01T02:00:00Z',
      bundle,
      parityMaxDifference: 1e-6,
    };
    await ports.objects.write(
      objectKeys.exportResult(PROJECT, 'export-1'),
      new TextEncoder().encode(JSON.stringify(result)),
    );
  }

  it('writes a spec with a model card of run, data and lineage', async () => {
    const ports = await exported();
    const { specKey, jobQueue } = await planExport(EXPORT, ports, HOST);
    expect(jobQueue).toBe(HOST.jobQueueArn);
    const spec = ExportSpec.parse(
      JSON.parse(new TextDecoder().decode(await ports.objects.read({ key: specKey }))),
    );
    expect(spec.modelCard).toMatchObject({
      version: 'organs.v1',
      testDice: { Liver: 0.93 },
      trainingData: { dataset: DATASET_ID, cases: 5 },
      lineage: { run: 'run-1', subjectsLearnedFrom: 4 },
      testLooks: expect.stringContaining('1 run(s) had looked at a test subject'),
    });
  });

  it('plans the export of an imported version, of which less is known', async () => {
    const ports = await exported();
    const { specKey } = await planExport({ ...EXPORT, modelVersionId: 'starter.v1' }, ports, HOST);
    expect(new TextDecoder().decode(await ports.objects.read({ key: specKey }))).toContain('imported');
  });

  it('finishes the export with the bundle and its parity', async () => {
    const ports = await exported();
    await leaveBundle(ports);
    const { bundleKey } = await registerExport(EXPORT, ports);
    expect(await ports.records.get('export', PROJECT, 'export-1')).toMatchObject({
      state: 'succeeded',
      bundle: { key: bundleKey },
      parityMaxDifference: 1e-6,
    });
  });

  it.each([['gone'], ['cut short']])('refuses a bundle that is %s', async (what) => {
    const ports = await exported();
    await leaveBundle(ports);
    const key = `${objectKeys.exportPrefix(PROJECT, 'export-1')}bundle.zip`;
    if (what === 'gone') ports.objects.contents.delete(key);
    else ports.objects.contents.set(key, new Uint8Array(1));
    await expect(registerExport(EXPORT, ports)).rejects.toMatchObject({ code: 'ExportFailed' });
    expect((await ports.records.get('export', PROJECT, 'export-1'))?.state).toBe('running');
  });
});
