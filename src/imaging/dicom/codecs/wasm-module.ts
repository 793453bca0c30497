import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { PipelineError } from '../../../contracts/errors.ts';
import type { PixelLayout, StoredPixels } from '../slice.ts';
import { corrupt } from './coded-image.ts';

/** What the packages' builds share: a decoder with two buffers in the module's memory. */
interface WasmDecoder {
  getEncodedBuffer(byteLength: number): Uint8Array;
  decode(): void;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): { readonly width: number; readonly height: number; readonly componentCount: number };
  delete(): void;
}

/** A running module. */
interface WasmInstance {
  readonly HEAPU8: Uint8Array;
  readonly [decoder: string]: unknown;
}

/** The function that an Emscripten package exports; it fills the settings with the module's members. */
type StartModule = (settings: Record<string, unknown>) => unknown;

export interface WasmPackage {
  /** Import of the package's loader; loaded once. */
  readonly loader: () => Promise<{ readonly default: unknown }>;
  /** Resolvable name of its .wasm file. */
  readonly wasm: string;
  /** Name of its decoder class. */
  readonly decoder: string;
}

/** Memory above which a module is thrown away after a frame: it never gives memory back by itself. */
const MAX_KEPT_MEMORY = 256 * 1024 * 1024;

/**
 * One codec in WebAssembly. Compiled once per thread; started afresh, without waiting, after anything went wrong,
 * because an aborted module cannot be used again.
 */
export class WasmCodec {
  readonly #start: StartModule;
  readonly #compiled: WebAssembly.Module;
  readonly #decoder: string;
  #instance: WasmInstance | undefined;

  private constructor(start: StartModule, compiled: WebAssembly.Module, decoder: string) {
    this.#start = start;
    this.#compiled = compiled;
    this.#decoder = decoder;
  }

  /** @throws ConfigurationError when the package's files are not where this code runs. */
  static async load({ loader, wasm, decoder }: WasmPackage): Promise<WasmCodec> {
    try {
      const [{ default: start }, bytes] = await Promise.all([loader(), readFile(locate(wasm))]);
      const codec = new WasmCodec(start as StartModule, await WebAssembly.compile(bytes), decoder);
      codec.#instance = startInstance(codec.#start, codec.#compiled);
      return codec;
    } catch (cause) {
      throw new PipelineError(
        'ConfigurationError',
        `the decoder ${wasm} cannot be loaded; install the package or ship its files with the program`,
        { package: wasm },
        { cause },
      );
    }
  }

  /**
   * Decodes one frame of one component.
   *
   * @returns the samples as the module gives them, copied out of its memory: one byte each up to 8 bits, two above.
   * @throws CorruptPixelData whatever the module throws: strings, numbers, aborts.
   */
  decode(frame: Uint8Array, { rows, columns }: PixelLayout, precision: number): StoredPixels {
    try {
      return this.#decode(frame, rows, columns, precision);
    } catch (cause) {
      this.#instance = undefined;
      throw cause instanceof PipelineError ? cause : corrupt('its decoder gave up', cause);
    }
  }

  #decode(frame: Uint8Array, rows: number, columns: number, precision: number): StoredPixels {
    this.#instance ??= startInstance(this.#start, this.#compiled);
    const instance = this.#instance;
    const Decoder = instance[this.#decoder] as new () => WasmDecoder;
    const decoder = new Decoder();
    decoder.getEncodedBuffer(frame.length).set(frame);
    decoder.decode();
    const { width, height, componentCount } = decoder.getFrameInfo();
    const decoded = decoder.getDecodedBuffer();
    const size = precision > 8 ? 2 : 1;
    const complete = width === columns && height === rows && componentCount === 1;
    if (!complete || decoded.length !== rows * columns * size) {
      throw corrupt('it decodes to another size than its header says');
    }
    const samples = decoded.slice();
    decoder.delete();
    if (instance.HEAPU8.length > MAX_KEPT_MEMORY) this.#instance = undefined;
    return size === 1 ? samples : new Uint16Array(samples.buffer);
  }
}

/** Starts a module without waiting and without a word: openjpeg tells its steps on stdout otherwise. */
function startInstance(start: StartModule, compiled: WebAssembly.Module): WasmInstance {
  const silent = () => undefined;
  const settings: Record<string, unknown> = {
    print: silent,
    printErr: silent,
    instantiateWasm(imports: object, started: (instance: WebAssembly.Instance) => void) {
      const instance = new WebAssembly.Instance(compiled, imports);
      started(instance);
      return instance.exports;
    },
  };
  // The loader also returns a promise of the settings; with the instance at hand they are complete at once.
  void Promise.resolve(start(settings)).catch(silent);
  return settings as unknown as WasmInstance;
}

/** In the package, else beside this code, which is where a bundle carries it: its name with `-` for `/`. */
function locate(wasm: string): string | URL {
  try {
    return createRequire(import.meta.url).resolve(wasm);
  } catch {
    return new URL(`./${wasm.replaceAll('/', '-').replace('@', '')}.wasm`, import.meta.url);
  }
}
