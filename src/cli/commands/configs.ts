import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addListOptions, type ListOptions, listAll } from '../list-options.ts';
import { formatTable, printResult } from '../output.ts';
import { collectParameters, type Parameters, splitNames } from '../parameter-option.ts';
import { readJson } from '../read-json.ts';

interface SetOptions {
  readonly description?: string;
  readonly baked: Parameters;
  readonly runtime: string[];
  readonly budget?: string;
  readonly timeout?: string;
  readonly file?: string;
}

export function register(program: Command, context: CliContext): void {
  const configs = program.command('configs').description('Training configs.');
  addListOptions(configs.command('list').description('Training configs of the project.')).action(
    (options: ListOptions) => list(context, options),
  );
  configs
    .command('set')
    .argument('<config>', 'id')
    .option('--baked <name=value,...>', 'parameters that are fixed', collectParameters, {})
    .option('--runtime <name,...>', 'parameters that the launch may set', splitNames, [])
    .option('--budget <usd>', 'a run stops at it')
    .option('--timeout <seconds>', 'a run stops after it')
    .option('--description <text>', 'for people')
    .option('--file <json>', 'the whole request as JSON instead')
    .description('Create or change a training config.')
    .action((trainingConfigId: string, options: SetOptions) => set(context, trainingConfigId, options));
}

async function list(context: CliContext, options: ListOptions): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const items = await listAll(options, (query) => api.call('listTrainingConfigs', { project }, query));
  printResult(context, items, () =>
    formatTable(
      ['config', 'baked in', 'set at launch', 'budget USD', 'time limit s'],
      items.map(({ id, bakedIn, runtime, budgetUsd, timeoutSeconds }) => [
        id,
        Object.entries(bakedIn)
          .map(([name, value]) => `${name}=${value}`)
          .join(' '),
        runtime.join(' '),
        budgetUsd,
        timeoutSeconds,
      ]),
    ),
  );
}

async function set(context: CliContext, trainingConfigId: string, options: SetOptions): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const { description, baked, runtime, budget, timeout, file } = options;
  const request = file
    ? await readJson(file)
    : {
        description: description ?? '',
        bakedIn: baked,
        runtime,
        ...(budget ? { budgetUsd: Number(budget) } : {}),
        ...(timeout ? { timeoutSeconds: Number(timeout) } : {}),
      };
  const record = await api.call('putTrainingConfig', { project, trainingConfigId }, request);
  printResult(context, record, () => `training config ${record.id} stored (revision ${record.revision})`);
}
