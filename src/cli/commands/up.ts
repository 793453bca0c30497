import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { printResult } from '../output.ts';

export function register(program: Command, context: CliContext): void {
  program
    .command('up')
    .description('Start the local machine: emulator, XNAT stand-in, the deployed stacks. Safe to repeat.')
    .action(async () => {
      const { up } = await import('../../../local/machine/up.ts');
      const { dataFolder } = await import('../../../local/machine/layout.ts');
      const { status } = await import('../../../local/machine/status.ts');
      const { statusText } = await import('../status-text.ts');
      const folder = dataFolder(context.dataFolder);
      const { deployed, seconds } = await up(folder, { report: context.err });
      const now = await status(folder);
      printResult(context, { ...now, deployed, seconds }, () => {
        const what = deployed ? 'up, stacks deployed' : 'up, nothing to deploy';
        return `${what} (${seconds.toFixed(1)} s)\n\n${statusText(now)}`;
      });
    });
}
