import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { printResult } from '../output.ts';

export function register(program: Command, context: CliContext): void {
  program
    .command('logout')
    .description('Forget the sign-in of this data folder.')
    .action(async () => {
      const { removeSignIn } = await import('../sign-in-file.ts');
      removeSignIn(context.dataFolder);
      printResult(context, { signedIn: false }, () => 'signed out');
    });
}
