import { exportModel, promote, saveDataset } from '../../src/cli/wait-for.ts';
import { PipelineError } from '../../src/contracts/errors.ts';
import type { CaseRecord, RecordOf } from '../../src/contracts/records.ts';
import { LOCAL_ARCHIVE_ID } from '../machine/connect-archive.ts';
import type { DataFolder } from '../machine/layout.ts';
import { ensureVenv } from '../machine/python-venv.ts';
import { type Up, up } from '../machine/up.ts';
import { createXnatAdmin, type XnatLogin } from '../xnat/admin-client.ts';
import { acceptForReview, awaitCases, currentCases } from './await-cases.ts';
import { worstNumbers } from './certificates.ts';
import { type Cohort, chooseCohort } from './cohort.ts';
import { importSessions, saveContours } from './fill-archive.ts';
import type { DemoOptions } from './options.ts';
import { type People, signInPeople } from './people.ts';
import type { Progress } from './progress.ts';
import type { DemoReport } from './report.ts';
import {
  AUTOMATION_ID,
  createProject,
  installStarter,
  MODEL_ID,
  makeStarterBundle,
} from './set-up-project.ts';
import { type TrainedRun, testDice, trainAndWatch } from './train.ts';
import { tryBundle } from './try-bundle.ts';

const DEFINITION_ID = 'all-organs';
const CONFIG_ID = 'standard';
/** Images and masks at the model's spacing, as XNAT ML's criteria name them. */
const CRITERIA = {
  Images: {
    tag: 'image',
    ResourceFormat: 'NIFTI',
    ResourceLabel: `${AUTOMATION_ID}-image`,
    ResourceContent: 'IMAGE',
  },
  Labels: {
    tag: 'label',
    ResourceFormat: 'NIFTI',
    ResourceLabel: `${AUTOMATION_ID}-mask`,
    ResourceContent: 'MASK',
  },
};
const SPLIT = { training: 0.6, validation: 0.2, test: 0.2 };
const FINE_TUNE_EPOCHS = 16;

/** What the steps hand on. */
interface Stage {
  readonly options: DemoOptions;
  readonly folder: DataFolder;
  readonly machine: Up;
  readonly people: People;
  readonly project: string;
  readonly cohort: Cohort;
  readonly progress: Progress;
}

/** The whole workflow, step by step, through the API, the XNAT and S3 only, as its users would. */
export async function runDemo(
  options: DemoOptions,
  folder: DataFolder,
  progress: Progress,
  onUp: (machine: Up) => void,
): Promise<DemoReport> {
  const cohort = await chooseCohort(options);
  const machine = await startMachine(folder, progress);
  onUp(machine);
  const people = await signInPeople(machine);
  const project = await progress.step('Create a project with members', async () => {
    const value = await createProject(people);
    return { value, result: `project ${value}: an owner, a member, a collaborator` };
  });
  const stage: Stage = { options, folder, machine, people, project, cohort, progress };
  const starter = await installModel(stage);
  const cases = await prepareCases(stage);
  const dataset = await freezeDataset(stage);
  const initial = await train(stage, dataset, starter, 'initial');
  const promoted = await promoteBest(stage, initial);
  const fineTuned = await train(stage, dataset, promoted, 'fine-tune');
  const final = await promoteBest(stage, fineTuned);
  return finish(stage, { cases, dataset, initial, fineTuned, final });
}

function startMachine(folder: DataFolder, progress: Progress): Promise<Up> {
  return progress.step('Start the local machine', async (live) => {
    const value = await up(folder, { report: live.line, trainerLater: true });
    return {
      value,
      result: value.deployed ? 'emulator and XNAT up, stacks deployed' : 'up, nothing to deploy',
    };
  });
}

function installModel({ options, folder, people, project, cohort, progress }: Stage): Promise<string> {
  return progress.step('Install a model, attach its label map, set an automation up', async (live) => {
    await ensureVenv('trainer', live.line);
    const bundle = await makeStarterBundle(folder, cohort.labelMap, options.seed);
    const value = await installStarter(people, project, bundle, cohort.labelMap);
    return { value, result: `${value} from a MONAI bundle, automation ${AUTOMATION_ID}` };
  });
}

async function prepareCases({ machine, people, project, cohort, progress }: Stage): Promise<CaseRecord[]> {
  const xnat = createXnatAdmin(xnatLogin(machine));
  const imported = await progress.step('Load the sessions into the XNAT', async (live) => {
    await xnat.createProject(project);
    const hook = `${machine.machine.deployment?.apiUrl}/v1/webhooks/${LOCAL_ARCHIVE_ID}`;
    await xnat.subscribe(project, hook);
    const value = await importSessions(xnat, project, cohort, live);
    return { value, result: `${value.length} session(s), events subscribed` };
  });
  await progress.step('Save the contours', async () => {
    const value = await saveContours(xnat, machine.machine, project, imported, cohort);
    const { aim, rtstruct, uploads } = value;
    return { value, result: `${aim} as AIM, ${rtstruct} as RTSTRUCT, ${uploads} subject(s) by S3 upload` };
  });
  return progress.step('Wait for the cases', async (live) => {
    const found = await awaitCases(people.member, project, cohort.sessions.length, live);
    for (const { session, problem } of found) {
      if (problem !== null) live.line(`${session} is in quarantine: ${problem.code}: ${problem.message}`);
    }
    const accepted = await acceptForReview(people.member, project, found);
    const value = (await currentCases(people.member, project)).filter(({ state }) => state === 'ready');
    const quarantined = found.filter(({ state }) => state === 'quarantined').length;
    return {
      value,
      result: `${value.length} ready (${accepted} accepted after review), ${quarantined} in quarantine`,
    };
  });
}

