import { type Command, Option } from 'commander';
import type { RequestOf } from '../../contracts/api.ts';
import { CertificateThresholds } from '../../contracts/certificate.ts';
import { Processing } from '../../contracts/processing.ts';
import type { CliContext } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { addListOptions, type ListOptions, listAll } from '../list-options.ts';
import { formatTable, printResult } from '../output.ts';
import { collectParameters, type Parameters } from '../parameter-option.ts';

interface SetOptions {
  readonly model: string;
  readonly spacing?: [number, number, number];
  readonly unmapped?: 'report' | 'fail' | 'ignore';
  readonly missing?: 'review' | 'absent' | 'ignore';
  readonly overlap?: 'later-wins' | 'fail';
  readonly gaps?: 'review' | 'none' | 'interpolate';
  readonly threshold: Parameters;
  readonly processing: Parameters;
  readonly disabled?: boolean;
}

export function register(program: Command, context: CliContext): void {
  const automations = program.command('automations').description('What happens when contours are saved.');
  addListOptions(automations.command('list').description('Automations of the project.')).action(
    (options: ListOptions) => list(context, options),
  );
  automations
    .command('set')
    .argument('<automation>', 'id')
    .requiredOption('--model <version>', 'model version, such as abdomen.v1')
    .option('--spacing <i,j,k>', 'voxel spacing in mm; without it, as the model wants it', parseSpacing)
    .addOption(
      new Option('--unmapped <rule>', 'an ROI without an entry').choices(['report', 'fail', 'ignore']),
    )
    .addOption(
      new Option('--missing <rule>', 'a region without an ROI').choices(['review', 'absent', 'ignore']),
    )
    .addOption(new Option('--overlap <rule>', 'voxels of two regions').choices(['later-wins', 'fail']))
    .addOption(
      new Option('--gaps <rule>', 'slices without contours').choices(['review', 'none', 'interpolate']),
    )
    .option(
      '--threshold <name=value>',
      `limit of a gate, repeated or separated by commas: ${Object.keys(CertificateThresholds.shape).join(', ')}`,
      collectParameters,
      {},
    )
    .option(
      '--processing <name=value>',
      `how images and masks are made, repeated or separated by commas: ${Object.keys(Processing.shape).join(', ')}`,
      collectParameters,
      {},
    )
    .option('--disabled', 'keep it, but do nothing')
    .description('Create or change an automation; a change prepares the cases anew.')
    .action((automationId: string, options: SetOptions) => set(context, automationId, options));
}

async function list(context: CliContext, options: ListOptions): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const items = await listAll(options, (query) => api.call('listAutomations', { project }, query));
  printResult(context, items, () =>
    formatTable(
      ['automation', 'version', 'state', 'model', 'spacing mm', 'policies'],
      items.map(({ id, version, state, modelVersionId, spacingMm, policies }) => [
        id,
        version,
        state,
        modelVersionId,
        spacingMm.join(' x '),
        Object.entries(policies)
          .map(([name, rule]) => `${name}:${rule}`)
          .join(' '),
      ]),
    ),
  );
}

async function set(context: CliContext, automationId: string, options: SetOptions): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const { model, spacing, threshold, processing, disabled, unmapped, missing, overlap, gaps } = options;
  const policies = Object.fromEntries(
    Object.entries({ unmapped, missing, overlap, gaps }).filter(([, rule]) => rule !== undefined),
  );
  // The contract checks names and values before anything is sent.
  const thresholds = threshold as RequestOf<'putAutomation'>['thresholds'];
  const request = {
    modelVersionId: model,
    spacingMm: spacing ?? null,
    policies,
    thresholds,
    processing: processing as RequestOf<'putAutomation'>['processing'],
    enabled: disabled !== true,
  };
  const record = await api.call('putAutomation', { project, automationId }, request);
  printResult(context, record, () => `automation ${record.id} version ${record.version} is ${record.state}`);
}

function parseSpacing(text: string): [number, number, number] {
  const values = text.split(/[,x ]+/).map(Number);
  const [i = 0, j = 0, k = 0] = values;
  if (values.length === 3 && values.every((value) => value > 0)) return [i, j, k];
  throw new UsageError(`--spacing is "${text}"; write three millimetre values such as 2,2,2`);
}
