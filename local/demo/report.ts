import { formatScore, formatTable } from '../../src/cli/output.ts';
import type { Worst } from './certificates.ts';
import type { StepRecord } from './progress.ts';

export interface DemoReport {
  readonly steps: readonly StepRecord[];
  readonly worst: readonly Worst[];
  /** Test Dice by region: initial training, fine-tuned, and the exported bundle in plain MONAI on one case. */
  readonly dice: readonly {
    readonly region: string;
    readonly initial: number | null;
    readonly fineTuned: number | null;
    readonly bundle: number | null;
  }[];
  readonly trainingCpuSeconds: number;
  readonly trainingWallSeconds: number;
  readonly testCases: number;
}

export function reportText(report: DemoReport): string {
  const total = report.steps.reduce((sum, { seconds }) => sum + seconds, 0);
  const steps = formatTable(
    ['step', 'what it produced', 'seconds'],
    [
      ...report.steps.map(({ title, result, seconds }) => [title, result, Number(seconds.toFixed(1))]),
      ['total', '', Number(total.toFixed(1))],
    ],
  );
  const worst = formatTable(
    ['worst number of all certificates', 'value', 'unit', 'where'],
    report.worst.map(({ what, value, unit, where }) => [what, Number(value.toFixed(3)), unit, where]),
  );
  const dice = formatTable(
    [
      `test Dice (${report.testCases} locked cases)`,
      'initial',
      'fine-tuned',
      'bundle in plain MONAI (1 case)',
    ],
    report.dice.map(({ region, initial, fineTuned, bundle }) => [
      region,
      formatScore(initial),
      formatScore(fineTuned),
      formatScore(bundle),
    ]),
  );
  const cpu = `Both trainings: ${report.trainingCpuSeconds.toFixed(0)} CPU seconds, ${report.trainingWallSeconds.toFixed(0)} s of training.`;
  return [steps, worst, dice, cpu].join('\n\n');
}
