import { PipelineError } from '../../../contracts/errors.ts';
import { type CodecFamily, requireTransferSyntax } from '../transfer-syntax.ts';
import { OPENJPEG, OPENJPH } from './jpeg-2000.ts';
import { CHARLS } from './jpeg-ls.ts';
import { WasmCodec, type WasmPackage } from './wasm-module.ts';

/** The families that WebAssembly decodes; the others need no preparation. */
const PACKAGES: Partial<Record<CodecFamily, WasmPackage>> = {
  'jpeg-ls': CHARLS,
  'jpeg-2000': OPENJPEG,
  htj2k: OPENJPH,
};

/** Codecs of this thread: being loaded, and ready. */
const loading = new Map<CodecFamily, Promise<void>>();
const ready = new Map<CodecFamily, WasmCodec>();

/**
 * Loads the codecs that frames in these transfer syntaxes need, once per thread; after that `decodeFrame` does not wait.
 *
 * Nothing is loaded for syntaxes that are decoded without WebAssembly.
 *
 * @throws UnsupportedTransferSyntax
 * @throws ConfigurationError when a codec's package is not installed.
 */
export async function prepareCodecs(transferSyntaxUids: Iterable<string>): Promise<void> {
  const families = new Set([...transferSyntaxUids].map((uid) => requireTransferSyntax(uid).codec));
  await Promise.all(
    [...families].map((family) => {
      const wasm = family && PACKAGES[family];
      return wasm && load(family, wasm);
    }),
  );
}

function load(family: CodecFamily, wasm: WasmPackage): Promise<void> {
  const known = loading.get(family);
  if (known !== undefined) return known;
  const started = WasmCodec.load(wasm).then((codec) => {
    ready.set(family, codec);
  });
  loading.set(family, started);
  return started;
}

/** @throws InternalError when `prepareCodecs` was not awaited for the family in this thread. */
export function preparedCodec(family: CodecFamily): WasmCodec {
  const codec = ready.get(family);
  if (codec !== undefined) return codec;
  throw new PipelineError(
    'InternalError',
    `the ${family} codec is not loaded in this thread; await prepareCodecs() with the transfer syntaxes before decodeFrame()`,
    { codec: family },
  );
}
