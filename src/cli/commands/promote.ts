import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { printResult } from '../output.ts';

export function register(program: Command, context: CliContext): void {
  program
    .command('promote')
    .argument('<run>')
    .argument('<checkpoint>', 'from: contourflow runs checkpoints <run>')
    .requiredOption('--as <model>', 'model it becomes the next version of')
    .description('Make a checkpoint the next version of a model and wait until it is there.')
    .action(async (runId: string, checkpointId: string, { as }: { as: string }) => {
      const { promote } = await import('../wait-for.ts');
      const [api, project] = await Promise.all([context.api(), context.project()]);
      const version = await promote(api, project, { runId, checkpointId, modelId: as });
      printResult(context, { modelVersionId: version }, () => `${checkpointId} is now ${version}`);
    });
}
