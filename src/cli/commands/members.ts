import { type Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { addListOptions, type ListOptions, listAll } from '../list-options.ts';
import { formatTable, printResult } from '../output.ts';

interface AddOptions {
  readonly role: 'owner' | 'member' | 'collaborator';
  readonly grant: string[];
}

export function register(program: Command, context: CliContext): void {
  const members = program.command('members').description('Members of a project and their roles.');
  addListOptions(members.command('list').description('Members and their roles.')).action(
    async (options: ListOptions) => {
      const [api, project] = await Promise.all([context.api(), context.project()]);
      const items = await listAll(options, (query) => api.call('listMembers', { project }, query));
      printResult(context, items, () =>
        formatTable(
          ['user', 'role', 'granted as well'],
          items.map(({ id, role, grants }) => [id, role, grants.join(', ')]),
        ),
      );
    },
  );
  members
    .command('add')
    .argument('<user>')
    .addOption(
      new Option('--role <role>', 'what the user may do')
        .choices(['owner', 'member', 'collaborator'])
        .default('member'),
    )
    .option(
      '--grant <action>',
      'one more action; can be repeated',
      (one: string, all: string[]) => [...all, one],
      [],
    )
    .description('Add a member, or change a role.')
    .action(async (user: string, { role, grant }: AddOptions) => {
      const [api, project] = await Promise.all([context.api(), context.project()]);
      const record = await api.call('putMember', { project, user }, { role, grants: grant });
      printResult(context, record, () => `${user} is ${role} of ${project}`);
    });
  members
    .command('remove')
    .argument('<user>')
    .description('Remove a member.')
    .action(async (user: string) => {
      const [api, project] = await Promise.all([context.api(), context.project()]);
      await api.call('removeMember', { project, user });
      printResult(
        context,
        { project, user, removed: true },
        () => `${user} is no longer a member of ${project}`,
      );
    });
}
