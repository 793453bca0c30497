/**
 * `npm run bench`: figures, each beside its peer, measured in one run. `npm run bench -- NAME...` takes only those;
 * `training` runs only when it is named, because it takes minutes.
 */
import { benchCli } from './cli-start.ts';
import { benchHandlers } from './handler-bundles.ts';
import { benchMachine } from './machine-speed.ts';
import { benchTraining } from './training.ts';

const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  handlers: benchHandlers,
  cli: benchCli,
  training: benchTraining,
};
const BY_DEFAULT = ['handlers', 'cli'];

const named = process.argv.slice(2);
const unknown = named.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  process.stderr.write(
    `error UsageError: no bench is called ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}\n`,
  );
  process.exitCode = 2;
} else {
  await benchMachine();
  for (const name of named.length > 0 ? named : BY_DEFAULT) await BENCHES[name]?.();
}
