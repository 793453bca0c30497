import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { printResult } from '../output.ts';

export function register(program: Command, context: CliContext): void {
  program
    .command('down')
    .description('Stop what `up` started. Cases, datasets, runs and models stay.')
    .action(async () => {
      const { down } = await import('../../../local/machine/down.ts');
      const { dataFolder } = await import('../../../local/machine/layout.ts');
      const result = await down(dataFolder(context.dataFolder));
      printResult(context, result, () => {
        const ended = Object.entries(result.servers).map(([name, how]) => `${name}: ${how}`);
        return ended.length === 0 ? 'no machine in this data folder' : ended.join('\n');
      });
    });
}
