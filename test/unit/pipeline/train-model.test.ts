import { describe, expect, it } from '@jest/globals';
import { objectKeys } from '../../../src/contracts/object-keys.ts';
import { EvaluationSpec, TrainingSpec } from '../../../src/contracts/training.ts';
import { collectResults } from '../../../src/pipeline/collect-results.ts';
import { notifyRun } from '../../../src/pipeline/notify-run.ts';
import { planRun } from '../../../src/pipeline/plan-run.ts';
import type { MemoryPorts } from '../../helpers/memory-ports.ts';
import {
  addDataset,
  addModelVersion,
  addRun,
  DATASET_ID,
  leaveEvaluationResult,
  leaveTrainingResult,
  PROJECT,
  projectPorts,
} from '../training/workflow-fixture.ts';

const INPUT = { schemaVersion: 1, project: PROJECT, runId: 'run-1' } as const;
const HOST = {
  jobQueueArn: 'arn:aws:batch:eu-west-1:1:job-queue/q',
  vcpus: '4',
  memoryMib: '14000',
  gpus: 1,
};

async function arranged(run: Parameters<typeof addRun>[1] = {}): Promise<MemoryPorts> {
  const ports = await projectPorts();
  await addDataset(ports);
  await addModelVersion(ports);
  await addRun(ports, run);
  return ports;
}

async function readJson(ports: MemoryPorts, key: string): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await ports.objects.read({ key })));
}

describe('planRun', () => {
  it('writes the spec and answers with what the job needs', async () => {
    const ports = await arranged();
    expect(await planRun(INPUT, ports, HOST)).toEqual({
      specKey: objectKeys.trainingSpec(PROJECT, 'run-1'),
      evaluationSpecKey: objectKeys.evaluationSpec(PROJECT, 'run-1'),
      jobQueue: HOST.jobQueueArn,
      timeoutSeconds: 3600,
      vcpus: '4',
      memoryMib: '14000',
      gpus: 1,
    });
    const spec = TrainingSpec.parse(await readJson(ports, objectKeys.trainingSpec(PROJECT, 'run-1')));
    expect(spec).toMatchObject({ runId: 'run-1', datasetId: DATASET_ID, initialWeights: null });
  });

  it('writes the same bytes when it is repeated', async () => {
    const ports = await arranged();
    const first = await planRun(INPUT, ports, HOST);
    const before = ports.objects.contents.get(first.specKey);
    expect(await planRun(INPUT, ports, HOST)).toEqual(first);
    expect(ports.objects.contents.get(first.specKey)).toEqual(before);
  });

  it('refuses a run that was stopped before it began', async () => {
    const ports = await arranged({ stopRequested: true });
    await expect(planRun(INPUT, ports, HOST)).rejects.toMatchObject({ code: 'Conflict' });
    expect(await ports.objects.stat(objectKeys.trainingSpec(PROJECT, 'run-1'))).toBeNull();
  });

  it('refuses a fine-tuning whose model learned from a test subject, even if it was launched', async () => {
    const ports = await arranged({ mode: 'fine-tune' });
    await ports.records.update('model-version', PROJECT, 'starter.v1', (version) => ({
      ...version,
      lineage: { ...version.lineage, trainingSubjects: ['S5'] },
    }));
    await expect(planRun(INPUT, ports, HOST)).rejects.toMatchObject({ code: 'TestSubjectLeak' });
  });

  it.each(['run', 'dataset', 'model-version'] as const)('names the %s when it is missing', async (entity) => {
    const ports = await arranged();
    const ids = { run: 'run-1', dataset: DATASET_ID, 'model-version': 'starter.v1' };
    await ports.records.delete(entity, PROJECT, ids[entity]);
    await expect(planRun(INPUT, ports, HOST)).rejects.toMatchObject({
      code: 'NotFound',
      message: expect.stringContaining(`no ${entity} ${ids[entity]}`),
    });
  });
});

