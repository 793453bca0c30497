/**
 * `npm test`: the unit, contract and architecture tests with the coverage gate, the Python tests, the deployed stack on
 * the emulator, the dashboard in a real browser and, beside these, the readers under damaged input. Names
 * every skip, says how long it took, and ends with `N passed, N failed, N skipped`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, constants, setPriority } from 'node:os';
import { ensureVenv } from '../local/machine/python-venv.ts';

interface Counts {
  passed: number;
  failed: number;
  skipped: string[];
}
interface Suite {
  readonly name: string;
  readonly command: readonly string[];
  readonly report: string;
  readonly read: (report: string) => Counts;
}

const REPORTS = '.cache/test-reports';
const JEST = [
  'node',
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
];

function jestSuite(project: string, ...options: string[]): Suite {
  const report = `${REPORTS}/${project}.json`;
  const command = [...JEST, '--selectProjects', project, '--json', '--outputFile', report, ...options];
  return { name: project, command, report, read: readJest };
}

function readJest(text: string): Counts {
  const report = JSON.parse(text) as {
    numPassedTests: number;
    numFailedTests: number;
    numRuntimeErrorTestSuites: number;
    testResults: { assertionResults: { status: string; fullName: string }[] }[];
  };
  const skipped = report.testResults.flatMap((file) =>
    file.assertionResults.filter((test) => test.status === 'pending').map((test) => test.fullName),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    skipped,
  };
}

function pytestSuite(name: string, python: string, folder: string): Suite {
  const report = `${REPORTS}/${name}.xml`;
  return {
    name,
    command: [python, '-m', 'pytest', '-q', folder, `--junitxml=${report}`],
    report,
    read: readJunit,
  };
}

function readJunit(text: string): Counts {
  const count = (attribute: string) =>
    [...text.matchAll(new RegExp(`<testsuite [^>]*\\b${attribute}="(\\d+)"`, 'g'))].reduce(
      (sum, m) => sum + Number(m[1]),
      0,
    );
  const skipped = [...text.matchAll(/<testcase [^>]*\bname="([^"]+)"[^>]*><skipped/g)].map(
    (match) => match[1] ?? '',
  );
  const failed = count('failures') + count('errors');
  return { passed: count('tests') - failed - skipped.length, failed, skipped };
}

/** The readers under damaged input, for five minutes; each reader without a finding counts as passed. */
function fuzzSuite(): Suite {
  const report = `${REPORTS}/fuzz.json`;
  const command = ['node', 'test/fuzz/main.ts', '--seconds', '300', '--report', report];
  return { name: 'fuzz', command, report, read: readFuzz };
}

function readFuzz(text: string): Counts {
  const targets = JSON.parse(text) as { findings: number }[];
  const failed = targets.filter(({ findings }) => findings > 0).length;
  return { passed: targets.length - failed, failed, skipped: [] };
}

/** Runs one suite with its output shown; a suite that ends without a report counts as one failure. */
async function run(suite: Suite): Promise<Counts> {
  process.stdout.write(`\n=== ${suite.name}\n`);
  return finish(suite, start(suite, 'inherit'));
}

interface Started {
  readonly at: number;
  readonly process: ChildProcess;
  readonly code: Promise<number>;
}

function start({ command: [program = '', ...args] }: Suite, output: 'inherit' | number): Started {
  const child = spawn(program, args, {
    stdio: ['ignore', output, output],
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
  const code = new Promise<number>((resolve) => {
    child.on('error', () => resolve(127));
    child.on('exit', (exitCode) => resolve(exitCode ?? 1));
  });
  return { at: performance.now(), process: child, code };
}

/** Starts a suite that has the time of the others: it takes only what processor they leave, and is shown at its end. */
function startBeside(suite: Suite): () => Promise<Counts> {
  const log = `${REPORTS}/${suite.name}.log`;
  const started = start(suite, openSync(log, 'w'));
  if (started.process.pid !== undefined) setPriority(started.process.pid, constants.priority.PRIORITY_LOW);
  return async () => {
    process.stdout.write(`\n=== ${suite.name}\n`);
    await started.code;
    process.stdout.write(readFileSync(log, 'utf8'));
    return finish(suite, started);
  };
}

async function finish(suite: Suite, { at: started, code: ended }: Started): Promise<Counts> {
  const code = await ended;
  const counts = readReport(suite);
  // A coverage gate that fell, or a crash after the last test, fails without a failed test.
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  process.stdout.write(
    `=== ${suite.name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped.length} skipped, ${((performance.now() - started) / 1000).toFixed(0)} s\n`,
  );
  return counts;
}

function readReport(suite: Suite): Counts {
  try {
    return suite.read(readFileSync(suite.report, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: [] };
  }
}

/** What a person waited for, to be held against the bar of docs/developer-guide/testing.md. */
function wallTime(): string {
  const seconds = Math.round(performance.now() / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s of wall time, ${availableParallelism()} cores; the bar is 30 min on two`;
}

rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS, { recursive: true });
const [emulator, trainer] = await Promise.all([
  ensureVenv('emulator-dev'),
  ensureVenv('trainer-dev'),
  ensureVenv('imaging-peers'),
]);
const unit = jestSuite('unit', '--coverage', '--maxWorkers=2');
const suites = [
  pytestSuite('emulator', emulator.python, 'local/emulator/tests'),
  pytestSuite('trainer', trainer.python, 'trainer/tests'),
  jestSuite('peers', '--runInBand'),
  jestSuite('integration', '--runInBand'),
  jestSuite('e2e', '--runInBand'),
];
const total: Counts = { passed: 0, failed: 0, skipped: [] };
const add = (counts: Counts): void => {
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped.push(...counts.skipped);
};
add(await run(unit));
const fuzz = startBeside(fuzzSuite());
for (const suite of suites) add(await run(suite));
add(await fuzz());
for (const name of total.skipped) process.stdout.write(`skipped: ${name}\n`);
process.stdout.write(`${wallTime()}\n`);
process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped.length} skipped\n`);
process.exitCode = total.failed === 0 ? 0 : 1;
