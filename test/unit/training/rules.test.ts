import { describe, expect, it } from '@jest/globals';
import { TrainingParameters } from '../../../src/contracts/training.ts';
import { estimateTraining, type TrainingSize } from '../../../src/training/estimate.ts';
import { requireTrainable } from '../../../src/training/launch-rules.ts';
import { requireRuntimeNames, resolveParameters } from '../../../src/training/parameters.ts';
import { addDataset, addModelVersion, CLASSES, projectPorts } from './workflow-fixture.ts';

const RULES = { bakedIn: { maxEpochs: 8, batchSize: 4 }, runtime: ['seed', 'maxEpochs'] };

describe('resolveParameters', () => {
  it('takes the default, then what is baked in, then what the launch sets', () => {
    const parameters = resolveParameters(RULES, { maxEpochs: 12 });
    expect(parameters).toEqual({ ...TrainingParameters.parse({}), maxEpochs: 12, batchSize: 4 });
  });

  it('lists every bad parameter with what it may be', () => {
    expect(() => resolveParameters(RULES, { maxEpochs: 0, batchSize: 2, colour: 'red', seed: 'x' })).toThrow(
      expect.objectContaining({
        code: 'InvalidParameters',
        details: {
          problems: [
            expect.stringContaining(
              'batchSize: the training config does not let a launch set it (it lets set: seed, maxEpochs)',
            ),
            expect.stringContaining('colour: no such parameter'),
            expect.stringMatching(/^maxEpochs: .*1/),
            expect.stringMatching(/^seed: .*number/),
          ],
        },
      }),
    );
  });

  it('says when nothing may be set', () => {
    expect(() => resolveParameters({ bakedIn: {}, runtime: [] }, { seed: 1 })).toThrow(/it lets set: none/);
  });

  it('does not take a name of Object.prototype for a parameter', () => {
    expect(() => resolveParameters({ bakedIn: {}, runtime: ['toString'] }, { toString: 1 })).toThrow(
      /no such parameter/,
    );
  });
});

describe('requireRuntimeNames', () => {
  it('accepts parameters and refuses anything else by name', () => {
    expect(() => requireRuntimeNames(['seed', 'amp'])).not.toThrow();
    expect(() => requireRuntimeNames(['seed', 'colour'])).toThrow(
      expect.objectContaining({ code: 'InvalidParameters', message: expect.stringContaining('"colour"') }),
    );
  });
});

