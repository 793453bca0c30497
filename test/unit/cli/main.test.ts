import { execFile } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { newDataFolder } from './run-cli.ts';

function start(...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const env = { PATH: process.env.PATH, CONTOURFLOW_DATA: newDataFolder() };
  return new Promise((resolve) => {
    execFile('node_modules/.bin/node', ['src/cli/main.ts', ...args], { env }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

describe('the program', () => {
  it('writes results to standard output and ends with 0', async () => {
    const { code, out, err } = await start('--help');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^Usage: contourflow/);
  });

  it('writes errors to standard error, reads its environment and ends with their code', async () => {
    const { code, out, err } = await start('me');
    expect([code, out]).toEqual([3, '']);
    expect(err).toMatch(/^error Unauthenticated: /);
  });

  it('does not wait for a person where there is no terminal', async () => {
    const { code, err } = await start('login');
    expect(code).toBe(2);
    expect(err).toContain('there is no terminal to ask on');
  });
});
