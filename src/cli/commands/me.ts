import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { printResult } from '../output.ts';

export function register(program: Command, context: CliContext): void {
  program
    .command('me')
    .description('Who is signed in.')
    .action(async () => {
      const me = await (await context.api()).call('getMe', {});
      printResult(context, me, () => `${me.user}${me.admin ? ' (site admin)' : ''}`);
    });
}