describe('estimateTraining', () => {
  const SIZE: TrainingSize = {
    network: {
      name: 'UNet',
      channels: [8, 16, 32, 64],
      strides: [2, 2, 2],
      numResUnits: 1,
      norm: 'instance',
      dropout: 0,
    },
    patchSize: [32, 32, 32],
    parameters: TrainingParameters.parse({}),
    trainingItems: 8,
    validationItems: 2,
    hosts: [
      { instanceType: 'g6.2xlarge', usdPerHour: 0.9776 },
      { instanceType: 'g6e.2xlarge', usdPerHour: 2.2421 },
      { instanceType: 'g5.2xlarge', usdPerHour: 1.212 },
    ],
  };

  it('prices a small phantom training below 1 USD', () => {
    const { estimateUsd, hours, explanation } = estimateTraining(SIZE);
    expect(estimateUsd).toBeGreaterThan(0);
    expect(estimateUsd).toBeLessThan(1);
    expect(hours).toBeLessThan(1);
    expect(explanation).toMatch(
      /g6e\.2xlarge at 2\.2421 USD\/h \(the dearest of g6\.2xlarge, g6e\.2xlarge, g5\.2xlarge; .*2026-11.*40 epochs x 8 training volumes/,
    );
    expect(estimateUsd).toBeCloseTo(hours * 2.2421, 1);
  });

  it('names the only host of a deployment with one', () => {
    const hosts = [{ instanceType: 'm7i.2xlarge', usdPerHour: 0.4032 }];
    expect(estimateTraining({ ...SIZE, hosts }).explanation).toContain(
      'one m7i.2xlarge at 0.4032 USD/h (the only host configured;',
    );
  });

  it('puts 250 epochs of a Model Zoo sized UNet on 32 volumes between 1 and 30 USD', () => {
    const network: TrainingSize['network'] = {
      name: 'UNet',
      norm: 'batch',
      dropout: 0,
      channels: [16, 32, 64, 128, 256],
      strides: [2, 2, 2, 2],
      numResUnits: 2,
    };
    const parameters = TrainingParameters.parse({ maxEpochs: 250, patchesPerVolume: 4 });
    const { estimateUsd } = estimateTraining({
      network,
      parameters,
      patchSize: [96, 96, 96],
      trainingItems: 32,
      validationItems: 9,
      hosts: SIZE.hosts,
    });
    expect(estimateUsd).toBeGreaterThan(1);
    expect(estimateUsd).toBeLessThan(30);
  });

  it('rises with epochs, items and patch size, and counts a SegResNet too', () => {
    const big = { ...SIZE, patchSize: [128, 128, 128] as [number, number, number], trainingItems: 100 };
    const base = estimateTraining(big).hours;
    expect(estimateTraining({ ...big, trainingItems: 200 }).hours).toBeGreaterThan(base);
    expect(
      estimateTraining({ ...big, parameters: TrainingParameters.parse({ maxEpochs: 400 }) }).hours,
    ).toBeGreaterThan(base);
    const segResNet = {
      name: 'SegResNet',
      initFilters: 32,
      blocksDown: [1, 2, 2, 4],
      blocksUp: [1, 1, 1],
    } as const;
    const counted = {
      ...segResNet,
      blocksDown: [...segResNet.blocksDown],
      blocksUp: [...segResNet.blocksUp],
    };
    expect(estimateTraining({ ...big, network: counted }).hours).toBeGreaterThan(base);
  });
});

describe('requireTrainable', () => {
  const records = async (changes: Parameters<typeof addModelVersion>[1] = {}) => {
    const ports = await projectPorts();
    return { dataset: await addDataset(ports), model: await addModelVersion(ports, changes) };
  };
  const lineage = (trainingSubjects: string[]) => ({
    importedFrom: null,
    parent: null,
    runId: null,
    checkpointId: null,
    datasetId: null,
    trainingSubjects,
  });

  it('refuses to fine-tune a model whose ancestors learned from a test subject, naming it', async () => {
    const { dataset, model } = await records({ lineage: lineage(['S5', 'S9']) });
    expect(() => requireTrainable('fine-tune', dataset, model)).toThrow(
      expect.objectContaining({
        code: 'TestSubjectLeak',
        message: expect.stringContaining('1 of 1 test subjects (S5)'),
      }),
    );
    expect(() => requireTrainable('initial', dataset, model)).not.toThrow();
  });

  it('lets a model learn again from its own training and validation subjects', async () => {
    const { dataset, model } = await records({ lineage: lineage(['S1', 'S4']) });
    expect(() => requireTrainable('fine-tune', dataset, model)).not.toThrow();
  });

  it('matches classes by region name: other values are fine, no region in common is not', async () => {
    const renumbered = CLASSES.map((region) => ({
      ...region,
      maskValue: region.maskValue + 1,
      name: region.name.toUpperCase(),
    }));
    const same = await records({ classes: renumbered });
    expect(() => requireTrainable('fine-tune', same.dataset, same.model)).not.toThrow();
    const other = await records({ classes: [{ index: 1, maskValue: 10, name: 'Pancreas' }] });
    expect(() => requireTrainable('fine-tune', other.dataset, other.model)).toThrow(
      expect.objectContaining({ code: 'InvalidModel', message: expect.stringContaining('Pancreas') }),
    );
    expect(() => requireTrainable('initial', other.dataset, other.model)).not.toThrow();
  });

  it('refuses an empty partition and a tombstoned dataset', async () => {
    const { dataset, model } = await records();
    const untested = { ...dataset, subjects: { ...dataset.subjects, test: [] } };
    expect(() => requireTrainable('initial', untested, model)).toThrow(
      expect.objectContaining({
        code: 'InvalidSplit',
        message: expect.stringContaining('no subject for test'),
      }),
    );
    expect(() => requireTrainable('initial', { ...dataset, state: 'tombstoned' }, model)).toThrow(
      expect.objectContaining({ code: 'Conflict' }),
    );
  });
});
