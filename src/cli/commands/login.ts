import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { printResult } from '../output.ts';

interface LoginOptions {
  readonly url?: string;
}

export function register(program: Command, context: CliContext): void {
  program
    .command('login')
    .argument('[user]', 'name in the user pool; asked for when it is not given')
    .option('--url <address>', 'address of the dashboard; without it, the local machine of this data folder')
    .description(
      'Sign in; the token is kept in the data folder. The password is asked for, or taken from ' +
        'CONTOURFLOW_PASSWORD; for the local machine, from its own list of users.',
    )
    .action(async (given: string | undefined, options: LoginOptions) => {
      const user = given ?? (await ask(context, 'User: ', true));
      const { localTarget, remoteTarget } = await import('../sign-in-target.ts');
      const { signIn } = await import('../cognito.ts');
      const { writeSignIn } = await import('../sign-in-file.ts');
      const target = options.url
        ? await remoteTarget(options.url)
        : await localTarget(context.dataFolder, user);
      const password =
        context.environment.password ?? target.knownPassword ?? (await ask(context, 'Password: '));
      const tokens = await signIn(target, user, password, () => ask(context, 'Choose a new password: '));
      const { apiUrl, endpoint, clientId } = target;
      writeSignIn(context.dataFolder, { schemaVersion: 1, user, apiUrl, endpoint, clientId, ...tokens });
      printResult(context, { user, apiUrl }, () => `signed in as ${user} at ${apiUrl}`);
    });
}

async function ask({ terminal }: CliContext, question: string, shown = false): Promise<string> {
  const { askOnTerminal } = await import('../ask-on-terminal.ts');
  return askOnTerminal(terminal, question, shown);
}
