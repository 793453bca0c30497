import { availableParallelism, cpus } from 'node:os';
import { Worker } from 'node:worker_threads';
import { interleave, show, summarise } from './statistics.ts';

/** A loop of plain arithmetic, about 100 ms long, that neither memory nor the disk can slow down. */
const BUSY_LOOP = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', () => {
  let x = 1;
  for (let i = 0; i < 60_000_000; i += 1) x = (Math.imul(x, 1664525) + 1013904223) | 0;
  parentPort.postMessage(x);
});`;

/**
 * How many cores there are by name, and how many the machine really gives at this moment.
 *
 * @returns the latter, of two
 */
export async function benchMachine(): Promise<number> {
  const workers = [startLoop(), startLoop()] as const;
  const times = await interleave({
    one: () => timed(() => workers[0].run()),
    two: () => timed(() => Promise.all(workers.map((worker) => worker.run()))),
  });
  await Promise.all(workers.map((worker) => worker.end()));
  const ratio = summarise(times.one.map((one, at) => (2 * one) / (times.two[at] ?? Number.NaN)));
  const model = cpus()[0]?.model ?? 'unknown processor';
  process.stdout.write(
    `Machine: ${availableParallelism()} cores by name (${model}), ${show(ratio, 2)} by two busy loops against one; ` +
      `node ${process.version}\n`,
  );
  return ratio.median;
}

function startLoop(): { run(): Promise<void>; end(): Promise<unknown> } {
  const worker = new Worker(BUSY_LOOP, { eval: true });
  return {
    run: () =>
      new Promise((resolve, reject) => {
        worker.removeAllListeners('error');
        worker.once('error', reject);
        worker.once('message', () => resolve());
        worker.postMessage('go');
      }),
    end: () => worker.terminate(),
  };
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
