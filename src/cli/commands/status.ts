import type { Command } from 'commander';
import type { MachineStatus } from '../../../local/machine/status.ts';
import type { CliContext } from '../context.ts';
import { formatFields, formatTable, printResult } from '../output.ts';

export function register(program: Command, context: CliContext): void {
  program
    .command('status')
    .description('What runs on the local machine, where, and who can sign in.')
    .action(async () => {
      const { status } = await import('../../../local/machine/status.ts');
      const { dataFolder } = await import('../../../local/machine/layout.ts');
      const now = await status(dataFolder(context.dataFolder));
      printResult(context, now, () => statusText(now));
    });
}

export function statusText(now: MachineStatus): string {
  const fields = formatFields({
    machine: now.state,
    dashboard: now.dashboardUrl,
    API: now.apiUrl && `${now.apiUrl}/v1`,
    XNAT: now.xnatUrl,
    'data folder': now.dataFolder,
    deployed: now.deployment && `${now.deployment.deployedAt} (${now.deployment.digest.slice(0, 12)})`,
    version: Object.entries(now.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  });
  const servers = formatTable(
    ['server', 'state', 'pid', 'address'],
    Object.entries(now.servers).map(([name, { state, pid, url }]) => [name, state, pid, url]),
  );
  const users = formatTable(
    ['user', 'password', 'for'],
    [
      ...now.users.map(({ name, password, purpose }) => [name, password, purpose]),
      ...(now.xnatUser ? [[now.xnatUser.name, now.xnatUser.password, 'XNAT stand-in']] : []),
    ],
  );
  return `${fields}\n\n${servers}\n\n${users}`;
}
