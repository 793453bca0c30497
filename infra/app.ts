import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildApp } from './build-app.ts';
import { bundleHandlers } from './bundle-handlers.ts';
import { loadConfig } from './config.ts';

/** Entry point of `cdk`: configuration from the environment, handlers bundled once, six stacks synthesised. */
const root = fileURLToPath(new URL('..', import.meta.url));
// biome-ignore lint/style/noProcessEnv: the one place of this process
const environment = process.env;
const config = loadConfig(environment, (path) => JSON.parse(readFileSync(path, 'utf8')));
const outFolder = environment.CDK_OUTDIR ?? join(root, 'cdk.out');
const handlers = await bundleHandlers(root, `${outFolder}.lambda`);
buildApp({ config, handlers, root, outFolder }).synth();
