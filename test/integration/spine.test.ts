import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { unzipSync } from 'fflate';
import { AUTOMATION_ID, MODEL_ID } from '../../local/demo/set-up-project.ts';
import { LOCAL_ARCHIVE_ID } from '../../local/machine/connect-archive.ts';
import { download, exportModel, promote, saveDataset } from '../../src/cli/wait-for.ts';
import { Certificate } from '../../src/contracts/certificate.ts';
import { UPLOAD_ARCHIVE_ID } from '../../src/contracts/identifiers.ts';
import type { CaseRecord, RecordOf } from '../../src/contracts/records.ts';
import { IMAGING_STAGES } from '../../src/contracts/stage-names.ts';
import { contourSlot } from '../../src/pipeline/case-identity.ts';
import { contourflow } from './command-line.ts';
import { deployedRecords, stageJobsOf } from './deployed.ts';
import { BATCH_VOXEL_THRESHOLD } from './machine.ts';
import { newProject, type TestProject } from './project.ts';
import { countLabels, downloadResource, readBlob, resourceOf } from './scan-resources.ts';
import { archive, awaitCases, LARGE_SUBJECT, phantom, saveContours, upload } from './sessions.ts';
import { CONFIG_ID, DEFINITION_ID, defineDataset, launch, SPLIT } from './training.ts';

/** Subjects 1 to 5 go into the XNAT, every second one with AIM; the sixth comes by S3. */
const ARCHIVED = [1, 2, 3, 4, 5];
const UPLOADED = 6;
/** `region2MaskValueMap.txt` of the phantoms. */
const MASK_VALUES = { Liver: 10, Spleen: 20, Kidney: 30 } as const;
/** The derived RTSTRUCT goes through pixel coordinates with six digits: a vertex may fall on the other side. */
const AIM_VOXELS = 0.01;
const EPOCHS = 4;

