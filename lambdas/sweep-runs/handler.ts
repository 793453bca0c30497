import { STAGE_ENV } from '../../src/contracts/env.ts';
import { METRICS } from '../../src/contracts/metrics.ts';
import { RUN_STATES } from '../../src/contracts/records.ts';
import { sweepRuns } from '../../src/pipeline/sweep-runs.ts';
import { clock, hints, jobs, records, trainingHosts, workflows } from '../_shared/adapters.ts';
import { loadEnv } from '../_shared/env.ts';
import { emitMetrics } from '../_shared/metrics.ts';
import { wrap } from '../_shared/middleware.ts';

const env = loadEnv(STAGE_ENV['sweep-runs']);
const ports = {
  clock,
  hints: hints(env),
  jobs: jobs(),
  records: records(env),
  trainingHosts: trainingHosts(env),
  workflows: workflows(env),
};

/** Runs on a schedule; its counts are what the dashboard shows of the runs. */
export const handler = wrap('sweep-runs', async (_event: unknown) => {
  const report = await sweepRuns(ports);
  emitMetrics('sweep-runs', [
    ...RUN_STATES.map((state) => ({ name: METRICS.runsByState, value: report.runs[state] ?? 0, state })),
    { name: METRICS.runningJobCost, value: report.usdPerHour, unit: 'None' as const },
  ]);
  return report;
});
