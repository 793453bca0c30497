import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bundleHandlers, type HandlerBundles } from '../../infra/bundle-handlers.ts';
import { CHECKOUT } from '../../local/machine/layout.ts';
import { LAMBDA_STAGES } from '../../src/contracts/stage-names.ts';
import { printTable } from './print-table.ts';
import { runNode } from './spawn-node.ts';
import { interleave, show, summarise } from './statistics.ts';

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
const began = performance.now();
const { handler } = await import(process.argv.at(-1));
if (typeof handler !== 'function') throw new Error('the bundle exports no handler');
process.stdout.write(String(performance.now() - began));`;

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

async function reportInitialisation(webhook: string, folder: string): Promise<void> {
  const empty = join(folder, 'empty.mjs');
  writeFileSync(empty, 'export const handler = async () => ({ statusCode: 202 });\n');
  const initialise = (file: string) => async (): Promise<number> =>
    Number(await runNode(['--input-type=module', '-e', IMPORT_AND_TELL, file], WEBHOOK_ENVIRONMENT));
  const times = await interleave({ webhook: initialise(webhook), empty: initialise(empty) });
  const [ours, peer] = [summarise(times.webhook), summarise(times.empty)];
  const difference = summarise(times.webhook.map((value, at) => value - (times.empty[at] ?? 0)));
  process.stdout.write('\nInitialisation of receive-webhook, beside an empty ESM handler\n\n');
  printTable(
    ['handler', 'ms', 'against the empty one'],
    [
      ['empty', show(peer, 1), '1'],
      ['receive-webhook', show(ours, 1), `${(ours.median / peer.median).toFixed(0)} times`],
      [
        'difference',
        show(difference, 1),
        difference.median < BAR_INIT_MS ? `ok, under ${BAR_INIT_MS} ms` : 'OVER',
      ],
    ],
  );
}
