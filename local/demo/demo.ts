import type { CaseRecord, RecordOf } from '../../src/contracts/records.ts';
import { LOCAL_ARCHIVE_ID } from '../machine/connect-archive.ts';
import type { DataFolder } from '../machine/layout.ts';
import { ensureVenv } from '../machine/python-venv.ts';
import { type Up, up } from '../machine/up.ts';
import { createXnatAdmin, type XnatLogin } from '../xnat/admin-client.ts';
import { acceptForReview, awaitCases, currentCases, requireSubjects } from './await-cases.ts';
import { worstNumbers } from './certificates.ts';
import { type Cohort, phantomCohort } from './cohort.ts';
import { importSessions, saveContours } from './fill-archive.ts';
import { folderCohort } from './folder-cohort.ts';
import type { DemoOptions } from './options.ts';
import { type People, signInPeople } from './people.ts';
import type { Progress } from './progress.ts';
import type { DemoReport } from './report.ts';
import { AUTOMATION_ID, createProject, installStarter, makeStarterBundle } from './set-up-project.ts';
import { type TrainedRun, testDice } from './train.ts';
import { tryBundle } from './try-bundle.ts';
import { exportBundle, freezeDataset, promoteBest, train, type Workflow } from './workflow.ts';

/** Shorter and gentler than the first training, so that what it knows is refined and not lost. */
const FINE_TUNING = { maxEpochs: 16, learningRate: 0.003 };

/** What the steps hand on. */
interface Stage extends Workflow {
  readonly folder: DataFolder;
  readonly machine: Up;
  readonly people: People;
  readonly cohort: Cohort;
}

/** The whole workflow, step by step, through the API, the XNAT and S3 only, as its users would. */
export async function runDemo(
  options: DemoOptions,
  folder: DataFolder,
  progress: Progress,
  onUp: (machine: Up) => void,
): Promise<DemoReport> {
  const cohort = await choosePatients(options, progress);
  const machine = await startMachine(folder, progress);
  onUp(machine);
  const people = await signInPeople(machine);
  const project = await progress.step('Create a project with members', async () => {
    const value = await createProject(people);
    return { value, result: `project ${value}: an owner, a member, a collaborator` };
  });
  const { seed } = options;
  const first = options.epochs === null ? {} : { maxEpochs: options.epochs };
  const parameters = { initial: first, 'fine-tune': FINE_TUNING };
  const stage: Stage = { seed, parameters, folder, machine, people, project, cohort, progress };
  const starter = await installModel(stage);
  const cases = await prepareCases(stage);
  const dataset = await freezeDataset(stage);
  const initial = await train(stage, dataset, starter, 'initial');
  const promoted = await promoteBest(stage, initial);
  const fineTuned = await train(stage, dataset, promoted, 'fine-tune');
  const final = await promoteBest(stage, fineTuned);
  return finish(stage, { cases, dataset, initial, fineTuned, final });
}

/** Before anything is started: a folder that cannot be trained on should say so at once. */
function choosePatients(options: DemoOptions, progress: Progress): Promise<Cohort> {
  return progress.step('Choose the patients', async (live) => {
    const { from, labelMap } = options;
    const value = from === null ? phantomCohort(options) : await folderCohort(from, labelMap);
    for (const notice of value.notices) live.line(notice);
    return { value, result: value.description };
  });
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

function installModel({ seed, folder, people, project, cohort, progress }: Stage): Promise<string> {
  return progress.step('Install a model, attach its label map, set an automation up', async (live) => {
    await ensureVenv('trainer', live.line);
    const bundle = await makeStarterBundle(folder, cohort.labelMap, seed);
    const value = await installStarter(people, project, bundle, cohort.labelMap);
    return { value, result: `${value} from a MONAI bundle, automation ${AUTOMATION_ID}` };
  });
}

async function prepareCases(stage: Stage): Promise<CaseRecord[]> {
  const { machine, project, cohort, progress } = stage;
  const xnat = createXnatAdmin(xnatLogin(machine));
  const imported = await progress.step('Load the sessions into the XNAT', async (live) => {
    await xnat.createProject(project);
    const hook = `${machine.machine.deployment?.apiUrl}/v1/webhooks/${LOCAL_ARCHIVE_ID}`;
    await xnat.subscribe(project, hook);
    const value = await importSessions(xnat, project, cohort, live);
    return { value, result: `${value.length} session(s), events subscribed` };
  });
  const filled = await progress.step('Save the contours', async (live) => {
    const value = await saveContours(xnat, machine.machine, project, imported, cohort, live);
    const { aim, rtstruct, uploads } = value;
    return { value, result: `${aim} as AIM, ${rtstruct} as RTSTRUCT, ${uploads} subject(s) by S3 upload` };
  });
  return readyCases(stage, filled.aim + filled.rtstruct + filled.uploads);
}

function readyCases({ people, project, progress }: Stage, sessions: number): Promise<CaseRecord[]> {
  return progress.step('Wait for the cases', async (live) => {
    const found = await awaitCases(people.member, project, sessions, live);
    for (const { session, problem } of found) {
      if (problem !== null) live.line(`${session} is in quarantine: ${problem.code}: ${problem.message}`);
    }
    const accepted = await acceptForReview(people.member, project, found);
    const value = (await currentCases(people.member, project)).filter(({ state }) => state === 'ready');
    requireSubjects(value);
    const quarantined = found.filter(({ state }) => state === 'quarantined').length;
    return {
      value,
      result: `${value.length} ready (${accepted} accepted after review), ${quarantined} in quarantine`,
    };
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
  const url = await exportBundle(stage, final);
  const trial = await progress.step('Run the bundle with plain MONAI on a test case', async () => {
    const value = await tryBundle(folder, url, dataset, cases, {
      xnat: xnatLogin(machine),
      machine: machine.machine,
    });
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
