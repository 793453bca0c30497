import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { PipelineError } from '../../src/contracts/errors.ts';
import { CHECKOUT, venvProgram } from './layout.ts';
import { withLock } from './machine-lock.ts';
import { runCommand } from './run-command.ts';

const run = promisify(execFile);

/** Interpreters tried, newest first; the first of at least 3.11 is taken. */
const CANDIDATES = ['python3.13', 'python3.12', 'python3.11', 'python3', 'python'] as const;
const MINIMUM = [3, 11] as const;
const INSTALL_TIMEOUT_MS = 20 * 60_000;

/** A pinned Python virtual environment below the checkout, made on first use. */
interface PythonVenv {
  /** Relative to the checkout; two sets of requirements may share a folder. */
  readonly folder: string;
  readonly requirements: string;
  /** Repeated in every pip line that could pull it, so that no other build of it ever gets in. */
  readonly pinned: readonly string[];
}

const TORCH = ['torch==2.13.0'] as const;
const VENVS = {
  emulator: { folder: 'local/emulator/.venv', requirements: 'local/emulator/requirements.txt', pinned: [] },
  'emulator-dev': {
    folder: 'local/emulator/.venv',
    requirements: 'local/emulator/requirements-dev.txt',
    pinned: [],
  },
  trainer: { folder: 'trainer/.venv', requirements: 'trainer/requirements.txt', pinned: TORCH },
  lint: { folder: 'infra/lint/.venv', requirements: 'infra/lint/requirements.txt', pinned: [] },
  'imaging-peers': { folder: 'test/peers/.venv', requirements: 'test/peers/requirements.txt', pinned: [] },
  'trainer-dev': { folder: 'trainer/.venv', requirements: 'trainer/requirements-dev.txt', pinned: TORCH },
} as const satisfies Record<string, PythonVenv>;
/** `-dev`: with what the tests and checks need on top. */
export type VenvName = keyof typeof VENVS;

export interface ReadyVenv {
  /** Absolute path of its interpreter. */
  readonly python: string;
  /** Whether anything had to be installed. */
  readonly installed: boolean;
}

/**
 * Makes the environment unless its stamp says that it already holds these requirements.
 *
 * @throws ConfigurationError when there is no usable Python; the message names the package to install.
 */
export async function ensureVenv(
  name: VenvName,
  report: (line: string) => void = toStandardError,
): Promise<ReadyVenv> {
  const venv = VENVS[name];
  const folder = join(CHECKOUT, venv.folder);
  const python = venvProgram(folder, 'python');
  if (isUpToDate(venv)) return { python, installed: false };
  const install = async (): Promise<ReadyVenv> => {
    // Another process may have done it while this one waited for the lock.
    if (isUpToDate(venv)) return { python, installed: false };
    report(`Installing the Python packages of ${name} (once) ...`);
    await createVenv(folder);
    await installRequirements(name, venv, folder);
    writeFileSync(stampFile(venv), requirementsDigest(venv));
    return { python, installed: true };
  };
  return withLock(`${folder}.lock`, install, INSTALL_TIMEOUT_MS);
}

function toStandardError(line: string): void {
  process.stderr.write(`${line}\n`);
}

function isUpToDate(environment: PythonVenv): boolean {
  const stamp = stampFile(environment);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === requirementsDigest(environment);
}

function stampFile(environment: PythonVenv): string {
  return join(CHECKOUT, environment.folder, `${basename(environment.requirements)}.sha256`);
}

function requirementsDigest({ requirements, pinned }: PythonVenv): string {
  const text = [requirements, requirements.replace('-dev', '')].map((file) =>
    readFileSync(join(CHECKOUT, file)),
  );
  return createHash('sha256').update(Buffer.concat(text)).update(pinned.join(' ')).digest('hex');
}

async function createVenv(folder: string): Promise<void> {
  if (existsSync(venvProgram(folder, 'pip'))) return;
  const python = await findPython();
  rmSync(folder, { recursive: true, force: true });
  try {
    await run(python, ['-m', 'venv', folder], { timeout: 120_000 });
  } catch (cause) {
    rmSync(folder, { recursive: true, force: true });
    throw new PipelineError(
      'ConfigurationError',
      `${python} cannot make a virtual environment; install its venv and pip (Debian and Ubuntu: ` +
        '"apt-get install python3-venv python3-pip") and run this again',
      { python },
      { cause },
    );
  }
}

/** torch goes first and alone: a later line then finds it satisfied and does not look for another build. */
async function installRequirements(name: VenvName, environment: PythonVenv, folder: string): Promise<void> {
  const pip = venvProgram(folder, 'pip');
  const quiet = ['install', '--quiet', '--disable-pip-version-check', '--no-input', '--prefer-binary'];
  const lines = [
    ...(environment.pinned.length > 0 ? [[...quiet, ...environment.pinned]] : []),
    [...quiet, '--requirement', join(CHECKOUT, environment.requirements), ...environment.pinned],
  ];
  for (const args of lines) {
    await runCommand({
      program: pip,
      args,
      cwd: CHECKOUT,
      // pip keeps the user's own settings: index, proxy, certificates.
      env: definedVariables(process.env),
      logFile: join(CHECKOUT, `${environment.folder}.log`),
      timeoutMs: INSTALL_TIMEOUT_MS,
      what: `installing the Python packages of ${name}`,
    });
  }
}

/**
 * The first interpreter of at least Python 3.11.
 *
 * @throws ConfigurationError naming what was found instead.
 */
export async function findPython(candidates: readonly string[] = CANDIDATES): Promise<string> {
  const found: string[] = [];
  for (const candidate of candidates) {
    const version = await versionOf(candidate);
    if (version === null) continue;
    if (isSupported(version)) return candidate;
    found.push(`${candidate} ${version.join('.')}`);
  }
  const instead = found.length > 0 ? `found only ${found.join(', ')}` : 'found none';
  throw new PipelineError(
    'ConfigurationError',
    `Python 3.11 or newer is needed, ${instead}; install it (Debian and Ubuntu: ` +
      '"apt-get install python3 python3-venv python3-pip") and run this again',
    { found },
  );
}

async function versionOf(python: string): Promise<[number, number] | null> {
  try {
    const { stdout } = await run(python, ['-c', 'import sys; print(*sys.version_info[:2])'], {
      timeout: 10_000,
    });
    const [major = 0, minor = 0] = stdout.trim().split(' ').map(Number);
    return [major, minor];
  } catch {
    return null;
  }
}

function isSupported([major, minor]: [number, number]): boolean {
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1]);
}

function definedVariables(variables: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])));
}
