/**
 * `npm run check`: everything that can be said about the code without running the product. Every check runs, so that
 * one look shows all that is wrong; the exit code is 1 when any of them failed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { ensureVenv } from '../local/machine/python-venv.ts';

interface Check {
  readonly name: string;
  readonly command: readonly string[];
}

const venv = await ensureVenv('trainer-dev');
const python = (environment: { python: string }, ...args: string[]) => [environment.python, '-m', ...args];

const CHECKS: readonly Check[] = [
  { name: 'types', command: ['tsc', '--noEmit', '-p', 'tsconfig.json'] },
  { name: 'types of the dashboard', command: ['tsc', '--noEmit', '-p', 'web/tsconfig.json'] },
  { name: 'lint and format', command: ['biome', 'ci', '--colors=off', '--error-on-warnings', '.'] },
  {
    name: 'import rules',
    command: [
      'depcruise',
      '--config',
      '.dependency-cruiser.cjs',
      'src',
      'lambdas',
      'infra',
      'local',
      'web/src',
      'scripts',
    ],
  },
  { name: 'dead code', command: ['knip', '--no-progress'] },
  {
    name: 'spelling of state names',
    command: [
      'cspell',
      '--no-progress',
      '--quiet',
      'statemachines/*.asl.json',
      'src/contracts/stage-names.ts',
    ],
  },
  { name: 'lint of the trainer', command: python(venv, 'ruff', 'check', 'trainer') },
  {
    name: 'types of the trainer',
    command: python(venv, 'mypy', '--config-file', 'trainer/pyproject.toml', 'trainer/src'),
  },
  { name: 'lint of the emulator wrapper', command: python(venv, 'ruff', 'check', 'local/emulator') },
  { name: 'templates: cdk-nag, cfn-lint, asl-validator', command: ['node', 'scripts/check-templates.ts'] },
];

function run({ name, command }: Check): boolean {
  const started = performance.now();
  const [program = '', ...args] = command;
  const result = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, NO_COLOR: '1' },
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const passed = result.status === 0;
  process.stdout.write(`${passed ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)\n`);
  if (!passed) process.stdout.write(`${result.error?.message ?? ''}${result.stdout}${result.stderr}\n`);
  return passed;
}

if (!existsSync('statemachines')) throw new Error('run this from the root of the checkout');
const failed = CHECKS.filter((check) => !run(check));
process.stdout.write(
  failed.length === 0 ? 'All checks passed.\n' : `Failed: ${failed.map((c) => c.name).join('; ')}\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