describe('from saved contours to an exported model', () => {
  let project: TestProject;
  let cases: CaseRecord[];
  let dataset: RecordOf<'dataset'>;
  let runId: string;
  let promoted: string;
  const subjects = new Map<string, number>();

  beforeAll(async () => {
    project = await newProject('spine');
    for (const subject of ARCHIVED) {
      const patient = phantom(subject);
      const session = await archive(project, patient);
      subjects.set(session, subject);
      await saveContours(project, session, patient, { type: subject % 2 === 0 ? 'AIM' : 'RTSTRUCT' });
    }
    const patient = phantom(UPLOADED);
    subjects.set(patient.session, UPLOADED);
    await upload(project, patient);
    await contourflow('login', 'owner');
  }, 180_000);

  it('makes a ready case of every session, however its contours came', async () => {
    cases = await awaitCases(project, [...subjects.keys()], 'ready');
    expect(cases.filter(({ archiveId }) => archiveId === UPLOAD_ARCHIVE_ID)).toHaveLength(1);
    const all = await project.member.call('listCases', { project: project.id }, { limit: 100 });
    expect(all.items).toHaveLength(subjects.size);
  }, 300_000);

  it('draws every organ with the voxels of the phantom it was drawn on', async () => {
    for (const one of cases) {
      const subject = subjects.get(one.session) ?? 0;
      const { voxels } = phantom(subject).truth;
      const counts = countLabels(await readBlob(project, resourceOf(one, 'MASK_NATIVE')));
      const isAim = ARCHIVED.includes(subject) && subject % 2 === 0;
      for (const [name, value] of Object.entries(MASK_VALUES)) {
        const truth = voxels[name as keyof typeof MASK_VALUES];
        const allowed = isAim ? AIM_VOXELS * truth : 0;
        expect(Math.abs((counts[value] ?? 0) - truth)).toBeLessThanOrEqual(allowed);
      }
    }
  }, 60_000);

  it('certifies each case within its gates', async () => {
    for (const { id } of cases) {
      const answer = await project.member.call('getCertificate', { project: project.id, caseId: id });
      const { regions, unit } = Certificate.parse(answer.certificate);
      expect(unit).toBe('HU');
      expect(regions.map(({ name }) => name).toSorted()).toEqual(Object.keys(MASK_VALUES).toSorted());
    }
  }, 60_000);

  it('writes image, masks, certificate and picture back to the scan in the XNAT, byte for byte', async () => {
    const [first] = cases.filter(({ archiveId }) => archiveId === LOCAL_ARCHIVE_ID);
    if (!first) throw new Error('no case came from the XNAT');
    expect(first.resources.map(({ label }) => label).toSorted()).toEqual([
      'image-native',
      `${AUTOMATION_ID}-certificate`,
      `${AUTOMATION_ID}-image`,
      `${AUTOMATION_ID}-mask`,
      `${AUTOMATION_ID}-mask-native`,
      `${AUTOMATION_ID}-qa`,
    ]);
    for (const resource of first.resources) {
      const bytes = await downloadResource(project, first, resource);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(resource.object.sha256);
    }
  }, 60_000);

  it('takes the series above the voxel threshold through Batch and the others through functions', async () => {
    const large = ARCHIVED.filter((subject) => {
      const { columns, rows, slices } = phantom(subject).truth.grid;
      return columns * rows * slices > BATCH_VOXEL_THRESHOLD;
    });
    expect(large).toEqual([LARGE_SUBJECT]);
    for (const { archiveId, session } of cases) {
      const jobs = await stageJobsOf(project, { archiveId, project: project.id, session });
      const expected = subjects.get(session) === LARGE_SUBJECT ? [...IMAGING_STAGES].toSorted() : [];
      expect({ session, jobs }).toEqual({ session, jobs: expected });
    }
  }, 60_000);

  it('keeps the edge from a contour to its case', async () => {
    const records = await deployedRecords(project);
    for (const one of cases) {
      const contour = contourSlot(one, one.assessorId, AUTOMATION_ID);
      expect(await records.linked(project.id, contour, 'case')).toEqual([one.id]);
    }
  }, 60_000);

  it('freezes a dataset whose subjects do not cross partitions', async () => {
    const report = await defineDataset(project);
    expect(report).toMatchObject({
      sessions: subjects.size,
      complete: subjects.size,
      subjects: subjects.size,
    });
    const datasetId = await saveDataset(project.owner, project.id, DEFINITION_ID, SPLIT);
    dataset = await project.owner.call('getDataset', { project: project.id, datasetId });
    const split = Object.values(dataset.subjects).flat();
    expect(new Set(split).size).toBe(subjects.size);
    expect(split).toHaveLength(subjects.size);
    expect(dataset.subjects.test?.length).toBeGreaterThan(0);
    // The same cases, definition and split are the same dataset.
    expect(await saveDataset(project.owner, project.id, DEFINITION_ID, SPLIT)).toBe(datasetId);
    const records = await deployedRecords(project);
    for (const { id } of cases) {
      expect(await records.linked(project.id, { entity: 'case', id }, 'dataset')).toEqual([datasetId]);
    }
  }, 120_000);

  it('trains, and shows epochs and log lines on the command line while it runs', async () => {
    runId = await launch(project, dataset, project.modelVersionId, 'initial', EPOCHS);
    const [watched, logged] = await Promise.all([
      contourflow('--project', project.id, 'runs', 'watch', runId),
      contourflow('--project', project.id, 'runs', 'logs', runId, '--follow'),
    ]);
    expect(watched).toMatchObject({ code: 0, err: '' });
    expect(watched.out).toMatch(/epoch +1 .*train_loss/);
    expect(watched.out).toMatch(new RegExp(`epoch +${EPOCHS} .*val_mean_dice`));
    expect(watched.out).toMatch(/run is succeeded\n$/);
    expect(logged.code).toBe(0);
    expect(logged.out.split('\n').length).toBeGreaterThan(EPOCHS);
  }, 300_000);

  it('has results on the locked test split, event files and checkpoints', async () => {
    const path = { project: project.id, runId };
    const { run, result } = await project.owner.call('getRun', path);
    expect(run).toMatchObject({ state: 'succeeded', mode: 'initial', reason: null });
    expect(result?.training).toMatchObject({ epochs: EPOCHS, resumes: 0 });
    const [candidate] = result?.evaluation?.candidates ?? [];
    expect(candidate?.regions.map(({ name }) => name)).toEqual(dataset.classes.map(({ name }) => name));
    expect(candidate?.regions[0]?.cases).toHaveLength(dataset.subjects.test?.length ?? 0);
    const { files } = await project.owner.call('listEventFiles', path);
    expect(files.some(({ name }) => name.includes('events.out.tfevents'))).toBe(true);
    const { testLooks } = await project.owner.call('getDataset', {
      project: project.id,
      datasetId: dataset.id,
    });
    expect(testLooks).toBe(1);
  }, 60_000);

  const promoteBest = async (run: string): Promise<string> => {
    const { items } = await project.owner.call('listCheckpoints', { project: project.id, runId: run });
    const checkpointId = items.find(({ role }) => role === 'best')?.id ?? '';
    return promote(project.owner, project.id, { runId: run, checkpointId, modelId: MODEL_ID });
  };

  it('promotes the best checkpoint to a model version with its lineage', async () => {
    promoted = await promoteBest(runId);
    const path = { project: project.id, modelVersionId: promoted };
    const version = await project.owner.call('getModelVersion', path);
    expect(version).toMatchObject({ state: 'promoted', version: 2 });
    expect(version.lineage).toMatchObject({
      parent: null,
      runId,
      checkpointId: `${runId}.best`,
      datasetId: dataset.id,
    });
    // Validation subjects chose the checkpoint, and so were learned from; the locked ones were not.
    const { training = [], validation = [] } = dataset.subjects;
    expect(version.lineage.trainingSubjects).toEqual([...training, ...validation].toSorted());
    expect(version.testDice).not.toEqual({});
  }, 60_000);

  it('fine-tunes from the promoted version, which becomes the parent of what comes of it', async () => {
    const fineTuned = await launch(project, dataset, promoted, 'fine-tune', 2);
    const watched = await contourflow('--project', project.id, 'runs', 'watch', fineTuned);
    expect(watched.code).toBe(0);
    const { run, result } = await project.owner.call('getRun', { project: project.id, runId: fineTuned });
    expect(run).toMatchObject({ mode: 'fine-tune', modelVersionId: promoted, trainingConfigId: CONFIG_ID });
    expect(result?.evaluation).not.toBeNull();
    const next = await promoteBest(fineTuned);
    const path = { project: project.id, modelVersionId: next };
    const { lineage } = await project.owner.call('getModelVersion', path);
    expect(lineage).toMatchObject({ parent: promoted, runId: fineTuned });
  }, 300_000);

  it('exports a bundle zip with what MONAI needs to run it', async () => {
    const { export: made, url } = await exportModel(project.owner, project.id, promoted);
    expect(made.state).toBe('succeeded');
    expect(made.parityMaxDifference).toBeLessThan(1e-4);
    const zip = await download(url ?? '');
    expect(createHash('sha256').update(zip).digest('hex')).toBe(made.bundle?.sha256);
    const files = unzipSync(zip);
    expect(Object.keys(files)).toEqual(
      expect.arrayContaining(['configs/metadata.json', 'configs/inference.json', 'models/model.pt']),
    );
    const metadata = JSON.parse(new TextDecoder().decode(files['configs/metadata.json']));
    expect(metadata).toHaveProperty('network_data_format');
  }, 180_000);
});
