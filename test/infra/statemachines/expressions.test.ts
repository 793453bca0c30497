import { describe, expect, it } from '@jest/globals';
import { objectKeys } from '../../../src/contracts/object-keys.ts';
import type { ImagingStage } from '../../../src/contracts/stage-names.ts';
import {
  BuildMaskInput,
  CertifyCaseInput,
  ConvertSeriesInput,
  PublishResourcesInput,
  QuarantineCaseInput,
  RegisterCaseInput,
  ReleaseSessionInput,
  ResampleVolumeInput,
} from '../../../src/contracts/stages/prepare-session.ts';
import { PlanExportInput } from '../../../src/contracts/stages/release-model.ts';
import {
  FreezeItemsInput,
  ResolveDatasetInput,
  SaveManifestInput,
} from '../../../src/contracts/stages/save-dataset.ts';
import { evaluateJsonata, findState, readDefinition } from '../../helpers/state-machines.ts';

const sha256 = 'a'.repeat(64);
const ref = (key: string) => ({ key, sha256, sizeBytes: 1 });
const session = {
  archiveId: 'xnat',
  project: 'LIVER',
  subject: 'XNAT_S00001',
  session: 'XNAT_E00001',
  generation: 2,
  execution: 'abc-g2-a1',
};
const caseTarget = {
  caseId: 'b'.repeat(32),
  automation: {
    automationId: 'liver',
    version: 1,
    modelVersionId: 'liver.v1',
    labelMap: ref('map'),
    spacingMm: [2, 2, 2],
    policies: {},
  },
};
const target = {
  seriesUid: '1.2.3',
  scanId: '4',
  seriesDescription: 'CT',
  modality: 'CT',
  slices: ref('slices'),
  voxelCount: 100,
  roi: { assessorId: 'XNAT_E00002', collectionType: 'RTSTRUCT', savedAt: '2026-01-01', content: ref('roi') },
  cases: [caseTarget],
  problem: null,
};
const converted = {
  image: ref('i'),
  geometry: ref('g'),
  sizeIjk: [1, 1, 1],
  spacingMm: [1, 1, 1],
  units: 'HU',
};
const built = { mask: ref('m'), report: ref('r') };
const resampled = { image: ref('i'), mask: ref('m'), report: ref('r') };
const certified = { certificate: ref('c'), outcome: 'ready', reasons: [] };
const published = { resources: [], publishedTo: null };
const variables = { session, caseTarget, target, converted, built, resampled, certified, published };

const prepare = readDefinition('prepare-session');
const payload = (name: string, extra: Record<string, unknown> = {}) =>
  evaluateJsonata(findState(prepare, name).Arguments?.Payload, { ...variables, ...extra });

describe('what prepare-session hands to its stages', () => {
  it.each([
    ['ConvertSeries', ConvertSeriesInput],
    ['BuildMask', BuildMaskInput],
    ['ResampleVolume', ResampleVolumeInput],
    ['CertifyCase', CertifyCaseInput],
    ['PublishResources', PublishResourcesInput],
    ['RegisterCase', RegisterCaseInput],
  ])('is what %s reads', async (name, schema) => {
    expect(schema.safeParse(await payload(name)).error).toBeUndefined();
  });

  it('is what QuarantineCase reads, for a failure caught at a stage', async () => {
    const caught = await evaluateJsonata(findState(prepare, 'BuildMask').Catch?.[0]?.Assign, {
      ...variables,
      states: { errorOutput: { Error: 'UnmappedRegion', Cause: '{"errorMessage":"no entry"}' } },
    });
    const { caseFailure } = caught as { caseFailure: unknown };
    const input = (await payload('QuarantineCase', { caseFailure })) as Record<string, unknown>;
    expect(QuarantineCaseInput.omit({ cases: true }).safeParse(omit(input, 'cases')).error).toBeUndefined();
    expect(input).toMatchObject({ stage: 'BuildMask', error: 'UnmappedRegion', cases: [caseTarget] });
  });

  it('has a cause even when Step Functions gives none', async () => {
    const assign = findState(prepare, 'BuildMask').Catch?.[0]?.Assign;
    const caught = await evaluateJsonata(assign, { states: { errorOutput: { Error: 'States.Timeout' } } });
    expect(caught).toEqual({
      caseFailure: { stage: 'BuildMask', error: 'States.Timeout', cause: 'States.Timeout' },
    });
  });

  it('is what ReleaseSession reads', async () => {
    const request = { ...session, schemaVersion: 1, uploadManifestKey: null };
    const failure = { stage: 'FetchScans', error: 'NotFound', cause: 'gone' };
    for (const sessionFailure of [null, failure]) {
      const input = await payload('ReleaseSession', { request, sessionFailure });
      expect(ReleaseSessionInput.parse(input).failure).toEqual(sessionFailure);
    }
  });

  it('turns a problem that FetchScans found into a failure of the series', async () => {
    const take = findState(prepare, 'TakeSeries').Assign;
    const problem = { code: 'EmptyRtstruct', message: 'no contour', stage: 'FetchScans' };
    expect(await evaluateJsonata(take, { states: { input: { ...target, problem } } })).toMatchObject({
      failure: { stage: 'FetchScans', error: 'EmptyRtstruct', cause: 'no contour' },
    });
    expect(await evaluateJsonata(take, { states: { input: target } })).toMatchObject({ failure: null });
  });
});

