import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Plugin } from 'esbuild';

/** Files that a function's bundle does without, and what stands in their place. */
const REPLACEMENTS: readonly { readonly filter: RegExp; readonly contents: string }[] = [
  {
    // zod's messages in fifty languages (55 kB gzipped); ours name paths and are English.
    filter: /zod\/v4\/locales\/index\.js$/,
    contents: "export { default as en } from './en.js';",
  },
  {
    // Ways to sign in from files, SSO or instance metadata (20 kB): a function has its credentials in its environment.
    filter: /@aws-sdk\/credential-provider-node\/dist-es\/index\.js$/,
    contents: [
      "import { fromEnv } from '@aws-sdk/credential-provider-env';",
      'export const defaultProvider = (settings) => fromEnv(settings);',
    ].join('\n'),
  },
];

/**
 * esbuild drops unused members of a namespace import, but keeps all of `z`, an object that zod exports by that name. The
 * two mean the same; the first makes every bundle 25 kB smaller (gzipped) and starts a tenth faster.
 */
const NAMED_ZOD = "import { z } from 'zod';";
const ZOD_NAMESPACE = "import * as z from 'zod';";
/** Packages ship JavaScript: what is TypeScript is ours. */
const OWN_SOURCES = /\.ts$/;

/** Keeps out of every handler's bundle what no function can use; loading it is paid for at each cold start. */
export const slimBundles: Plugin = {
  name: 'slim-bundles',
  setup(build) {
    for (const { filter, contents } of REPLACEMENTS) {
      build.onLoad({ filter }, ({ path }) => ({ contents, loader: 'js', resolveDir: dirname(path) }));
    }
    build.onLoad({ filter: OWN_SOURCES }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(NAMED_ZOD, ZOD_NAMESPACE),
      loader: 'ts',
    }));
  },
};
