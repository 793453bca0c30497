import { describe, expect, it, jest } from '@jest/globals';

const asked: string[] = [];
let deployed = true;
// Starting a whole machine belongs to the integration tests; here it is what the command makes of the result.
jest.unstable_mockModule('../../../local/machine/up.ts', () => ({
  up: async ({ root }: { root: string }, { report }: { report: (line: string) => void }) => {
    asked.push(root);
    report('Starting the local AWS emulator ...');
    return { deployed, seconds: 1.5 };
  },
}));
const { newDataFolder, runCli } = await import('./run-cli.ts');

describe('up', () => {
  it.each([
    [true, /^up, stacks deployed \(1\.5 s\)\n\nmachine/],
    [false, /^up, nothing to deploy \(1\.5 s\)\n\nmachine/],
  ])('says what it did; deployed: %s', async (whether, text) => {
    deployed = whether;
    const root = newDataFolder();
    const { out, err } = await runCli(['up'], root);
    expect(out).toMatch(text);
    expect(err).toBe('Starting the local AWS emulator ...');
    expect(asked.at(-1)).toBe(root);
  });

  it('gives the state of the machine with --json', async () => {
    const { out } = await runCli(['up', '--json']);
    expect(JSON.parse(out)).toMatchObject({ state: 'never started', seconds: 1.5, servers: {} });
  });
});
