import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { endOrphanedJobs } from '../../../local/machine/end-orphans.ts';
import { dataFolder } from '../../../local/machine/layout.ts';
import { newMachine, readMachineFile, writeMachineFile } from '../../../local/machine/machine-file.ts';
import { withLock } from '../../../local/machine/machine-lock.ts';
import { chooseFreePorts, isPortFree } from '../../../local/machine/ports.ts';
import { identify, isAlive } from '../../../local/machine/process-identity.ts';
import { findPython } from '../../../local/machine/python-venv.ts';
import { runCommand } from '../../../local/machine/run-command.ts';
import { ensureSecrets } from '../../../local/machine/secrets-file.ts';
import { digestSources } from '../../../local/machine/source-digest.ts';
import { status } from '../../../local/machine/status.ts';
import { stopProcess } from '../../../local/machine/stop-process.ts';

const newFolder = () => mkdtempSync(join(tmpdir(), 'contourflow-machine-'));
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A process of our own, in its own group; `ignoring` does not end on SIGTERM. */
async function startChild(ignoring = false): Promise<{ pid: number; started: string }> {
  const script = `${ignoring ? "process.on('SIGTERM', () => {});" : ''} setInterval(() => {}, 1000); console.log('up');`;
  const child = spawn(process.execPath, ['-e', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  children.push(child);
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  const owned = identify(child.pid ?? 0);
  if (owned === null) throw new Error('the child did not start');
  return owned;
}

describe('process identity', () => {
  it('is null for a pid that nobody has', async () => {
    const owned = await startChild();
    await stopProcess(owned);
    expect(identify(owned.pid)).toBeNull();
  });

  it('tells a process from another that has its pid now', async () => {
    const owned = await startChild();
    expect(isAlive(owned)).toBe(true);
    expect(isAlive({ ...owned, started: `${owned.started}0` })).toBe(false);
  });
});

describe('stopProcess', () => {
  it('terminates, and kills what does not listen', async () => {
    expect(await stopProcess(await startChild())).toBe('terminated');
    expect(await stopProcess(await startChild(true), { graceMs: 200 })).toBe('killed');
  });

  it('never touches a stranger that has taken the pid', async () => {
    const stranger = await startChild();
    expect(await stopProcess({ pid: stranger.pid, started: 'another time' })).toBe('gone');
    await sleep(50);
    expect(isAlive(stranger)).toBe(true);
  });
});

describe('withLock', () => {
  it('refuses a second holder, naming the first, and is free afterwards', async () => {
    const lockFile = join(newFolder(), 'machine.lock');
    await withLock(lockFile, async () => {
      await expect(withLock(lockFile, async () => undefined)).rejects.toMatchObject({
        code: 'Conflict',
        message: expect.stringContaining(String(process.pid)),
      });
    });
    expect(existsSync(lockFile)).toBe(false);
  });

  it('lets one of many in at a time when they wait', async () => {
    const lockFile = join(newFolder(), 'machine.lock');
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await sleep(20);
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 4 }, () => withLock(lockFile, work, 5_000)));
    expect(most).toBe(1);
  });

  it('takes over the lock of a process that died', async () => {
    const lockFile = join(newFolder(), 'machine.lock');
    const dead = await startChild();
    await stopProcess(dead);
    writeFileSync(lockFile, JSON.stringify(dead));
    expect(await withLock(lockFile, async () => 'done')).toBe('done');
  });

  it('is free again when the work fails', async () => {
    const lockFile = join(newFolder(), 'machine.lock');
    const failing = withLock(lockFile, async () => {
      throw new Error('deploy failed');
    });
    await expect(failing).rejects.toThrow('deploy failed');
    expect(existsSync(lockFile)).toBe(false);
  });
});

