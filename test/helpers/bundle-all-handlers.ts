/**
 * `node bundle-all-handlers.ts <root> <folder>`: bundles every handler as a deployment does. A process of its own:
 * esbuild does not run inside the test runner's sandbox.
 */
import { bundleHandlers } from '../../infra/bundle-handlers.ts';

const [root = '', folder = ''] = process.argv.slice(2);
try {
  await bundleHandlers(root, folder);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
