import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { generatePhantom, phantomRtstruct } from '../../../local/phantoms/generate-phantom.ts';
import { createXnatAdmin } from '../../../local/xnat/admin-client.ts';
import { LOGIN, SECRET } from './running-xnat.ts';

// Loaded build machines take several times as long as an idle one.
jest.setTimeout(60_000);

const phantom = generatePhantom({ seed: 51, subject: 10 });
let folder: string;
let running: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'contourflow-xnat-process-'));
});
afterEach(async () => {
  running?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** Starts `local/xnat/main.ts` and answers what its port file says. */
async function start(): Promise<{ pid: number; port: number; url: string }> {
  const config = join(folder, 'config.json');
  const hooks = { archiveId: 'xnat-1', secret: SECRET };
  await writeFile(
    config,
    JSON.stringify({ adminUser: LOGIN.user, adminPassword: LOGIN.password, hooks, saveDelayMs: 20 }),
  );
  const portFile = join(folder, 'port.json');
  await rm(portFile, { force: true });
  const main = fileURLToPath(new URL('../../../local/xnat/main.ts', import.meta.url));
  const options = [
    '--data',
    join(folder, 'data'),
    '--config',
    config,
    '--port',
    '0',
    '--port-file',
    portFile,
  ];
  running = spawn(process.execPath, [main, ...options], { stdio: 'ignore' });
  for (let waited = 0; !existsSync(portFile) && waited < 20_000; waited += 50) await delay(50);
  return JSON.parse(await readFile(portFile, 'utf8')) as { pid: number; port: number; url: string };
}

const exited = (child: ChildProcess | undefined) => new Promise((resolve) => child?.once('exit', resolve));

describe('local/xnat/main.ts', () => {
  it('keeps everything it acknowledged when it is killed at once, and leaves no half-written file', async () => {
    const first = await start();
    expect(first.pid).toBe(running?.pid);
    const admin = createXnatAdmin({ url: first.url, ...LOGIN });
    await admin.createProject('P1');
    const { subject, session: label } = phantom;
    const session = await admin.importSession({
      project: 'P1',
      subject,
      session: label,
      files: phantom.scans[0]?.files ?? [],
    });
    const content = phantomRtstruct(phantom);
    const roi = await admin.saveRoiCollection({
      project: 'P1',
      session,
      label: 'R',
      type: 'RTSTRUCT',
      content,
    });
    running?.kill('SIGKILL');
    await exited(running);
    const second = await start();
    const authorization = `Basic ${Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64')}`;
    const path = `/data/experiments/${session}/assessors/${roi}/out/resources/RTSTRUCT/files/R.dcm`;
    const response = await fetch(`${second.url}${path}`, { headers: { authorization } });
    expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
    const left = await readdir(join(folder, 'data'), { recursive: true });
    expect(left.filter((name) => name.endsWith('.partial'))).toEqual([]);
  }, 60_000);

  it('ends with exit code 0 on SIGTERM', async () => {
    await start();
    const code = exited(running);
    running?.kill('SIGTERM');
    expect(await code).toBe(0);
  }, 60_000);
});
