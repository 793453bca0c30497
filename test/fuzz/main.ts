/**
 * `npm run fuzz`: damaged input for every reader. A reader may accept it or refuse it with a code; anything else (another
 * exception, over two seconds, buffers over the cap, a hang) is a finding, kept as a file, and the exit code is 1.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { FuzzFinding, FuzzJob, FuzzReport } from './fuzz-worker.ts';
import { MAX_INPUT_BYTES } from './mutate.ts';
import { TARGETS, type TargetName } from './targets.ts';

const FINDINGS = '.cache/fuzz';
/** Of processor time without an answer: a busy machine is no hang. */
const HANG_MS = 10_000;
const HEAP_CAP_MB = 256;

const USAGE = `usage: npm run fuzz -- [--seconds N | --executions N] [--target NAME] [--seed N] [--replay FILE --target NAME]
  --seconds     in all, shared by the targets (default 60)
  --executions  in all, shared by the targets, instead of a time
  --target      only this one: ${Object.keys(TARGETS).join(', ')}
  --report      writes what was found per target, as JSON
  --seed        another sequence (default 1); equal seeds try equal inputs`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    executions: { type: 'string' },
    target: { type: 'string' },
    seed: { type: 'string', default: '1' },
    replay: { type: 'string' },
    report: { type: 'string' },
    help: { type: 'boolean' },
  },
});

if (values.help) {
  process.stdout.write(`${USAGE}\n`);
} else if (values.target !== undefined && !Object.hasOwn(TARGETS, values.target)) {
  process.stderr.write(`error UsageError: no target is called ${values.target}\n${USAGE}\n`);
  process.exitCode = 2;
} else if (values.replay !== undefined) {
  await replay(values.replay, values.target as TargetName);
} else {
  await fuzzAll();
}

async function replay(file: string, name: TargetName): Promise<void> {
  const read = await TARGETS[name].prepare();
  const started = performance.now();
  try {
    read(new Uint8Array(readFileSync(file)));
    process.stdout.write('accepted');
  } catch (error) {
    process.stdout.write(error instanceof Error ? `${error.stack}` : String(error));
  }
  process.stdout.write(`\n${(performance.now() - started).toFixed(1)} ms\n`);
}

async function fuzzAll(): Promise<void> {
  const names = (values.target === undefined ? Object.keys(TARGETS) : [values.target]) as TargetName[];
  const seconds = Number(values.seconds) / names.length;
  const executions =
    values.executions === undefined ? Number.MAX_SAFE_INTEGER : Number(values.executions) / names.length;
  const total = { executions: 0, findings: 0 };
  const reports: { name: TargetName; executions: number; findings: number }[] = [];
  for (const name of names) {
    const started = performance.now();
    const untilMs = values.executions === undefined ? Date.now() + seconds * 1000 : Number.MAX_SAFE_INTEGER;
    const report = await fuzz(name, {
      seed: Number(values.seed),
      untilMs,
      executions: Math.ceil(executions),
    });
    const took = (performance.now() - started) / 1000;
    total.executions += report.executions;
    total.findings += report.findings.length;
    reports.push({ name, executions: report.executions, findings: report.findings.length });
    print(name, report, took);
  }
  process.stdout.write(`fuzz: ${total.executions} executions, ${total.findings} findings\n`);
  if (values.report !== undefined) writeFileSync(values.report, JSON.stringify(reports));
  if (total.findings > 0) process.exitCode = 1;
}

/** Runs a target in a thread; a thread that stops answering or dies leaves the input it was at. */
function fuzz(
  target: TargetName,
  job: Pick<FuzzJob, 'seed' | 'untilMs' | 'executions'>,
): Promise<FuzzReport> {
  const shared = new SharedArrayBuffer(8 + MAX_INPUT_BYTES);
  const worker = new Worker(new URL('./fuzz-worker.ts', import.meta.url), {
    workerData: { ...job, target, shared } satisfies FuzzJob,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_CAP_MB },
    // What codecs print is no result of ours.
    stdout: true,
  });
  return new Promise((resolve) => {
    const counter = new Int32Array(shared, 0, 2);
    let [seen, since] = [-1, process.cpuUsage()];
    const died = (kind: FuzzFinding['kind'], message: string) => {
      clearInterval(watch);
      void worker.terminate();
      const input = new Uint8Array(shared, 8).slice(0, Atomics.load(counter, 1));
      const findings = [{ kind, message, input }];
      resolve({
        executions: Atomics.load(counter, 0),
        outcomes: {},
        slowestMs: 0,
        largestBuffersMb: 0,
        findings,
      });
    };
    const watch = setInterval(() => {
      const now = Atomics.load(counter, 0);
      const { user, system } = process.cpuUsage(since);
      if (now !== seen) [seen, since] = [now, process.cpuUsage()];
      else if (seen > 0 && (user + system) / 1000 > HANG_MS)
        died('slow', `hangs: no answer for ${HANG_MS} ms`);
    }, 500);
    worker.on('message', (report: FuzzReport) => {
      clearInterval(watch);
      resolve(report);
      void worker.terminate();
    });
    worker.on('error', (error: Error) => died('crash', `the thread died: ${error.message}`));
  });
}

function print(name: TargetName, report: FuzzReport, seconds: number): void {
  const rate = Math.round(report.executions / seconds);
  const outcomes = Object.entries(report.outcomes).map(([code, count]) => `${code} ${count}`);
  process.stdout.write(
    `${name}: ${report.executions} executions, ${rate}/s, slowest ${report.slowestMs.toFixed(0)} ms, ` +
      `buffers up to ${report.largestBuffersMb.toFixed(0)} MiB, ${report.findings.length} findings\n  ${outcomes.join(', ')}\n`,
  );
  for (const finding of report.findings) process.stdout.write(`  ${describe(name, finding)}\n`);
}

function describe(name: TargetName, { kind, message, input }: FuzzFinding): string {
  mkdirSync(FINDINGS, { recursive: true });
  const digest = createHash('sha256').update(input).digest('hex').slice(0, 12);
  const file = join(FINDINGS, `${name}-${kind}-${digest}.bin`);
  writeFileSync(file, input);
  return `${kind}: ${message}\n  kept as ${file}; try it: npm run fuzz -- --target ${name} --replay ${file}`;
}
