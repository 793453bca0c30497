import { Command, CommanderError } from 'commander';
import { COMMANDS } from './command-table.ts';
import { createContext, type GlobalOptions, type Streams } from './context.ts';
import type { CliEnvironment } from './environment.ts';
import { EXIT, ExitCode, errorText, exitCodeOf } from './exit-codes.ts';
import type { Output } from './output.ts';

const EXIT_HELP = `
Exit codes: 0 done; 1 an internal error; 2 the command line was not understood; 3 refused or failed, with the reason.
Errors go to standard error as "error <Code>: <sentence>".`;

/**
 * Runs one command line.
 *
 * @param args - without the program's own name.
 * @returns the exit code, see {@link EXIT}.
 */
export async function runProgram(
  args: readonly string[],
  environment: CliEnvironment,
  streams: Streams,
): Promise<number> {
  const program = createProgram(streams);
  const context = createContext(environment, () => program.opts<GlobalOptions>(), streams);
  const named = new Set(args);
  try {
    for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
      if (named.has(name)) (await load()).register(program, context);
      else program.command(name).summary(summary).description(summary);
    }
    await program.parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof ExitCode) return error.code;
    streams.err(errorText(error));
    return exitCodeOf(error);
  }
}

function createProgram(write: Pick<Output, 'out' | 'err'>): Command {
  return new Command('contourflow')
    .description('From a saved contour to a trained, reviewed, exportable segmentation model')
    .option('--json', 'print the result as JSON')
    .option(
      '--data <folder>',
      'folder of the local machine and the sign-in (CONTOURFLOW_DATA, ~/.contourflow)',
    )
    .option('--project <id>', 'project to work in (CONTOURFLOW_PROJECT, or your only one)')
    .addHelpText('after', EXIT_HELP)
    .showHelpAfterError('(add --help for what is understood)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => write.out(text.trimEnd()),
      writeErr: (text) => write.err(text.trimEnd()),
      outputError: (text, show) => show(text.replace(/^error: /, 'error UsageError: ')),
    });
}
