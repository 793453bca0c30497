import { readEnvironment } from './environment.ts';
import { runProgram } from './program.ts';

const lines = (stream: NodeJS.WriteStream) => (text: string) => {
  stream.write(`${text}\n`);
};
// A reader that closes early, such as `head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await runProgram(process.argv.slice(2), readEnvironment(), {
  out: lines(process.stdout),
  err: lines(process.stderr),
  terminal: { input: process.stdin, output: process.stderr },
});
