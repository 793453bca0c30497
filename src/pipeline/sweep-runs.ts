import type { RecordOf } from '../contracts/records.ts';
import type { Ports } from '../ports/index.ts';
import { everyRecord } from './every-record.ts';
import { executionProblem, markFailed, type Tracked } from './mark-failed.ts';
import { recoverSession } from './recover-session.ts';
import { sweepRun } from './sweep-run.ts';

type SweepPorts = Pick<Ports, 'records' | 'hints' | 'workflows' | 'jobs' | 'clock' | 'trainingHosts'>;

export interface SweepReport {
  /** Runs that are not over, by state. */
  readonly runs: Record<string, number>;
  /** List price of the jobs now running, USD per hour. */
  readonly usdPerHour: number;
  readonly recovered: number;
  readonly failed: number;
}

const PAGE = 100;
const UNFINISHED = ['queued', 'waiting', 'running', 'evaluating'] as const;
/** An execution that is younger than this may simply not be there yet. */
const START_GRACE_MS = 5 * 60_000;
const MACHINE_OF = {
  'dataset-save': 'save-dataset',
  promotion: 'release-model',
  export: 'release-model',
} as const satisfies Record<Tracked, string>;

/**
 * Compares what the records say with what really runs, and repairs what a lost event would have told: leases of
 * executions that are over, runs, saves, promotions and exports that ended unheard. Stops runs over their budget.
 *
 * @throws the first project's error, after every other was looked at
 */
export async function sweepRuns(ports: SweepPorts): Promise<SweepReport> {
  const report = { runs: {} as Record<string, number>, usdPerHour: 0, recovered: 0, failed: 0 };
  const failures: unknown[] = [];
  for await (const project of everyProject(ports)) {
    try {
      report.recovered += await sweepSessions(project, ports);
      report.failed += await sweepTracked(project, ports);
      const runs = await sweepProjectRuns(project, ports);
      report.usdPerHour += runs.usdPerHour;
      for (const state of runs.states) report.runs[state] = (report.runs[state] ?? 0) + 1;
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return report;
}

async function* everyProject({ records }: SweepPorts): AsyncGenerator<string> {
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Ports['records']['listProjects']>> = await records.listProjects({
      limit: PAGE,
      ...(cursor === null ? {} : { cursor }),
    });
    for (const { id } of page.items) yield id;
    cursor = page.next;
  } while (cursor !== null);
}

/** Leases whose execution is over, or never began: their sessions go back to work. */
async function sweepSessions(project: string, ports: SweepPorts): Promise<number> {
  let recovered = 0;
  for (const record of await everyRecord(ports.records, 'session', project, 'leased')) {
    const { lease, archiveId, session } = record;
    if (!lease) continue;
    const found = await ports.workflows.describe(ports.workflows.arnOf('prepare-session', lease.execution));
    if (found?.status === 'RUNNING' || (!found && isYoung(record, ports))) continue;
    const error = found?.status === 'TIMED_OUT' ? 'States.Timeout' : (found?.error ?? null);
    const ended = { archiveId, project, session, execution: lease.execution };
    if ((await recoverSession(ended, error, ports)) === 'hinted') recovered += 1;
  }
  return recovered;
}

async function sweepTracked(project: string, ports: SweepPorts): Promise<number> {
  let failed = 0;
  for (const entity of ['dataset-save', 'promotion', 'export'] as const) {
    for (const record of await everyRecord(ports.records, entity, project, 'running')) {
      const problem = await endOf(entity, record, ports);
      if (problem && (await markFailed(entity, project, record.id, problem, ports.records))) failed += 1;
    }
  }
  return failed;
}

/** Why the record's execution left it unfinished, or null while it may still finish. */
async function endOf(entity: Tracked, record: RecordOf<Tracked>, ports: SweepPorts) {
  const machine = MACHINE_OF[entity];
  const found = await ports.workflows.describe(ports.workflows.arnOf(machine, record.id));
  if (found?.status === 'RUNNING' || isYoung(record, ports)) return null;
  if (!found) return executionProblem(machine, null, 'its workflow was never started; ask for it again');
  if (found.status === 'SUCCEEDED') {
    return executionProblem(machine, null, 'its workflow ended without recording a result; ask for it again');
  }
  return executionProblem(
    machine,
    found.status === 'TIMED_OUT' ? 'States.Timeout' : found.error,
    found.cause,
  );
}

async function sweepProjectRuns(
  project: string,
  ports: SweepPorts,
): Promise<{ states: string[]; usdPerHour: number }> {
  const states: string[] = [];
  let usdPerHour = 0;
  // All lists first: a run changes its state while it is looked at, and would turn up in the next list again.
  const lists = await Promise.all(
    UNFINISHED.map((state) => everyRecord(ports.records, 'run', project, state)),
  );
  for (const run of lists.flat()) {
    const swept = await sweepRun(run, ports);
    states.push(swept.state);
    usdPerHour += swept.usdPerHour;
  }
  return { states, usdPerHour };
}

function isYoung({ updatedAt }: { updatedAt: string }, { clock }: SweepPorts): boolean {
  return clock.now().getTime() - Date.parse(updatedAt) < START_GRACE_MS;
}
