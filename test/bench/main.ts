/**
 * `npm run bench`: figures, each beside its peer, measured in one run. `npm run bench -- NAME...` takes only those;
 * `training` and `imaging` run only when they are named, because they take minutes. `imaging` takes `--pairs=N` for fewer
 * runs than count and `--only=GROUP` for one command.
 */
import { benchCli } from './cli-start.ts';
import { benchHandlers } from './handler-bundles.ts';
import { benchImaging } from './imaging/imaging.ts';
import { benchMachine } from './machine-speed.ts';
import { benchTraining } from './training.ts';

const BENCHES: Readonly<Record<string, (cores: number) => Promise<void>>> = {
  handlers: benchHandlers,
  cli: benchCli,
  training: benchTraining,
  imaging: (cores) => benchImaging({ cores, ...imagingOptions() }),
};
const BY_DEFAULT = ['handlers', 'cli'];

const args = process.argv.slice(2);
const named = args.filter((arg) => !arg.startsWith('--'));
const unknown = named.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  process.stderr.write(
    `error UsageError: no bench is called ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}\n`,
  );
  process.exitCode = 2;
} else {
  const cores = await benchMachine();
  for (const name of named.length > 0 ? named : BY_DEFAULT) await BENCHES[name]?.(cores);
}

function imagingOptions(): { pairs?: number; groups?: string[] } {
  const option = (name: string) => args.find((arg) => arg.startsWith(`--${name}=`))?.split('=')[1];
  const [pairs, only] = [option('pairs'), option('only')];
  return { ...(pairs ? { pairs: Number(pairs) } : {}), ...(only ? { groups: only.split(',') } : {}) };
}
