import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { printResult } from '../output.ts';

export function register(program: Command, context: CliContext): void {
  program
    .command('sync')
    .option('--session <id>', 'only this session')
    .description('Look at the archive now instead of waiting for an event.')
    .action(async ({ session }: { session?: string }) => {
      const [api, project] = await Promise.all([context.api(), context.project()]);
      const answer = await api.call('syncProject', { project }, session === undefined ? {} : { session });
      printResult(context, answer, () => `${answer.hinted} session(s) to look at`);
    });
}
