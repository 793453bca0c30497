import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { checksText, ok, warn } from '../../../../src/cli/doctor/check.ts';
import { checkAccount } from '../../../../src/cli/doctor/check-account.ts';
import { checkMachine } from '../../../../src/cli/doctor/check-machine.ts';
import { type Probe, systemProbe } from '../../../../src/cli/doctor/probe.ts';
import { runCli } from '../run-cli.ts';

const GIB = 2 ** 30;

/** Answers by the start of the command line; anything else is not there. */
function probeOf(answers: Record<string, unknown>, around: Partial<Probe> = {}): Probe {
  return {
    run: async (program, args) => {
      const line = [program, ...args].join(' ');
      const [, answer] = Object.entries(answers).find(([start]) => line.startsWith(start)) ?? [];
      if (answer === undefined) throw Object.assign(new Error(`spawn ${program} ENOENT`), { stderr: '' });
      if (answer instanceof Error) throw answer;
      return typeof answer === 'string' ? answer : JSON.stringify(answer);
    },
    freeBytes: async () => 100 * GIB,
    isPortFree: async () => true,
    ...around,
  };
}

const states = (checks: readonly { name: string; state: string }[]) =>
  Object.fromEntries(checks.map(({ name, state }) => [name, state]));

describe('checkMachine', () => {
  const machine = { node: 'v24.21.0', dataFolder: '/data', ports: [4566] };
  const programs = { 'python3.12 --version': 'Python 3.12.4\n', 'chromium --version': 'Chromium 140\n' };

  it('finds all well', async () => {
    const checks = await checkMachine(probeOf(programs), machine);
    expect(states(checks)).toEqual({ node: 'ok', python: 'ok', chromium: 'ok', disk: 'ok', ports: 'ok' });
    expect(checks[1]?.found).toBe('python3.12, Python 3.12.4');
  });

  it.each([
    ['an old Node', { node: 'v18.0.0' }, {}, {}, 'node', 'fail', 'install Node 20 or newer'],
    [
      'an old Python',
      {},
      { 'python3 --version': 'Python 3.10.1' },
      {},
      'python',
      'fail',
      'install Python 3.11',
    ],
    ['no Python', {}, {}, {}, 'python', 'fail', 'install Python 3.11'],
    ['no browser', {}, {}, {}, 'chromium', 'warn', 'only the browser tests need it'],
    ['little room', {}, {}, { freeBytes: async () => 5 * GIB }, 'disk', 'warn', 'make room'],
    ['no room', {}, {}, { freeBytes: async () => GIB }, 'disk', 'fail', 'make room'],
    [
      'a taken port',
      {},
      {},
      { isPortFree: async (port: number) => port === 0 },
      'ports',
      'fail',
      'end the program',
    ],
    ['no port at all', {}, {}, { isPortFree: async () => false }, 'ports', 'fail', 'allow it to listen'],
  ])('says what to do about %s', async (_, part, answers, around, name, state, advice) => {
    const checks = await checkMachine(probeOf(answers, around), { ...machine, ...part });
    const check = checks.find((one) => one.name === name);
    expect(check).toMatchObject({ state, advice: expect.stringContaining(advice) });
  });
});

