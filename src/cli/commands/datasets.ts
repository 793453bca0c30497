import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { EXIT, ExitCode, UsageError } from '../exit-codes.ts';
import { addListOptions, type ListOptions, listAll } from '../list-options.ts';
import { formatBytes, formatFields, formatTable, printResult } from '../output.ts';
import { readJson } from '../read-json.ts';

interface DefineOptions {
  readonly description?: string;
}
interface SaveOptions {
  readonly seed: string;
  readonly split: string;
}

export function register(program: Command, context: CliContext): void {
  const datasets = program.command('datasets').description('Define, validate and freeze datasets.');
  datasets
    .command('define')
    .argument('<definition>', 'id')
    .argument('<criteria.json>', "XNAT's TaggedResourceMap")
    .option('--description <text>', 'for people')
    .description('Create or change a stored query.')
    .action((id: string, file: string, options: DefineOptions) => define(context, id, file, options));
  datasets
    .command('validate')
    .argument('<definition>')
    .description('X of Y sessions complete, with a reason for each miss. Exit code 3 when none is.')
    .action((definitionId: string) => validate(context, definitionId));
  datasets
    .command('save')
    .argument('<definition>')
    .option('--split <fractions>', 'training,validation,test; add up to 1', '0.6,0.2,0.2')
    .option('--seed <n>', 'of the split', '0')
    .description('Freeze a dataset and wait until it is there.')
    .action((definitionId: string, options: SaveOptions) => save(context, definitionId, options));
  addListOptions(datasets.command('list').description('Frozen datasets.')).action((options: ListOptions) =>
    list(context, options),
  );
  datasets
    .command('show')
    .argument('<dataset>')
    .description('One frozen dataset.')
    .action((datasetId: string) => show(context, datasetId));
}

async function define(context: CliContext, id: string, file: string, options: DefineOptions): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const criteria = await readJson(file);
  const path = { project, definitionId: id };
  const record = await api.call('putDefinition', path, { description: options.description ?? '', criteria });
  printResult(context, record, () => `definition ${record.id} stored (revision ${record.revision})`);
}

async function validate(context: CliContext, definitionId: string): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const report = await api.call('validateDefinition', { project, definitionId });
  printResult(context, report, () => {
    const rows = report.rows.map(({ session, subject, complete, misses }) => [
      session,
      subject,
      complete ? 'complete' : misses.map(({ tag, reason }) => `${tag}: ${reason}`).join('; '),
    ]);
    const summary = `${report.complete} of ${report.sessions} sessions complete, ${report.subjects} subjects`;
    return `${formatTable(['session', 'subject', 'outcome'], rows)}\n\n${summary}`;
  });
  if (report.complete === 0) throw new ExitCode(EXIT.refused);
}

async function save(context: CliContext, definitionId: string, options: SaveOptions): Promise<void> {
  const { saveDataset } = await import('../wait-for.ts');
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const split = { ...parseSplit(options.split), seed: Number(options.seed) };
  const datasetId = await saveDataset(api, project, definitionId, split);
  await show(context, datasetId);
}

async function list(context: CliContext, options: ListOptions): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const items = await listAll(options, (query) => api.call('listDatasets', { project }, query));
  printResult(context, items, () =>
    formatTable(
      ['dataset', 'state', 'definition', 'cases', 'size', 'created'],
      items.map((one) => [
        one.id,
        one.state,
        one.definitionId,
        one.items,
        formatBytes(one.sizeBytes),
        one.createdAt,
      ]),
    ),
  );
}

async function show(context: CliContext, datasetId: string): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const one = await api.call('getDataset', { project, datasetId });
  printResult(context, one, () =>
    formatFields({
      dataset: one.id,
      state: one.state,
      definition: one.definitionId,
      cases: one.items,
      subjects: Object.entries(one.subjects)
        .map(([partition, subjects]) => `${subjects.length} ${partition}`)
        .join(', '),
      regions: one.classes.map(({ name, maskValue }) => `${name}=${maskValue}`).join(', '),
      'spacing mm': one.spacingMm.join(' x '),
      'split seed': one.split.seed,
      size: formatBytes(one.sizeBytes),
    }),
  );
}

/** Fractions that add up to 1, or per cent that add up to 100. */
function parseSplit(text: string): { training: number; validation: number; test: number } {
  const values = text.split(',').map(Number);
  const sum = values.reduce((total, value) => total + value, 0);
  const [training = 0, validation = 0, test = 0] = values.map((value) => (sum > 1.5 ? value / 100 : value));
  const isWhole = Math.abs(sum - 1) < 1e-9 || Math.abs(sum - 100) < 1e-9;
  if (values.length === 3 && isWhole) return { training, validation, test };
  throw new UsageError(
    `--split is "${text}"; write training, validation and test as 0.6,0.2,0.2 or 60,20,20, which add up`,
  );
}