describe('collectResults', () => {
  it('registers checkpoints, the result, and the spec of the evaluation', async () => {
    const ports = await arranged();
    await planRun(INPUT, ports, HOST);
    await leaveTrainingResult(ports);
    expect(await collectResults(INPUT, ports)).toEqual({ checkpoints: 2, bestValidationDice: 0.91 });
    const run = { entity: 'run', id: 'run-1' };
    expect((await ports.records.linked(PROJECT, run, 'checkpoint')).sort()).toEqual([
      'run-1.best',
      'run-1.last',
    ]);
    expect(await ports.records.get('checkpoint', PROJECT, 'run-1.best')).toMatchObject({
      state: 'available',
      role: 'best',
      epoch: 7,
      validationDice: 0.91,
    });
    expect(await ports.records.get('run-result', PROJECT, 'run-1')).toMatchObject({
      state: 'trained',
      evaluation: null,
    });
    const spec = EvaluationSpec.parse(await readJson(ports, objectKeys.evaluationSpec(PROJECT, 'run-1')));
    expect(spec.candidates.map(({ candidateId }) => candidateId)).toEqual(['run-1.best']);
  });

  it('counts one look at the test partition per run, however often it is repeated', async () => {
    const ports = await arranged();
    await addRun(ports, { id: 'run-2' });
    for (const runId of ['run-1', 'run-2', 'run-1']) {
      await planRun({ ...INPUT, runId }, ports, HOST);
      await leaveTrainingResult(ports, runId);
      await collectResults({ ...INPUT, runId }, ports);
      await collectResults({ ...INPUT, runId }, ports);
    }
    expect((await ports.records.get('dataset', PROJECT, DATASET_ID))?.testLooks).toBe(2);
  });

  it('looks at the starting model too after a fine-tuning', async () => {
    const ports = await arranged({ mode: 'fine-tune' });
    await planRun(INPUT, ports, HOST);
    await leaveTrainingResult(ports);
    await collectResults(INPUT, ports);
    const spec = EvaluationSpec.parse(await readJson(ports, objectKeys.evaluationSpec(PROJECT, 'run-1')));
    expect(spec.candidates.map(({ candidateId }) => candidateId)).toEqual(['run-1.best', 'starter.v1']);
  });

  it('says that a training without a result failed', async () => {
    const ports = await arranged();
    await planRun(INPUT, ports, HOST);
    await expect(collectResults(INPUT, ports)).rejects.toMatchObject({
      code: 'TrainingFailed',
      message: expect.stringContaining('contourflow runs logs run-1'),
    });
  });

  it('says what to do when no checkpoint was ever validated', async () => {
    const ports = await arranged();
    await planRun(INPUT, ports, HOST);
    const result = await leaveTrainingResult(ports);
    const checkpoints = result.checkpoints.filter(({ role }) => role !== 'best');
    const bytes = new TextEncoder().encode(JSON.stringify({ ...result, checkpoints }));
    await ports.objects.write(objectKeys.trainingResult(PROJECT, 'run-1'), bytes);
    await expect(collectResults(INPUT, ports)).rejects.toMatchObject({
      code: 'TrainingFailed',
      message: expect.stringContaining('validationInterval'),
    });
  });
});

describe('notifyRun', () => {
  it('adds the evaluation and tells the event bus the mean Dice of the checkpoint', async () => {
    const ports = await arranged();
    await planRun(INPUT, ports, HOST);
    await leaveTrainingResult(ports);
    await collectResults(INPUT, ports);
    await leaveEvaluationResult(ports);
    expect(await notifyRun(INPUT, ports)).toEqual({ testMeanDice: 0.9 });
    const result = await ports.records.get('run-result', PROJECT, 'run-1');
    expect(result).toMatchObject({ state: 'evaluated', evaluation: { partition: 'test' } });
    expect(ports.events.published).toEqual([
      {
        detailType: 'RunFinished',
        detail: {
          schemaVersion: 1,
          project: PROJECT,
          runId: 'run-1',
          bestValidationDice: 0.91,
          testMeanDice: 0.9,
        },
      },
    ]);
  });

  it('fails when the evaluation left nothing', async () => {
    const ports = await arranged();
    await expect(notifyRun(INPUT, ports)).rejects.toMatchObject({ code: 'NotFound' });
  });
});
