import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addListOptions, type ListOptions, listAll } from '../list-options.ts';
import { formatTable, printResult } from '../output.ts';

interface CreateOptions {
  readonly owner: string;
  readonly archive?: string;
  readonly description?: string;
}

export function register(program: Command, context: CliContext): void {
  const projects = program.command('projects').description('List and create projects.');
  addListOptions(projects.command('list').description('Projects you are a member of.')).action(
    async (options: ListOptions) => {
      const api = await context.api();
      const items = await listAll(options, (query) => api.call('listProjects', {}, query));
      printResult(context, items, () =>
        formatTable(
          ['project', 'state', 'archive', 'description'],
          items.map(({ id, state, archiveId, description }) => [id, state, archiveId, description]),
        ),
      );
    },
  );
  projects
    .command('create')
    .argument('<project>', 'id; the same as in XNAT when it follows one')
    .requiredOption('--owner <user>', 'first owner')
    .option('--archive <id>', 'archive whose project of the same id it follows')
    .option('--description <text>', 'for people')
    .description('Enable machine learning in a project (site admins).')
    .action(async (project: string, { owner, archive, description }: CreateOptions) => {
      const api = await context.api();
      const request = { project, owner, archiveId: archive ?? null, description: description ?? '' };
      const record = await api.call('createProject', {}, request);
      printResult(context, record, () => `project ${record.id} created, owned by ${owner}`);
    });
}
