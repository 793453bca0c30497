import { relative } from 'node:path';
import { errorText } from '../../src/cli/exit-codes.ts';
import { statusText } from '../../src/cli/status-text.ts';
import { down } from '../machine/down.ts';
import { CHECKOUT, dataFolder } from '../machine/layout.ts';
import { status } from '../machine/status.ts';
import { runDemo } from './demo.ts';
import { openBrowser } from './open-browser.ts';
import { type DemoOptions, parseOptions, USAGE } from './options.ts';
import { createProgress } from './progress.ts';
import { reportText } from './report.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (typeof options === 'number') return options;
  const folder = dataFolder(options.dataFolder);
  const stopAtEnd = options.headless && !options.keep;
  try {
    const report = await runDemo(options, folder, createProgress(process.stdout), ({ machine }) => {
      const url = machine.deployment?.webUrl;
      if (!options.headless && url !== undefined) openBrowser(url);
    });
    process.stdout.write(`\n${reportText(report)}\n\n`);
    if (!stopAtEnd) await showMachine(options);
    return 0;
  } catch (error) {
    process.stderr.write(`\n${errorText(error)}\nLogs are in ${folder.logs}\n`);
    return 1;
  } finally {
    if (stopAtEnd) await down(folder);
  }
}

function readOptions(args: readonly string[]): DemoOptions | number {
  try {
    const options = parseOptions(args);
    if (options !== 'help') return options;
    process.stdout.write(`${USAGE}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`error UsageError: ${(error as Error).message}\n\n${USAGE}\n`);
    return 2;
  }
}

async function showMachine({ dataFolder: root }: DemoOptions): Promise<void> {
  process.stdout.write(`${statusText(await status(dataFolder(root)))}\n\n`);
  const shown = relative(CHECKOUT, root);
  process.stdout.write(`The machine stays up. Stop it with: bin/contourflow down --data ${shown || root}\n`);
}
