import type { Command } from 'commander';
import type { CliContext } from '../context.ts';

interface StageOptions {
  readonly input: string;
  readonly output: string;
}

export function register(program: Command, context: CliContext): void {
  program
    .command('run-stage')
    .argument('<stage>', 'imaging stage, such as convert-series')
    .requiredOption('--input <key>', "object key of the stage's input, JSON")
    .requiredOption('--output <key>', "object key to write the stage's output to, JSON")
    .description('Run one imaging stage inside a Batch job, for volumes too big for a function.')
    .action(async (stage: string, { input, output }: StageOptions) => {
      const { runStage } = await import('./run-stage.ts');
      await runStage(stage, input, output, context.environment.variables);
    });
}
