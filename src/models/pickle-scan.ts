import { PipelineError } from '../contracts/errors.ts';
import { ARGUMENTS, OPCODE_NAMES } from './pickle-opcodes.ts';

/** What a state dict saved by torch needs, and nothing that could run code. */
const ALLOWED_GLOBALS = [
  /^torch\._utils\._rebuild_tensor_v2$/,
  /^collections\.OrderedDict$/,
  /^torch\.(Float|Double|Half|BFloat16|Long|Int|Short|Char|Byte|Bool)Storage$/,
];
/** Extension codes name globals by number, and persistent ids as text are not torch's: neither can be checked. */
const REFUSED = new Set(['EXT1', 'EXT2', 'EXT4', 'INST', 'PERSID', 'NEXT_BUFFER', 'READONLY_BUFFER']);
const MAX_OPCODES = 5_000_000;

/**
 * Walks a pickle without running it and checks every global it would import.
 *
 * @throws UnsafeModel naming the first global (or opcode) outside the allow-list; InvalidModel for a stream that
 *   is not a pickle.
 */
export function scanPickle(bytes: Uint8Array): void {
  const walk = new PickleWalk(bytes);
  for (let count = 0; count < MAX_OPCODES; count++) {
    if (walk.step() === 'STOP') {
      return;
    }
  }
  throw broken('it has too many opcodes');
}

/**
 * Follows only what is needed to know the two strings that STACK_GLOBAL takes: strings pushed one directly after the
 * other, or taken from the memo. Anything else in between makes them unknown, and unknown is refused.
 */
class PickleWalk {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #memo = new Map<number, string | null>();
  #at = 0;
  #strings: string[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  step(): string {
    const opcode = this.#byte();
    const name = OPCODE_NAMES[opcode];
    if (!name) {
      throw broken(`byte 0x${opcode.toString(16)} at ${this.#at - 1} is no pickle opcode`);
    }
    if (REFUSED.has(name)) {
      throw unsafe(`it uses the pickle opcode ${name}`);
    }
    const argument = this.#argument(ARGUMENTS[name] ?? 'none');
    this.#apply(name, argument);
    return name;
  }

  #apply(name: string, argument: string | number | null): void {
    switch (name) {
      case 'GLOBAL':
        requireAllowed(String(argument).replace('\n', '.'));
        this.#strings = [];
        return;
      case 'STACK_GLOBAL':
        this.#stackGlobal();
        return;
      case 'UNICODE':
      case 'SHORT_BINUNICODE':
      case 'BINUNICODE':
      case 'BINUNICODE8':
        this.#strings.push(String(argument));
        return;
      case 'MEMOIZE':
      case 'BINPUT':
      case 'LONG_BINPUT':
      case 'PUT':
        this.#remember(argument === null ? this.#memo.size : Number(argument));
        return;
      case 'BINGET':
      case 'LONG_BINGET':
      case 'GET':
        this.#recall(Number(argument));
        return;
      default:
        this.#strings = [];
    }
  }

  #stackGlobal(): void {
    const [module, name] = this.#strings.slice(-2);
    if (module === undefined || name === undefined) {
      throw unsafe('it names a global in a way that cannot be checked');
    }
    requireAllowed(`${module}.${name}`);
    this.#strings = [];
  }

  #remember(slot: number): void {
    this.#memo.set(slot, this.#strings.at(-1) ?? null);
  }

  #recall(slot: number): void {
    const remembered = this.#memo.get(slot) ?? null;
    if (remembered === null) {
      this.#strings = [];
    } else {
      this.#strings.push(remembered);
    }
  }

  #argument(kind: (typeof ARGUMENTS)[string]): string | number | null {
    switch (kind) {
      case 'none':
        return null;
      case 'line':
        return this.#line();
      case 'two-lines':
        return `${this.#line()}\n${this.#line()}`;
      case 'u1':
        return this.#byte();
      case 'u2':
        return this.#view.getUint16(this.#skip(2), true);
      case 'u4':
        return this.#view.getUint32(this.#skip(4), true);
      case 'f8':
        return this.#view.getFloat64(this.#skip(8));
      case 'u8':
        return this.#length8();
      case 'u1-bytes':
        return this.#text(this.#byte());
      case 'u4-bytes':
        return this.#text(this.#view.getUint32(this.#skip(4), true));
      case 'u8-bytes':
        return this.#text(this.#length8());
      default:
        return null;
    }
  }

  #length8(): number {
    return Number(this.#view.getBigUint64(this.#skip(8), true));
  }

  #byte(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) {
      throw broken('a line has no end');
    }
    const text = this.#text(end - this.#at);
    this.#skip(1);
    return text;
  }

  #text(length: number): string {
    const from = this.#skip(length);
    return new TextDecoder().decode(this.#bytes.subarray(from, from + length));
  }

  /** Moves on by `length` bytes and answers where they began. */
  #skip(length: number): number {
    const from = this.#at;
    if (from + length > this.#bytes.length) {
      throw broken('it ends too early');
    }
    this.#at += length;
    return from;
  }
}

function requireAllowed(global: string): void {
  if (!ALLOWED_GLOBALS.some((allowed) => allowed.test(global))) {
    throw unsafe(`it would import ${JSON.stringify(global.slice(0, 120))}`);
  }
}

function unsafe(what: string): PipelineError {
  return new PipelineError(
    'UnsafeModel',
    `models/model.pt is not a plain state dict: ${what}; save it with torch.save(network.state_dict(), "model.pt")`,
  );
}

function broken(what: string): PipelineError {
  return new PipelineError(
    'InvalidModel',
    `models/model.pt holds a broken pickle: ${what}; save and upload it again`,
  );
}
