/**
 * `node write-templates.ts <target> <overrides as JSON>`: the templates of all stacks as one JSON document on
 * standard output. A process of its own, because the CDK takes many times longer to load inside the test runner.
 *
 * Handlers are empty: what a template says does not depend on what a handler does.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildApp } from '../../infra/build-app.ts';
import { DeploymentTarget, parseConfig } from '../../infra/config.ts';

const [target, overrides = '{}'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'contourflow-infra-'));
try {
  const assembly = buildApp({
    config: parseConfig(DeploymentTarget.parse(target), JSON.parse(overrides)),
    handlers: {
      folder: (name) => {
        const path = join(folder, 'handlers', name);
        mkdirSync(path, { recursive: true });
        writeFileSync(join(path, 'index.mjs'), `export const handler = async () => '${name}';\n`);
        return path;
      },
    },
    root: fileURLToPath(new URL('../..', import.meta.url)),
    outFolder: join(folder, 'cdk.out'),
  }).synth();
  const templates = assembly.stacks.map((stack) => [stack.stackName, stack.template]);
  process.stdout.write(JSON.stringify(Object.fromEntries(templates)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
