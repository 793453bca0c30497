import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { IMAGING_STAGES, LAMBDA_STAGES, type LambdaStage } from '../src/contracts/stage-names.ts';
import { slimBundles } from './slim-bundles.ts';

/** Handlers of custom resources: part of the deployment, not of the product's flow. */
export const CUSTOM_RESOURCES = ['upload-web-assets', 'build-image'] as const;
export type CustomResourceName = (typeof CUSTOM_RESOURCES)[number];
export type HandlerName = LambdaStage | CustomResourceName;

export interface HandlerBundles {
  /** Folder of a handler: `index.mjs`, and what the imaging stages need beside it. */
  folder(name: HandlerName): string;
  /** esbuild's account of what went into which bundle; absent where nothing was bundled. */
  readonly metafile?: Metafile;
}

/** Code of the threads that imaging stages share their work between. */
const WORKER = join('src', 'engine', 'worker.ts');
/** Decoders in WebAssembly, which are loaded as files when a series needs them; see `codecs/wasm-module.ts`. */
const DECODERS = [
  '@cornerstonejs/codec-charls/decodewasm',
  '@cornerstonejs/codec-openjpeg/decodewasm',
  '@cornerstonejs/codec-openjph/wasm',
];

/** CommonJS packages inside an ESM bundle call `require` for node built-ins. */
const REQUIRE_FOR_COMMONJS =
  "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);const __dirname=import.meta.dirname;";

/**
 * Bundles every handler in one esbuild run: 26 functions share one parse of the code that they share.
 *
 * @param root - root of the checkout.
 * @param outFolder - is emptied, then holds `<handler>/index.mjs`; imaging stages have `worker.mjs` and the decoders too.
 * @throws Error naming each stage of `LAMBDA_STAGES` that has no handler.
 */
export async function bundleHandlers(root: string, outFolder: string): Promise<HandlerBundles> {
  const entryPoints = [
    ...LAMBDA_STAGES.map((stage) => ({ stage, file: join(root, 'lambdas', stage, 'handler.ts') })),
    ...CUSTOM_RESOURCES.map((name) => ({
      stage: name,
      file: join(root, 'infra', 'custom-resources', name, 'handler.ts'),
    })),
  ];
  const missing = entryPoints.filter(({ file }) => !existsSync(file)).map(({ stage }) => stage);
  if (missing.length > 0) {
    throw new Error(
      `no handler for ${missing.join(', ')}: each stage needs lambdas/<stage>/handler.ts that exports "handler"`,
    );
  }
  rmSync(outFolder, { recursive: true, force: true });
  const result = await build({
    entryPoints: [
      ...entryPoints.map(({ stage, file }) => ({ in: file, out: join(stage, 'index') })),
      ...IMAGING_STAGES.map((stage) => ({ in: join(root, WORKER), out: join(stage, 'worker') })),
    ],
    outdir: outFolder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // The SDK's ESM build shakes to what a handler uses; its CommonJS build does not.
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE_FOR_COMMONJS },
    // Clients that the Lambda runtime brings and no stage uses.
    external: ['@aws-sdk/client-codebuild'],
    plugins: [slimBundles],
    legalComments: 'none',
    logLevel: 'error',
    metafile: true,
  });
  for (const stage of IMAGING_STAGES) copyDecoders(join(outFolder, stage));
  return { folder: (name) => join(outFolder, name), metafile: result.metafile };
}

/** Under the names by which a bundle looks for them: the package's own with `-` for `/`. */
function copyDecoders(folder: string): void {
  const { resolve } = createRequire(import.meta.url);
  for (const name of DECODERS) {
    copyFileSync(resolve(name), join(folder, `${name.replace('@', '').replaceAll('/', '-')}.wasm`));
  }
}