describe('checkAccount', () => {
  const account = { region: 'eu-central-1', imagingMemoryMib: 3008 };
  const quota = (code: string) =>
    `aws service-quotas get-service-quota --service-code ec2 --quota-code ${code}`;
  const answers = {
    'aws sts get-caller-identity --region eu-central-1': { Account: '1234' },
    [quota('L-DB2E81BA')]: { Quota: { Value: 64 } },
    [quota('L-3819A6DF')]: { Quota: { Value: 8 } },
    'aws lambda get-account-settings': { AccountLimit: { ConcurrentExecutions: 1000 } },
    'aws batch describe-compute-environments': { computeEnvironments: [] },
  };

  it('finds all well', async () => {
    const checks = await checkAccount(probeOf(answers), account);
    expect(checks.map(({ state }) => state)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'ok']);
    expect(checks[0]?.found).toBe('account 1234');
  });

  it('asks nothing more without credentials, and says why in the words of the AWS CLI', async () => {
    const error = Object.assign(new Error('Command failed'), { stderr: '\nUnable to locate credentials.\n' });
    const checks = await checkAccount(probeOf({ 'aws sts': error }), account);
    expect(checks).toEqual([
      expect.objectContaining({ name: 'credentials', state: 'fail', found: 'Unable to locate credentials.' }),
    ]);
  });

  it.each([
    [
      'no GPU',
      { [quota('L-DB2E81BA')]: { Quota: { Value: 0 } } },
      {},
      'GPU On-Demand',
      'fail',
      '"Running On-Demand G and VT instances" in eu-central-1',
    ],
    [
      'no right to ask for quotas',
      { [quota('L-3819A6DF')]: new Error('AccessDenied') },
      {},
      'GPU Spot',
      'warn',
      'servicequotas:GetServiceQuota',
    ],
    [
      'more memory than a new account has',
      {},
      { imagingMemoryMib: 10_240 },
      'function memory',
      'warn',
      'allows 3008 MB',
    ],
    [
      'ten functions at a time',
      { 'aws lambda get-account-settings': { AccountLimit: { ConcurrentExecutions: 10 } } },
      {},
      'function concurrency',
      'warn',
      'ask for more',
    ],
    [
      'no right to ask Lambda',
      { 'aws lambda get-account-settings': new Error('AccessDenied') },
      {},
      'function concurrency',
      'warn',
      'lambda:GetAccountSettings',
    ],
    [
      'no Batch',
      { 'aws batch describe-compute-environments': new Error('no endpoint') },
      {},
      'batch',
      'fail',
      'choose a region that has Batch',
    ],
  ])('says what to do about %s', async (_, changed, part, name, state, advice) => {
    const checks = await checkAccount(probeOf({ ...answers, ...changed }), { ...account, ...part });
    expect(checks.find((one) => one.name === name)).toMatchObject({
      state,
      advice: expect.stringContaining(advice),
    });
  });
});

describe('checksText', () => {
  it('is a line for each, with what to do', () => {
    expect(checksText([ok('a', 'well'), warn('long', 'small', 'grow')])).toBe(
      'ok    a     well\nwarn  long  small; grow',
    );
  });
});

describe('contourflow doctor', () => {
  it('looks at this machine and changes nothing', async () => {
    const { out, code } = await runCli(['doctor', '--json'], undefined, { variables: process.env });
    const { checks } = JSON.parse(out);
    expect(states(checks)).toMatchObject({ node: 'ok', python: 'ok', ports: 'ok' });
    expect(code).toBe(checks.some(({ state }: { state: string }) => state === 'fail') ? 3 : 0);
  });

  it('ends with 3 when the account cannot be asked', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'contourflow-doctor-'));
    const file = join(folder, 'deployment.json');
    writeFileSync(file, '{"imagingMemoryMib": 4096}');
    const variables = { PATH: folder, CONTOURFLOW_CONFIG: file };
    const { out, code } = await runCli(['doctor', '--aws', '--region', 'r'], undefined, { variables });
    expect(out).toMatch(/^fail {2}credentials {2}.*; install the AWS CLI and sign in/);
    expect(code).toBe(3);
    writeFileSync(file, '{');
    const broken = await runCli(['doctor', '--aws', '--region', 'r'], undefined, { variables });
    expect(broken.err).toMatch(
      /^error ConfigurationError: CONTOURFLOW_CONFIG is .*deployment.json, which is no readable JSON/,
    );
  });

  it('wants a region', async () => {
    const { err, code } = await runCli(['doctor', '--aws'], undefined, { region: null });
    expect([code, err]).toEqual([2, expect.stringContaining('--region or AWS_REGION')]);
  });
});

describe('systemProbe', () => {
  it('measures the disk of a folder that is yet to be made, and knows a port in use', async () => {
    const probe = systemProbe(process.env);
    expect(await probe.freeBytes(join(tmpdir(), 'none/below'))).toBeGreaterThan(0);
    expect(await probe.isPortFree(0)).toBe(true);
  });
});
