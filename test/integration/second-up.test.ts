import { expect, it } from '@jest/globals';
import { up } from '../../local/machine/up.ts';
import { FOLDER, runningMachine } from './machine.ts';

const SECONDS = 5;

it('a second `up` with unchanged code starts and deploys nothing, in under 5 s', async () => {
  const before = await runningMachine();
  const said: string[] = [];
  const again = await up(FOLDER, { report: (line) => said.push(line) });
  expect(again.deployed).toBe(false);
  expect(said).toEqual([]);
  expect(again.machine).toEqual(before.machine);
  expect(again.seconds).toBeLessThan(SECONDS);
}, 60_000);
