import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

const PINNED = new Map(
  readFileSync('test/peers/requirements.txt', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [name, version] = line.split('==');
      return version === undefined ? [] : [[name as string, version] as const];
    }),
);

it('docs/developer-guide/peers.md names the versions that are compared, and the tests that do it', () => {
  const text = readFileSync('docs/developer-guide/peers.md', 'utf8');
  const rows = [...text.matchAll(/^\| ([\w-]+) \| ([\d.]+) \| ([\w-]+\.test\.ts) \|$/gm)];
  expect(rows.length).toBe(6);
  for (const [, name = '', version, test = ''] of rows) {
    expect([name, version]).toEqual([name, PINNED.get(name)]);
    expect(existsSync(`test/peers/${test}`)).toBe(true);
  }
});
