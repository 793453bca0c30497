import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { childEnvironment } from './environment.ts';
import { CHECKOUT, type DataFolder, NODE } from './layout.ts';
import { withLock } from './machine-lock.ts';
import { runCommand } from './run-command.ts';
import { digestSources } from './source-digest.ts';

const STAMP = join(CHECKOUT, 'node_modules/.cache/contourflow/dashboard.sha256');
const SOURCES = ['web', 'src/contracts', 'package-lock.json'] as const;
const TIMEOUT_MS = 180_000;

/** Builds `web/dist` unless it was built from these very sources. */
export function ensureDashboard(folder: DataFolder, report: (line: string) => void): Promise<void> {
  const build = async (): Promise<void> => {
    const digest = digestSources(CHECKOUT, SOURCES);
    const isBuilt = existsSync(join(CHECKOUT, 'web/dist/index.html'));
    if (isBuilt && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === digest) return;
    report('Building the dashboard ...');
    await runCommand({
      program: NODE,
      args: [join(CHECKOUT, 'node_modules/vite/bin/vite.js'), 'build', '--config', 'web/vite.config.ts'],
      cwd: CHECKOUT,
      env: childEnvironment(),
      logFile: join(folder.logs, 'dashboard.log'),
      timeoutMs: TIMEOUT_MS,
      what: 'building the dashboard',
    });
    writeFileSync(STAMP, digest);
  };
  return mkdir(dirname(STAMP), { recursive: true }).then(() => withLock(`${STAMP}.lock`, build, TIMEOUT_MS));
}
