import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundleHandlers, type HandlerBundles } from '../../infra/bundle-handlers.ts';
import { CHECKOUT } from '../../local/machine/layout.ts';
import { LAMBDA_STAGES } from '../../src/contracts/stage-names.ts';
import { printTable } from './print-table.ts';
import { runNode } from './spawn-node.ts';
import { interleave, type Summary, show, summarise } from './statistics.ts';

const BAR_BYTES = 300_000;
const BAR_INIT_MS = 150;

/** What `receive-webhook` finds in its function's environment; no AWS is called while it initialises. */
const WEBHOOK_ENVIRONMENT = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  CONTOURFLOW_TABLE: 'bench',
  CONTOURFLOW_HINT_QUEUE_URL: 'http://127.0.0.1:9/000000000000/hints',
  CONTOURFLOW_ARCHIVE_PARAMETERS: '/contourflow/archives',
  CONTOURFLOW_ARCHIVE_SECRETS: 'contourflow/archives/',
};

/** Imports the handler named last and tells how long that took, as a function's initialisation would. */
const IMPORT_AND_TELL = `
const before = process.cpuUsage();
const began = performance.now();
const { handler } = await import(process.argv.at(-1));
if (typeof handler !== 'function') throw new Error('the bundle exports no handler');
const wall = performance.now() - began;
const { user, system } = process.cpuUsage(before);
process.stdout.write(JSON.stringify({ wall, cpu: (user + system) / 1000 }));`;

/** Size of every handler's bundle, and how long the webhook's takes to initialise beside an empty handler. */
export async function benchHandlers(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'contourflow-bench-'));
  try {
    const bundles = await bundleHandlers(CHECKOUT, join(folder, 'handlers'));
    reportSizes(bundles);
    await reportInitialisation(join(bundles.folder('receive-webhook'), 'index.mjs'), folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function reportSizes(bundles: HandlerBundles): void {
  const sizes = LAMBDA_STAGES.map((stage) => {
    const bytes = readFileSync(join(bundles.folder(stage), 'index.mjs'));
    return { stage, plain: bytes.byteLength, gzipped: gzipSync(bytes, { level: 9 }).byteLength };
  }).sort((a, b) => b.gzipped - a.gzipped);
  const kilobytes = (bytes: number): string => (bytes / 1_000).toFixed(0);
  process.stdout.write('\nHandler bundles against the bar of 300 kB gzipped\n\n');
  printTable(
    ['handler', 'kB', 'kB gzipped', 'of the bar', ''],
    sizes.map(({ stage, plain, gzipped }) => [
      stage,
      kilobytes(plain),
      kilobytes(gzipped),
      (gzipped / BAR_BYTES).toFixed(2),
      gzipped <= BAR_BYTES ? 'ok' : 'OVER',
    ]),
  );
}

/** Wall clock, which the bar is about, and CPU time, which other programs of the machine do not lengthen. */
async function reportInitialisation(webhook: string, folder: string): Promise<void> {
  const empty = join(folder, 'empty.mjs');
  writeFileSync(empty, 'export const handler = async () => ({ statusCode: 202 });\n');
  const cpu: Record<'webhook' | 'empty', number[]> = { webhook: [], empty: [] };
  const initialise = (name: keyof typeof cpu, file: string) => async (): Promise<number> => {
    const args = ['--input-type=module', '-e', IMPORT_AND_TELL, file];
    const told = JSON.parse(await runNode(args, WEBHOOK_ENVIRONMENT)) as { wall: number; cpu: number };
    cpu[name].push(told.cpu);
    return told.wall;
  };
  const wall = await interleave({
    webhook: initialise('webhook', webhook),
    empty: initialise('empty', empty),
  });
  const difference = (of: typeof cpu): Summary =>
    summarise(of.webhook.map((value, at) => value - (of.empty[at] ?? Number.NaN)));
  // The warm-up of each is not counted.
  for (const values of Object.values(cpu)) values.shift();
  const [ours, peer, extra] = [summarise(wall.webhook), summarise(wall.empty), difference(wall)];
  process.stdout.write('\nInitialisation of receive-webhook, beside an empty ESM handler\n\n');
  printTable(
    ['handler', 'ms', 'CPU ms', 'against the empty one', ''],
    [
      ['empty', show(peer, 1), show(summarise(cpu.empty), 1), '1', ''],
      [
        'receive-webhook',
        show(ours, 1),
        show(summarise(cpu.webhook), 1),
        (ours.median / peer.median).toFixed(1),
        ours.median < BAR_INIT_MS ? `ok, under ${BAR_INIT_MS} ms` : `OVER ${BAR_INIT_MS} ms`,
      ],
      ['difference', show(extra, 1), show(difference(cpu), 1), '', ''],
    ],
  );
}
