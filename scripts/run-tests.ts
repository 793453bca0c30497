/**
 * `npm test`: the unit, contract and architecture tests with the coverage gate, the Python tests, the deployed stack on
 * the emulator and the dashboard in a real browser. Ends with `N passed, N failed, N skipped`, and names every skip.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
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

/** Runs one suite with its output shown; a suite that ends without a report counts as one failure. */
async function run(suite: Suite): Promise<Counts> {
  process.stdout.write(`\n=== ${suite.name}\n`);
  const started = performance.now();
  const [program = '', ...args] = suite.command;
  const child = spawn(program, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
  const code = await new Promise<number>((resolve) => {
    child.on('error', () => resolve(127));
    child.on('exit', (exitCode) => resolve(exitCode ?? 1));
  });
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

rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS, { recursive: true });
const [emulator, trainer] = await Promise.all([ensureVenv('emulator-dev'), ensureVenv('trainer-dev')]);
const suites = [
  jestSuite('unit', '--coverage', '--maxWorkers=2'),
  pytestSuite('emulator', emulator.python, 'local/emulator/tests'),
  pytestSuite('trainer', trainer.python, 'trainer/tests'),
  jestSuite('integration', '--runInBand'),
  jestSuite('e2e', '--runInBand'),
];
const total: Counts = { passed: 0, failed: 0, skipped: [] };
for (const suite of suites) {
  const counts = await run(suite);
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped.push(...counts.skipped);
}
for (const name of total.skipped) process.stdout.write(`skipped: ${name}\n`);
process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped.length} skipped\n`);
process.exitCode = total.failed === 0 ? 0 : 1;
