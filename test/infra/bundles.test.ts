import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { IMAGING_STAGES, LAMBDA_STAGES } from '../../src/contracts/stage-names.ts';
import { ROOT } from '../helpers/synthesise.ts';

const BUDGET_BYTES = 300 * 1024;
/** Loaded by the threads that share an imaging stage's work, and only when a series is compressed. */
const BESIDE_IMAGING = [
  'cornerstonejs-codec-charls-decodewasm.wasm',
  'cornerstonejs-codec-openjpeg-decodewasm.wasm',
  'cornerstonejs-codec-openjph-wasm.wasm',
  'worker.mjs',
];
const folder = mkdtempSync(join(tmpdir(), 'contourflow-bundles-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function bundle(root: string, into: string): { status: number | null; stderr: string } {
  const script = fileURLToPath(new URL('../helpers/bundle-all-handlers.ts', import.meta.url));
  return spawnSync(process.execPath, [script, root, into], { encoding: 'utf8' });
}

describe('handler bundles', () => {
  const all = join(folder, 'all');
  const result = bundle(ROOT, all);

  it('are made for every stage', () => {
    expect(result).toMatchObject({ status: 0, stderr: '' });
  });

  it.each(LAMBDA_STAGES)('%s starts from one file of at most 300 KiB when gzipped', (stage) => {
    const beside = IMAGING_STAGES.some((imaging) => imaging === stage) ? BESIDE_IMAGING : [];
    expect(readdirSync(join(all, stage)).sort()).toEqual([...beside, 'index.mjs'].sort());
    expect(gzipSync(readFileSync(join(all, stage, 'index.mjs'))).length).toBeLessThanOrEqual(BUDGET_BYTES);
  });

  it('name each stage that has no handler', () => {
    const root = join(folder, 'checkout');
    for (const stage of LAMBDA_STAGES.filter((name) => name !== 'plan-run' && name !== 'build-mask')) {
      mkdirSync(join(root, 'lambdas', stage), { recursive: true });
      writeFileSync(join(root, 'lambdas', stage, 'handler.ts'), 'export const handler = async () => {};\n');
    }
    const { status, stderr } = bundle(root, join(folder, 'none'));
    expect(status).toBe(1);
    expect(stderr).toMatch(/no handler for build-mask, plan-run, upload-web-assets, build-image:/);
  });
});