function freezeDataset({ options, people, project, progress }: Stage): Promise<RecordOf<'dataset'>> {
  return progress.step('Define, validate and save a dataset', async (live) => {
    const path = { project, definitionId: DEFINITION_ID };
    await people.owner.call('putDefinition', path, { description: 'Every organ', criteria: CRITERIA });
    const report = await people.owner.call('validateDefinition', path);
    live.line(`${report.complete} of ${report.sessions} sessions complete`);
    const datasetId = await saveDataset(people.owner, project, DEFINITION_ID, {
      ...SPLIT,
      seed: options.seed,
    });
    const value = await people.owner.call('getDataset', { project, datasetId });
    const split = Object.entries(value.subjects).map(
      ([partition, subjects]) => `${subjects.length} ${partition}`,
    );
    return { value, result: `dataset ${value.id.slice(0, 8)}: ${split.join(', ')}` };
  });
}

async function train(
  { options, people, project, progress }: Stage,
  dataset: RecordOf<'dataset'>,
  modelVersionId: string,
  mode: 'initial' | 'fine-tune',
): Promise<TrainedRun> {
  const title = mode === 'initial' ? 'Initial training' : 'Fine-tune the promoted model';
  return progress.step(title, async (live) => {
    const runtime = ['maxEpochs', 'seed', 'learningRate'];
    await people.owner.call('putTrainingConfig', { project, trainingConfigId: CONFIG_ID }, { runtime });
    const epochs = mode === 'initial' ? options.epochs : FINE_TUNE_EPOCHS;
    const request = {
      mode,
      trainingConfigId: CONFIG_ID,
      datasetId: dataset.id,
      modelVersionId,
      parameters: { seed: options.seed, ...(epochs === null ? {} : { maxEpochs: epochs }) },
    };
    const value = await trainAndWatch(people.owner, project, request, live);
    const { bestValidationDice, cpuSeconds } = value.result.training;
    const result = `best validation Dice ${bestValidationDice.toFixed(3)}, ${cpuSeconds.toFixed(0)} CPU s`;
    return { value, result };
  });
}

function promoteBest({ people, project, progress }: Stage, run: TrainedRun): Promise<string> {
  return progress.step('Promote the best checkpoint', async () => {
    const { runId, bestCheckpoint } = run;
    const value = await promote(people.owner, project, {
      runId,
      checkpointId: bestCheckpoint,
      modelId: MODEL_ID,
    });
    return { value, result: `model version ${value}` };
  });
}

interface Finished {
  readonly cases: readonly CaseRecord[];
  readonly dataset: RecordOf<'dataset'>;
  readonly initial: TrainedRun;
  readonly fineTuned: TrainedRun;
  readonly final: string;
}

async function finish(
  stage: Stage,
  { cases, dataset, initial, fineTuned, final }: Finished,
): Promise<DemoReport> {
  const { people, project, progress, folder, machine } = stage;
  const url = await progress.step('Export the model', async () => {
    const detail = await exportModel(people.owner, project, final);
    if (detail.url === null) throw new PipelineError('ExportFailed', 'the export has no link to download it');
    const parity = detail.export.parityMaxDifference;
    return { value: detail.url, result: `MONAI bundle, largest difference from the source ${parity ?? '-'}` };
  });
  const trial = await progress.step('Run the bundle with plain MONAI on a test case', async () => {
    const value = await tryBundle(folder, url, dataset, cases, xnatLogin(machine));
    return { value, result: `segmented session ${value.session}` };
  });
  const worst = await worstNumbers(people.member, project, cases);
  const [before, after] = [testDice(initial), testDice(fineTuned)];
  const results = [initial.result.training, fineTuned.result.training];
  return {
    steps: progress.records,
    worst,
    dice: dataset.classes.map(({ name }) => ({
      region: name,
      initial: before[name] ?? null,
      fineTuned: after[name] ?? null,
      bundle: trial.dice[name] ?? null,
    })),
    trainingCpuSeconds: results.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    trainingWallSeconds: results.reduce((sum, { wallSeconds }) => sum + wallSeconds, 0),
    testCases: initial.evaluation.candidates[0]?.regions[0]?.cases.length ?? 0,
  };
}

function xnatLogin({ machine, secrets }: Up): XnatLogin {
  const { username: user, password } = secrets.archive;
  return { url: `http://127.0.0.1:${machine.ports.xnat}`, user, password };
}