describe('a series too big for a function', () => {
  const QUESTIONS = ['IsSeriesLarge', 'IsMaskLarge', 'IsVolumeLarge', 'IsCertificateLarge'];
  it.each(QUESTIONS)('is told by %s above the threshold, and not at it', async (question) => {
    const [choice] = findState(prepare, question).Choices ?? [];
    const isLarge = (voxelCount: number) =>
      evaluateJsonata(choice?.Condition, { target: { voxelCount }, batchVoxelThreshold: '100' });
    expect(await isLarge(101)).toBe(true);
    expect(await isLarge(100)).toBe(false);
  });

  const JOBS: [string, ImagingStage, string][] = [
    ['ConvertSeries', 'convert-series', target.seriesUid],
    ['BuildMask', 'build-mask', caseTarget.caseId],
    ['ResampleVolume', 'resample-volume', caseTarget.caseId],
    ['CertifyCase', 'certify-case', caseTarget.caseId],
  ];
  it.each(JOBS)(
    '%s on Batch gets the same input, through the keys of the contract',
    async (name, stage, item) => {
      const key = (kind: string) =>
        objectKeys.work(session.project, session.execution, `${item}/${stage}.${kind}.json`);
      const stored = findState(prepare, `Store${name}Input`).Arguments;
      const job = await evaluateJsonata(
        findState(prepare, `${name}OnBatch`).Arguments?.Parameters,
        variables,
      );
      const read = await evaluateJsonata(findState(prepare, `Read${name}Output`).Arguments?.Key, variables);
      expect(stored?.Body).toEqual(findState(prepare, name).Arguments?.Payload);
      expect(await evaluateJsonata(stored?.Key, variables)).toBe(key('input'));
      expect(job).toEqual({ stage, project: 'LIVER', inputKey: key('input'), outputKey: key('output') });
      expect(read).toBe(key('output'));
    },
  );
});

describe('what save-dataset hands on', () => {
  const request = {
    schemaVersion: 1,
    project: 'LIVER',
    definitionId: 'd',
    saveId: 's',
    split: { seed: 1, train: 0.6, validation: 0.2, test: 0.2 },
    requestedBy: 'u',
  };
  it.each([
    ['ResolveDataset', ResolveDatasetInput],
    ['FreezeItems', FreezeItemsInput],
    ['SaveManifest', SaveManifestInput],
  ])('is what %s reads', async (name, schema) => {
    const state = findState(readDefinition('save-dataset'), name);
    const input = await evaluateJsonata(state.Arguments?.Payload, {
      request,
      catalogue: ref('c'),
      draft: ref('d'),
      sizeBytes: 5,
    });
    const { error } = schema.safeParse(input);
    expect(error?.issues.filter(({ path }) => path[0] !== 'split') ?? []).toEqual([]);
  });
});

describe('jobs of the trainer', () => {
  const resources = findState(readDefinition('train-model'), 'RunTraining').Arguments?.ContainerOverrides;
  const plan = { vcpus: '8', memoryMib: '28000', gpus: 1 };

  it('ask for a GPU only when the plan says so', async () => {
    expect(await evaluateJsonata(resources, { plan })).toEqual({
      ResourceRequirements: [
        { Type: 'VCPU', Value: '8' },
        { Type: 'MEMORY', Value: '28000' },
        { Type: 'GPU', Value: '1' },
      ],
    });
    expect(await evaluateJsonata(resources, { plan: { ...plan, gpus: 0 } })).toEqual({
      ResourceRequirements: [
        { Type: 'VCPU', Value: '8' },
        { Type: 'MEMORY', Value: '28000' },
      ],
    });
  });
});

describe('release-model', () => {
  const release = readDefinition('release-model');
  const request = { schemaVersion: 1, project: 'LIVER', export: { exportId: 'e', modelVersionId: null } };

  it('exports the version that was just promoted when none is named', async () => {
    const assign = findState(release, 'PromoteModel').Assign;
    const states = { result: { Payload: { modelVersionId: 'liver.v2' } } };
    expect(await evaluateJsonata(assign, { states, modelVersionId: null })).toEqual({
      modelVersionId: 'liver.v2',
    });
    expect(await evaluateJsonata(assign, { states, modelVersionId: 'liver.v1' })).toEqual({
      modelVersionId: 'liver.v1',
    });
  });

  it('hands PlanExport what it reads', async () => {
    const input = await evaluateJsonata(findState(release, 'PlanExport').Arguments?.Payload, {
      request,
      modelVersionId: 'liver.v2',
    });
    expect(PlanExportInput.safeParse(input).error).toBeUndefined();
  });
});

function omit(value: Record<string, unknown>, key: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
}
