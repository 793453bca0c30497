import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { listAll } from '../list-options.ts';
import { formatTable, printResult } from '../output.ts';

export function register(program: Command, context: CliContext): void {
  const uploads = program.command('uploads').description('Uploads that could not be taken.');
  uploads
    .command('list')
    .option('--limit <n>', 'at most so many', '200')
    .description('Refused uploads of the last 30 days, newest first, and why.')
    .action((options: { limit?: string }) => list(context, options));
}

async function list(context: CliContext, options: { limit?: string }): Promise<void> {
  const [api, project] = await Promise.all([context.api(), context.project()]);
  const items = await listAll(options, (query) => api.call('listRefusedUploads', { project }, query));
  printResult(context, items, () =>
    formatTable(
      ['refused', 'upload', 'why'],
      items.map(({ refusedAt, manifestKey, problem }) => [
        refusedAt,
        manifestKey ?? '-',
        `${problem.code}: ${problem.message}`,
      ]),
    ),
  );
}
