import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addListOptions, type ListOptions, listAll } from '../list-options.ts';
import { formatScore, formatTable, printResult } from '../output.ts';

interface InstallOptions {
  readonly title?: string;
}

export function register(program: Command, context: CliContext): void {
  const models = program.command('models').description('Install models and attach label maps.');
  addListOptions(models.command('list').description('Models.')).action((options: ListOptions) =>
    listModels(context, options),
  );
  addListOptions(models.command('versions').description('Model versions and where they come from.')).action(
    (options: ListOptions) => listVersions(context, options),
  );
  models
    .command('install')
    .argument('<model>', 'model it becomes the next version of')
    .argument('<zip>', 'a MONAI bundle')
    .option('--title <text>', 'for people')
    .description('Install a MONAI bundle zip; an unsafe or unknown one is refused with the reason.')
    .action((model: string, zip: string, options: InstallOptions) => install(context, model, zip, options));
  models
    .command('attach-label-map')
    .argument('<version>', 'model version, such as abdomen.v1')
    .argument('<file>', 'region2MaskValueMap.txt, or its JSON superset')
    .description('Say which region has which value in the masks.')
    .action((version: string, file: string) => attachLabelMap(context, version, file));
}

async function listModels(context: CliContext, options: ListOptions): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const items = await listAll(options, (query) => api.call('listModels', { project }, query));
  printResult(context, items, () =>
    formatTable(
      ['model', 'latest version', 'title'],
      items.map(({ id, latestVersion, title }) => [id, latestVersion, title]),
    ),
  );
}

async function listVersions(context: CliContext, options: ListOptions): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const items = await listAll(options, (query) => api.call('listModelVersions', { project }, query));
  printResult(context, items, () =>
    formatTable(
      ['version', 'state', 'regions', 'label map', 'parent', 'run', 'test Dice'],
      items.map(({ id, state, classes, labelMap, lineage, testDice }) => [
        id,
        state,
        classes.map(({ name }) => name).join(', '),
        labelMap === null ? 'none' : labelMap.sha256.slice(0, 8),
        lineage.parent,
        lineage.runId,
        Object.entries(testDice)
          .map(([name, dice]) => `${name} ${formatScore(dice)}`)
          .join(', '),
      ]),
    ),
  );
}

async function install(
  context: CliContext,
  modelId: string,
  zip: string,
  { title }: InstallOptions,
): Promise<void> {
  const { installModel } = await import('../install-model.ts');
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const bytes = await readFile(zip);
  const bundle = { modelId, title: title ?? '', fileName: basename(zip), bytes };
  const version = await installModel(api, project, bundle);
  printResult(context, version, () => `installed as ${version.id}`);
}

async function attachLabelMap(context: CliContext, version: string, file: string): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const text = await readFile(file, 'utf8');
  const path = { project, modelVersionId: version };
  const record = await api.call('attachLabelMap', path, { fileName: basename(file), text });
  printResult(context, record, () =>
    formatTable(
      ['region', 'mask value', 'class'],
      record.classes.map(({ name, maskValue, index }) => [name, maskValue, index]),
    ),
  );
}
