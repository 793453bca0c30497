import { join } from 'node:path';
import { CHECKOUT } from '../../local/machine/layout.ts';
import { timed } from './machine-speed.ts';
import { printTable } from './print-table.ts';
import { runNode, runProgram } from './spawn-node.ts';
import { interleave, show, summarise } from './statistics.ts';

const BAR_MS = 300;
const CLI = join(CHECKOUT, 'bin/contourflow');

/** How long the CLI takes to start and end, beside a Node.js that does nothing. */
export async function benchCli(): Promise<void> {
  const times = await interleave({
    node: () => timed(() => runNode(['-e', '0'])),
    help: () => timed(() => showHelp('--help')),
    subcommand: () => timed(() => showHelp('runs', '--help')),
  });
  const peer = summarise(times.node);
  const row = (command: string, values: readonly number[]): string[] => {
    const ours = summarise(values);
    const verdict = ours.median < BAR_MS ? `ok, under ${BAR_MS} ms` : 'OVER';
    return [command, show(ours), (ours.median / peer.median).toFixed(1), verdict];
  };
  process.stdout.write('\nStart of the CLI, beside an empty Node.js program\n\n');
  printTable(
    ['command', 'ms', 'against `node -e 0`', ''],
    [
      ['`node -e 0`', show(peer), '1', ''],
      row('`contourflow --help`', times.help),
      row('`contourflow runs --help`', times.subcommand),
    ],
  );
}

/** A program that ends at once is fast, too; this one must have said something. */
async function showHelp(...args: readonly string[]): Promise<void> {
  const text = await runProgram(CLI, args);
  if (!text.includes('Usage: contourflow')) throw new Error(`${CLI} ${args.join(' ')} shows no help`);
}
