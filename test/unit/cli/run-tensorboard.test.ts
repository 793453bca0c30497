import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createContext } from '../../../src/cli/context.ts';
import { readEnvironment } from '../../../src/cli/environment.ts';
import { runTensorboard, type TensorboardOptions } from '../../../src/cli/run-tensorboard.ts';
import { type FakeApi, type Handlers, Refusal, startFakeApi } from './fake-api.ts';
import { type LocalServer, startServer } from './local-server.ts';
import { aRun } from './records.ts';
import { signedInFolder } from './run-cli.ts';

let api: FakeApi | undefined;
let files: LocalServer | undefined;
afterEach(async () => {
  await Promise.all([api?.stop(), files?.stop()]);
});

/** A program in TensorBoard's place: notes its arguments, then does as told. */
function program(then: string): { path: string; args: () => string } {
  const folder = mkdtempSync(join(tmpdir(), 'contourflow-board-'));
  const path = join(folder, 'tensorboard');
  writeFileSync(path, `#!/bin/sh\necho "$@" > ${folder}/args\n${then}\n`);
  chmodSync(path, 0o755);
  return { path, args: () => readFileSync(`${folder}/args`, 'utf8').trim() };
}

async function board(options: Partial<TensorboardOptions>, handlers: Handlers = {}, json = false) {
  files = await startServer((_message, _body, response) => response.end('events'));
  const file = { name: 'events.out.1', sizeBytes: 6, modifiedAt: '2026-11-23T10:00:00Z', url: files.url };
  api = await startFakeApi({ listEventFiles: () => ({ files: [file] }), ...handlers });
  const dataFolder = signedInFolder(api.url);
  const out: string[] = [];
  const err: string[] = [];
  const context = createContext({ ...readEnvironment({}), dataFolder }, () => ({ json, project: 'P1' }), {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    terminal: { input: process.stdin, output: process.stderr },
  });
  const ended = runTensorboard(context, 'run-1', { port: 6006, mirrorPauseMs: 20, ...options });
  return { ended, out, err, folder: join(dataFolder, 'tensorboard/P1/run-1'), seen: api.seen };
}
async function until(is: () => boolean): Promise<void> {
  while (!is()) await sleep(20);
}

describe('runTensorboard', () => {
  it('mirrors the event files while it shows them, until Ctrl-C', async () => {
    const { path, args } = program('exec sleep 30');
    let asked = 0;
    const getRun = () => {
      asked += 1;
      return { run: aRun({ state: asked < 2 ? 'running' : 'succeeded' }), result: null };
    };
    const { ended, out, folder, seen } = await board({ install: async () => path }, { getRun });
    await until(() => seen.filter(({ name }) => name === 'listEventFiles').length === 3);
    process.emit('SIGINT');
    await ended;
    expect(readFileSync(join(folder, 'events.out.1'), 'utf8')).toBe('events');
    expect(args()).toBe(`--logdir ${folder} --host 127.0.0.1 --port 6006 --reload_interval 2`);
    expect(out).toEqual(['TensorBoard: http://127.0.0.1:6006/ (Ctrl-C ends it)']);
  });

  it('finds a free port, and says it as JSON', async () => {
    const { path, args } = program('exit 0');
    const getRun = () => ({ run: aRun({ state: 'succeeded' }), result: null });
    const { ended, out } = await board({ port: null, install: async () => path }, { getRun }, true);
    await ended;
    const { port } = new URL(JSON.parse(out[0] ?? '').url);
    expect(Number(port)).toBeGreaterThan(1023);
    expect(args()).toContain(`--port ${port}`);
  });

  it('goes on showing what is there when the mirror fails', async () => {
    const { path } = program('exec sleep 30');
    const getRun = () => {
      throw new Refusal(403, 'Forbidden', 'you are no longer a member');
    };
    const { ended, err } = await board({ install: async () => path }, { getRun });
    await until(() => err.length > 0);
    process.emit('SIGTERM');
    await ended;
    expect(err).toEqual(['the event files are no longer mirrored: you are no longer a member']);
  });

  it('says that the program is missing', async () => {
    const path = join(tmpdir(), 'contourflow-no-such-folder/tensorboard');
    const { ended, folder } = await board({ install: async () => path });
    await expect(ended).rejects.toMatchObject({ code: 'ConfigurationError' });
    expect(existsSync(join(folder, 'events.out.1'))).toBe(true);
  });
});