describe('ports', () => {
  it('are free and all different', async () => {
    const ports = await chooseFreePorts(5);
    expect(new Set(ports).size).toBe(5);
    for (const port of ports) expect(await isPortFree(port)).toBe(true);
  });

  it('are seen to be taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    expect(await isPortFree(port)).toBe(false);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('digestSources', () => {
  const tree = () => {
    const root = newFolder();
    mkdirSync(join(root, 'src/node_modules'), { recursive: true });
    writeFileSync(join(root, 'src/a.ts'), 'a');
    writeFileSync(join(root, 'src/node_modules/x.js'), 'x');
    return root;
  };

  it('is equal for equal trees and changes with a byte, a name or the extra', () => {
    const root = tree();
    const before = digestSources(root, ['src']);
    expect(digestSources(tree(), ['src'])).toBe(before);
    expect(digestSources(root, ['src'], 'ports')).not.toBe(before);
    writeFileSync(join(root, 'src/a.ts'), 'b');
    expect(digestSources(root, ['src'])).not.toBe(before);
    writeFileSync(join(root, 'src/a.ts'), 'a');
    writeFileSync(join(root, 'src/b.ts'), '');
    expect(digestSources(root, ['src'])).not.toBe(before);
  });

  it('leaves installed packages out, and takes an absent path for nothing', () => {
    const root = tree();
    const before = digestSources(root, ['src', 'web/dist']);
    writeFileSync(join(root, 'src/node_modules/x.js'), 'y');
    expect(digestSources(root, ['src', 'web/dist'])).toBe(before);
  });
});

describe('runCommand', () => {
  const command = (script: string) => ({
    program: process.execPath,
    args: ['-e', script],
    cwd: newFolder(),
    env: {},
    logFile: join(newFolder(), 'command.log'),
    timeoutMs: 20_000,
    what: 'the deployment',
  });

  it('keeps the output in the log', async () => {
    const one = command('console.log("hello")');
    await runCommand(one);
    expect(readFileSync(one.logFile, 'utf8')).toBe('hello\n');
  });

  it('fails with the exit code and the end of the log', async () => {
    await expect(
      runCommand(command('console.error("no such table"); process.exit(4)')),
    ).rejects.toMatchObject({
      code: 'InternalError',
      message: expect.stringMatching(/the deployment failed with exit code 4;[\s\S]*no such table/),
    });
  });

  it('does not hang: ends the whole group when the time is up', async () => {
    const hanging = { ...command('console.log(process.pid); setInterval(() => {}, 1000)'), timeoutMs: 3_000 };
    await expect(runCommand(hanging)).rejects.toThrow('did not finish within');
    const pid = Number(readFileSync(hanging.logFile, 'utf8'));
    expect(pid).toBeGreaterThan(0);
    // The kernel takes a moment to take a killed process away.
    while (identify(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
  });

  it('says when the program does not exist', async () => {
    await expect(runCommand({ ...command(''), program: '/nonexistent/cdk' })).rejects.toThrow(
      'could not be started',
    );
  });
});

describe('endOrphanedJobs', () => {
  it('ends recorded jobs that still run and leaves strangers alone', async () => {
    const folder = dataFolder(newFolder());
    const [orphan, stranger] = [await startChild(), await startChild()];
    mkdirSync(join(folder.emulatorState, 'batch'), { recursive: true });
    writeFileSync(
      join(folder.emulatorState, 'batch/processes.json'),
      JSON.stringify({ job1: orphan, job2: { pid: stranger.pid, started: 'long ago' } }),
    );
    expect(await endOrphanedJobs(folder)).toBe(1);
    expect([isAlive(orphan), isAlive(stranger)]).toEqual([false, true]);
  });

  it('finds nothing where no job ever ran', async () => {
    expect(await endOrphanedJobs(dataFolder(newFolder()))).toBe(0);
  });
});

describe('findPython', () => {
  it('finds an interpreter of at least 3.11', async () => {
    expect(await findPython()).toMatch(/^python/);
  });

  it('names the package to install when there is none', async () => {
    await expect(findPython(['no-such-python'])).rejects.toMatchObject({
      code: 'ConfigurationError',
      message: expect.stringContaining('python3-venv'),
    });
  });
});

describe('the files of a machine', () => {
  const ports = { emulator: 4001, web: 4002, xnat: 4003 };

  it('come back as written', async () => {
    const folder = dataFolder(newFolder());
    await writeMachineFile(folder, newMachine(ports));
    expect(await readMachineFile(folder)).toEqual(newMachine(ports));
  });

  it('are refused with advice when they hold something else', async () => {
    const folder = dataFolder(newFolder());
    writeFileSync(folder.machineFile, '{"schemaVersion": 9}');
    await expect(readMachineFile(folder)).rejects.toMatchObject({
      code: 'ConfigurationError',
      message: expect.stringContaining('contourflow up'),
    });
  });

  it('keep secrets that only their owner can read, random and made once', async () => {
    const [folder, other] = [dataFolder(newFolder()), dataFolder(newFolder())];
    const secrets = await ensureSecrets(folder);
    expect(statSync(folder.secretsFile).mode & 0o777).toBe(0o600);
    expect(await ensureSecrets(folder)).toEqual(secrets);
    const passwords = [...secrets.users, ...(await ensureSecrets(other)).users].map(
      ({ password }) => password,
    );
    expect(new Set(passwords).size).toBe(passwords.length);
    expect(secrets.archive.webhookSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  });
});

describe('status', () => {
  it('says so when the machine never ran', async () => {
    expect(await status(dataFolder(newFolder()))).toMatchObject({ state: 'never started', servers: {} });
  });

  it('does not take a stranger with a recorded pid for a server of ours', async () => {
    const folder = dataFolder(newFolder());
    const stranger = await startChild();
    const machine = newMachine({ emulator: 4001, web: 4002, xnat: 4003 });
    const stale = { pid: stranger.pid, started: 'long ago' };
    await writeMachineFile(folder, { ...machine, processes: { emulator: stale, xnat: null } });
    const now = await status(folder);
    expect(now.state).toBe('down');
    expect(now.servers.emulator).toMatchObject({ state: 'stopped', pid: null, port: 4001 });
  });
});
