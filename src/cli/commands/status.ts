import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { printResult } from '../output.ts';
import { statusText } from '../status-text.ts';

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
