/**
 * `npm run smoke:aws`: deploys everything to the AWS account of the environment's credentials with a small CPU
 * queue, runs the phantom workflow, checks alarms and console links, destroys it all and proves that nothing
 * billable remains. `--dry-run` prints every step, synthesises and checks the templates, and calls no AWS.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { acceptForReview, awaitCases } from '../local/demo/await-cases.ts';
import { phantomCohort } from '../local/demo/cohort.ts';
import { uploadSession } from '../local/demo/fill-archive.ts';
import { createProgress, type Progress } from '../local/demo/progress.ts';
import { installStarter, makeStarterBundle } from '../local/demo/set-up-project.ts';
import { exportBundle, freezeDataset, promoteBest, train, type Workflow } from '../local/demo/workflow.ts';
import { childEnvironment } from '../local/machine/environment.ts';
import { CHECKOUT, dataFolder, NODE } from '../local/machine/layout.ts';
import { ensureVenv } from '../local/machine/python-venv.ts';
import { runCommand } from '../local/machine/run-command.ts';
import { errorText } from '../src/cli/exit-codes.ts';
import { download } from '../src/cli/wait-for.ts';
import { PipelineError } from '../src/contracts/errors.ts';
import {
  type Account,
  alarmsToExplain,
  consoleLinks,
  createSmokeUsers,
  openAccount,
  readParameters,
} from './smoke/account.ts';
import {
  bootstrapLeftovers,
  isBootstrapped,
  remainsText,
  removeBootstrap,
  TOOLKIT_STACK,
} from './smoke/bootstrap.ts';
import { findProblems, readTemplates, STACKS } from './smoke/check-assembly.ts';
import { findLeftovers } from './smoke/leftovers.ts';
import { ASSEMBLY, SMOKE_ENVIRONMENT, SMOKE_FOLDER, synthesise } from './smoke/synthesise.ts';

const SUBJECTS = 12;
const PROJECT = 'smoke';
const DEPLOY_TIMEOUT_MS = 60 * 60_000;
const CASES_QUIET_MS = 15 * 60_000;

const PLAN = [
  'Read the account of the credentials; refuse when Contourflow is deployed there already',
  `Synthesise ${STACKS.length} stacks with a CPU queue of at most 8 vCPUs and the tag environment=${SMOKE_ENVIRONMENT}`,
  'Check the templates: nothing retained, nothing that costs while idle, every alarm with a runbook page, no GPU',
  'cdk bootstrap, unless the account has one, and cdk deploy --all (CodeBuild makes the two images; about 25 minutes)',
  `Create an admin and an owner, a project, a starter model and its automation`,
  `Upload ${SUBJECTS} phantom patients to S3 and wait for their cases`,
  'Save a dataset, train 4 epochs on the CPU queue, promote, fine-tune 2 epochs, export and download the bundle',
  'Check that there are alarms and a dashboard, that no alarm rings and that every console link leads somewhere',
  'cdk destroy --all, also when a step before failed; then delete the bootstrap (stack, bucket, repository) if this run made it',
  'List stacks, skipped resources, functions, compute environments, buckets and tables: none of ours may remain',
] as const;

const { values } = parseArgs({
  options: { 'dry-run': { type: 'boolean', default: false }, region: { type: 'string' } },
});
process.exitCode = await (values['dry-run'] ? dryRun() : smoke(values.region ?? process.env.AWS_REGION)).then(
  () => 0,
  (error: unknown) => {
    process.stderr.write(`${errorText(error)}\n`);
    return 1;
  },
);

async function dryRun(): Promise<void> {
  for (const [at, step] of PLAN.entries()) process.stdout.write(`${String(at + 1).padStart(2)}  ${step}\n`);
  await checkedSynthesis(childEnvironment());
  process.stdout.write('The templates are fit for the smoke test. No AWS call was made.\n');
}

async function checkedSynthesis(environment: Record<string, string>): Promise<void> {
  await synthesise(environment);
  const problems = findProblems(readTemplates(ASSEMBLY));
  if (problems.length === 0) return;
  throw new PipelineError('ConfigurationError', 'the templates are not fit for the smoke test', { problems });
}

async function smoke(region: string | undefined): Promise<void> {
  if (region === undefined)
    throw new PipelineError('ConfigurationError', 'say which region with --region or AWS_REGION');
  const progress = createProgress(process.stdout);
  const environment = awsVariables(region);
  const began = new Date();
  const account = await openAccount(region);
  const before = await findLeftovers(account.clients, began);
  if (before.length > 0) {
    const problems = before.slice(0, 20);
    throw new PipelineError('Conflict', `account ${account.id} already holds Contourflow in ${region}`, {
      problems,
    });
  }
  await checkedSynthesis(environment);
  const bootstrapped = await isBootstrapped(account.clients.cloudFormation);
  try {
    if (!bootstrapped) await bootstrap(progress, environment, account);
    await deploy(progress, environment, region);
    await runWorkflow(progress, region);
    await checkConsole(progress, region);
  } finally {
    await destroy(progress, environment);
    if (!bootstrapped) await unbootstrap(progress, account);
  }
  const problems = [
    ...(await findLeftovers(account.clients, began)),
    ...(bootstrapped ? [] : await bootstrapLeftovers(account)),
  ];
  if (problems.length > 0)
    throw new PipelineError('Conflict', 'something that may cost money remains; delete it by hand', {
      problems,
    });
  process.stdout.write(`${remainsText(bootstrapped)}\n`);
}

function awsVariables(region: string): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => name.startsWith('AWS_'));
  const kept = own.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return {
    ...childEnvironment(),
    ...Object.fromEntries(kept),
    AWS_REGION: region,
    CDK_DEFAULT_REGION: region,
  };
}

function bootstrap(progress: Progress, environment: Record<string, string>, account: Account): Promise<void> {
  return progress.step('Bootstrap the CDK', async () => {
    await cdk(environment, 'bootstrap', [`aws://${account.id}/${account.region}`]);
    return { value: undefined, result: `${TOOLKIT_STACK} made; it goes at the end` };
  });
}

function deploy(progress: Progress, environment: Record<string, string>, region: string): Promise<void> {
  return progress.step('Deploy', async () => {
    await cdk(environment, 'deploy', [
      '--all',
      '--require-approval=never',
      '--concurrency=2',
      '--app',
      ASSEMBLY,
    ]);
    return { value: undefined, result: `${STACKS.length} stacks in ${region}` };
  });
}

function destroy(progress: Progress, environment: Record<string, string>): Promise<void> {
  return progress.step('Destroy', async () => {
    await cdk(environment, 'destroy', ['--all', '--force', '--app', ASSEMBLY]);
    return { value: undefined, result: `${STACKS.length} stacks deleted` };
  });
}

function unbootstrap(progress: Progress, account: Account): Promise<void> {
  return progress.step('Delete the bootstrap', async () => {
    await removeBootstrap(account);
    return { value: undefined, result: `${TOOLKIT_STACK} and its bucket deleted` };
  });
}

async function cdk(
  environment: Record<string, string>,
  verb: string,
  args: readonly string[],
): Promise<void> {
  await runCommand({
    program: NODE,
    args: [join(CHECKOUT, 'node_modules/.bin/cdk'), verb, ...args, '--no-notices'],
    cwd: CHECKOUT,
    env: environment,
    logFile: join(SMOKE_FOLDER, `${verb}.log`),
    timeoutMs: DEPLOY_TIMEOUT_MS,
    what: `cdk ${verb}`,
  });
}

async function runWorkflow(progress: Progress, region: string): Promise<void> {
  const people = { ...(await createSmokeUsers(region)) };
  const cohort = phantomCohort({ seed: 1, subjects: SUBJECTS });
  const { dataBucket } = await readParameters(region, ['dataBucket']);
  const { s3 } = await openAccount(region);
  await ensureVenv('trainer');
  const starter = await progress.step('Set a project up', async () => {
    const request = { project: PROJECT, archiveId: null, description: 'Smoke test', owner: 'owner' };
    await people.admin.call('createProject', {}, request);
    const bundle = await makeStarterBundle(dataFolder(SMOKE_FOLDER), cohort.labelMap, 1);
    const value = await installStarter(people, PROJECT, bundle, cohort.labelMap);
    return { value, result: value };
  });
  await progress.step('Prepare the cases', async (live) => {
    for (const session of cohort.sessions) await uploadSession(s3, dataBucket, PROJECT, session);
    const cases = await awaitCases(people.owner, PROJECT, SUBJECTS, live, CASES_QUIET_MS);
    const accepted = await acceptForReview(people.owner, PROJECT, cases);
    return { value: undefined, result: `${cases.length} cases, ${accepted} accepted after review` };
  });
  const workflow: Workflow = {
    people,
    project: PROJECT,
    progress,
    seed: 1,
    parameters: { initial: { maxEpochs: 4 }, 'fine-tune': { maxEpochs: 2 } },
  };
  const dataset = await freezeDataset(workflow);
  const initial = await train(workflow, dataset, starter, 'initial');
  const promoted = await promoteBest(workflow, initial);
  const fineTuned = await train(workflow, dataset, promoted, 'fine-tune');
  const url = await exportBundle(workflow, await promoteBest(workflow, fineTuned));
  const { length } = await download(url);
  process.stdout.write(`         bundle of ${length} bytes downloaded\n`);
}

function checkConsole(progress: Progress, region: string): Promise<void> {
  return progress.step('Check alarms and console links', async (live) => {
    const problems = await alarmsToExplain(region);
    if (problems.length > 0)
      throw new PipelineError('Conflict', 'the alarms are not as they should be', { problems });
    const links = Object.entries(await consoleLinks(region));
    for (const [name, url] of links) live.line(`${name}: ${url}`);
    return { value: undefined, result: `no alarm rings, ${links.length} console links` };
  });
}
