import { type Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { addListOptions, type ListOptions, listAll } from '../list-options.ts';
import { formatFields, formatScore, formatTable, printResult } from '../output.ts';
import { collectParameters, type Parameters } from '../parameter-option.ts';

interface LaunchOptions {
  readonly mode: 'initial' | 'fine-tune';
  readonly config: string;
  readonly dataset: string;
  readonly model: string;
  readonly set: Parameters;
}

export function register(program: Command, context: CliContext): void {
  const runs = program.command('runs').description('Launch, watch and stop training runs.');
  addLaunch(runs.command('launch').description('Launch a run; shows the estimate first.'))
    .addOption(new Option('--mode <mode>').choices(['initial', 'fine-tune']).default('initial'))
    .action((options: LaunchOptions) => launch(context, options));
  addLaunch(runs.command('estimate').description('What a launch would cost.')).action(
    async (options: LaunchOptions) => {
      const [api, project] = await Promise.all([context.api(), context.project()]);
      const estimate = await api.call('estimateRun', { project }, requestOf(options));
      printResult(context, estimate, () => `${estimate.estimateUsd.toFixed(2)} USD: ${estimate.explanation}`);
    },
  );
  addListOptions(runs.command('list').description('Runs, newest first.')).action((options: ListOptions) =>
    list(context, options),
  );
  const one = (name: string, description: string, action: (runId: string) => Promise<void>): Command =>
    runs.command(name).argument('<run>').description(description).action(action);
  one('show', 'One run with its results.', (runId) => show(context, runId));
  one('checkpoints', 'Checkpoints of a run.', (runId) => checkpoints(context, runId));
  one('stop', 'Stop a run; its checkpoints stay.', async (runId) => {
    const [api, project] = await Promise.all([context.api(), context.project()]);
    const run = await api.call('stopRun', { project, runId });
    printResult(context, run, () => `run ${run.id} is asked to stop`);
  });
  one('watch', 'A line per epoch until the run ends. Exit code 3 unless it succeeds.', async (runId) => {
    const { watchRun } = await import('../watch-run.ts');
    await watchRun(context, runId);
  });
  runs
    .command('logs')
    .argument('<run>')
    .option('--follow', 'go on until the run ends')
    .description('What the training job prints.')
    .action(async (runId: string, options: { follow?: boolean }) => {
      const { printLogs } = await import('../print-logs.ts');
      await printLogs(context, runId, options.follow === true);
    });
  runs
    .command('tensorboard')
    .argument('<run>')
    .option('--port <n>', 'of 127.0.0.1; without it, a free one')
    .description("TensorBoard on the run's own event files, also while it runs. Ends with Ctrl-C.")
    .action(async (runId: string, options: { port?: string }) => {
      const { runTensorboard } = await import('../run-tensorboard.ts');
      await runTensorboard(context, runId, {
        port: options.port === undefined ? null : Number(options.port),
      });
    });
}

function addLaunch(command: Command): Command {
  return command
    .requiredOption('--config <id>', 'training config')
    .requiredOption('--dataset <id>', 'frozen dataset')
    .requiredOption('--model <version>', 'model version: architecture and, when fine-tuning, weights')
    .option(
      '--set <name=value,...>',
      'parameters that the config leaves to the launch',
      collectParameters,
      {},
    );
}

function requestOf({ config, dataset, model, set }: LaunchOptions) {
  return { trainingConfigId: config, datasetId: dataset, modelVersionId: model, parameters: set };
}

async function launch(context: CliContext, options: LaunchOptions): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const request = requestOf(options);
  const estimate = await api.call('estimateRun', { project }, request);
  context.err(`estimate: ${estimate.estimateUsd.toFixed(2)} USD (${estimate.explanation})`);
  const run = await api.call('launchRun', { project }, { mode: options.mode, ...request });
  printResult(
    context,
    run,
    () => `run ${run.id} is ${run.state}; follow it with: contourflow runs watch ${run.id}`,
  );
}

async function list(context: CliContext, options: ListOptions): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const items = await listAll(options, (query) => api.call('listRuns', { project }, query));
  printResult(context, items, () =>
    formatTable(
      ['run', 'state', 'mode', 'model', 'dataset', 'created', 'why'],
      items.map((run) => [
        run.id,
        run.state,
        run.mode,
        run.modelVersionId,
        run.datasetId.slice(0, 8),
        run.createdAt,
        run.reason,
      ]),
    ),
  );
}

async function show(context: CliContext, runId: string): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const detail = await api.call('getRun', { project, runId });
  printResult(context, detail, () => {
    const { run, result } = detail;
    const fields = formatFields({
      run: run.id,
      state: run.state,
      why: run.reason,
      mode: run.mode,
      model: run.modelVersionId,
      dataset: run.datasetId,
      'estimate USD': run.estimateUsd,
      'job attempts': run.jobAttempts,
      'best validation Dice': formatScore(result?.training.bestValidationDice),
      'CPU seconds': result?.training.cpuSeconds.toFixed(1),
      resumes: result?.training.resumes,
    });
    const scores = (result?.evaluation?.candidates ?? []).flatMap(({ candidateId, regions }) =>
      regions.map(({ name, meanDice, ignoredCases }) => [
        candidateId,
        name,
        formatScore(meanDice),
        ignoredCases,
      ]),
    );
    return `${fields}\n\n${formatTable(['candidate', 'region', 'test Dice', 'cases left out'], scores)}`;
  });
}

async function checkpoints(context: CliContext, runId: string): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const { items } = await api.call('listCheckpoints', { project, runId });
  printResult(context, items, () =>
    formatTable(
      ['checkpoint', 'role', 'epoch', 'validation Dice', 'state'],
      items.map(({ id, role, epoch, validationDice, state }) => [
        id,
        role,
        epoch,
        formatScore(validationDice),
        state,
      ]),
    ),
  );
}
