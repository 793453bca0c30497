import { type Check, fail, ok, warn } from './check.ts';
import type { Probe } from './probe.ts';

export interface MachineToCheck {
  /** Of this process, such as v24.21.0. */
  readonly node: string;
  readonly dataFolder: string;
  /** Ports of a machine that exists and is not up; one that is up holds them itself. */
  readonly ports: readonly number[];
}

const NODE_MAJOR = 20;
const PYTHONS = ['python3.13', 'python3.12', 'python3.11', 'python3', 'python'];
const PYTHON_MINOR = 11;
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome'];
const GIB = 2 ** 30;
/** The Python environments are some 2 GiB; the rest is room for data. */
const WANTED_GIB = 10;
const NEEDED_GIB = 3;

/** What `contourflow up` and `npm run demo` need of this machine. */
export async function checkMachine(probe: Probe, machine: MachineToCheck): Promise<Check[]> {
  return [
    checkNode(machine.node),
    await checkPython(probe),
    await checkBrowser(probe),
    await checkDisk(probe, machine.dataFolder),
    await checkPorts(probe, machine.ports),
  ];
}

function checkNode(version: string): Check {
  const major = Number(/^v?(\d+)/.exec(version)?.[1]);
  return major >= NODE_MAJOR
    ? ok('node', version)
    : fail('node', version, `install Node ${NODE_MAJOR} or newer; the checkout brings its own 24`);
}

async function checkPython(probe: Probe): Promise<Check> {
  const found: string[] = [];
  for (const program of PYTHONS) {
    const version = await versionOf(probe, program);
    const [, major, minor] = /Python (\d+)\.(\d+)/.exec(version ?? '') ?? [];
    if (Number(major) === 3 && Number(minor) >= PYTHON_MINOR) return ok('python', `${program}, ${version}`);
    if (version !== null) found.push(version);
  }
  return fail(
    'python',
    found[0] ?? 'none on the PATH',
    `install Python 3.${PYTHON_MINOR} or newer with its venv module`,
  );
}

async function checkBrowser(probe: Probe): Promise<Check> {
  for (const program of BROWSERS) {
    const version = await versionOf(probe, program);
    if (version !== null) return ok('chromium', version);
  }
  return warn('chromium', 'none on the PATH', 'only the browser tests need it; they are skipped without');
}

async function checkDisk(probe: Probe, folder: string): Promise<Check> {
  const free = (await probe.freeBytes(folder)) / GIB;
  const found = `${free.toFixed(1)} GiB free for ${folder}`;
  if (free >= WANTED_GIB) return ok('disk', found);
  const advice = `make room or choose another folder with --data; ${WANTED_GIB} GiB are comfortable, ${NEEDED_GIB} needed`;
  return free >= NEEDED_GIB ? warn('disk', found, advice) : fail('disk', found, advice);
}

async function checkPorts(probe: Probe, ports: readonly number[]): Promise<Check> {
  if (!(await probe.isPortFree(0)))
    return fail('ports', 'none can be opened on 127.0.0.1', 'allow it to listen there');
  const taken: number[] = [];
  for (const port of ports) if (!(await probe.isPortFree(port))) taken.push(port);
  if (taken.length === 0) return ok('ports', 'free on 127.0.0.1');
  const advice = 'end the program that has them; the machine keeps the ports of its first start';
  return fail('ports', `${taken.join(', ')} taken by another program`, advice);
}

async function versionOf(probe: Probe, program: string): Promise<string | null> {
  return probe.run(program, ['--version']).then(
    (text) => text.trim(),
    () => null,
  );
}
