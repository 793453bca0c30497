import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { PipelineError } from '../../contracts/errors.ts';
import type { CliContext } from '../context.ts';
import { addListOptions, type ListOptions, listAll } from '../list-options.ts';
import { formatBytes, formatTable, printResult } from '../output.ts';

export function register(program: Command, context: CliContext): void {
  const exports = program.command('exports').description('Export models and download them.');
  exports
    .command('create')
    .argument('<version>', 'model version, such as abdomen.v2')
    .description('Export a MONAI bundle and wait until its parity test has passed.')
    .action((version: string) => create(context, version));
  addListOptions(exports.command('list').description('Exports.')).action((options: ListOptions) =>
    list(context, options),
  );
  exports
    .command('download')
    .argument('<export>')
    .option('--out <file>', 'where to', 'bundle.zip')
    .description('Download an export.')
    .action((exportId: string, { out }: { out: string }) => download(context, exportId, out));
}

async function create(context: CliContext, version: string): Promise<void> {
  const { exportModel } = await import('../wait-for.ts');
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const detail = await exportModel(api, project, version);
  printResult(context, detail, () => {
    const { id, bundle, parityMaxDifference } = detail.export;
    const size = bundle === null ? '-' : formatBytes(bundle.sizeBytes);
    return `export ${id}: ${size}, largest difference from the source ${parityMaxDifference ?? '-'}`;
  });
}

async function list(context: CliContext, options: ListOptions): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const items = await listAll(options, (query) => api.call('listExports', { project }, query));
  printResult(context, items, () =>
    formatTable(
      ['export', 'state', 'model', 'format', 'size', 'why'],
      items.map((one) => [
        one.id,
        one.state,
        one.modelVersionId,
        one.format,
        one.bundle === null ? null : formatBytes(one.bundle.sizeBytes),
        one.problem?.message,
      ]),
    ),
  );
}

async function download(context: CliContext, exportId: string, out: string): Promise<void> {
  const { download: fetchBytes } = await import('../wait-for.ts');
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const { url, export: record } = await api.call('getExport', { project, exportId });
  if (url === null) {
    throw new PipelineError(
      'Conflict',
      `export ${exportId} is ${record.state}; there is nothing to download`,
      {
        state: record.state,
      },
    );
  }
  const bytes = await fetchBytes(url);
  await writeFile(out, bytes);
  printResult(context, { file: out, sizeBytes: bytes.length }, () => `${out} (${formatBytes(bytes.length)})`);
}
