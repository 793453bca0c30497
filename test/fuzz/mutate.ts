import type { FuzzRandom } from './random.ts';

/** Longest input tried: parsers fail on structure, not on size, and short inputs are fast. */
export const MAX_INPUT_BYTES = 65_536;

/** Numbers that break length and count arithmetic. */
const EDGES = [0, 1, 2, 7, 8, 127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536, 0x7fff_ffff, 0x8000_0000];
const UNSIGNED_END = [0xffff_fffe, 0xffff_ffff];
const NUMBERS = [...EDGES, ...UNSIGNED_END];
const TEXT_NUMBERS = [
  '0',
  '-1',
  '1e308',
  '-1e308',
  'NaN',
  '1e-320',
  '4294967296',
  '99999999999999999999',
  '',
  ' ',
  '\\',
];

type Mutation = (input: Uint8Array, random: FuzzRandom, dictionary: readonly Uint8Array[]) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  flipBit,
  setByte,
  writeNumber,
  writeNumber,
  removePart,
  repeatPart,
  insertPart,
  overwritePart,
  truncate,
  replaceNumberText,
];

/**
 * A changed copy of `input`, with parts taken from `dictionary` and from `other`. Mostly a single mutation: an input that
 * is wrong in five places is refused at the first and never gets further.
 */
export function mutate(
  input: Uint8Array,
  other: Uint8Array,
  dictionary: readonly Uint8Array[],
  random: FuzzRandom,
): Uint8Array {
  let changed = random.below(16) === 0 ? splice(input, other, random) : input.slice();
  const times = random.below(3) === 0 ? 2 + random.below(4) : 1;
  for (let time = 0; time < times; time++) {
    changed = random.pick(MUTATIONS)(changed, random, dictionary);
  }
  return changed.length > MAX_INPUT_BYTES ? changed.slice(0, MAX_INPUT_BYTES) : changed;
}

function flipBit(input: Uint8Array, random: FuzzRandom): Uint8Array {
  if (input.length === 0) return input;
  const at = random.below(input.length);
  input[at] = (input[at] as number) ^ (1 << random.below(8));
  return input;
}

function setByte(input: Uint8Array, random: FuzzRandom): Uint8Array {
  if (input.length > 0) input[random.below(input.length)] = random.below(256);
  return input;
}

function writeNumber(input: Uint8Array, random: FuzzRandom): Uint8Array {
  const bytes = random.pick([2, 4, 4, 8]);
  if (input.length < bytes) return input;
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  const at = random.below(input.length - bytes + 1);
  const little = random.below(4) !== 0;
  const value = random.pick(NUMBERS);
  if (bytes === 2) view.setUint16(at, value, little);
  else if (bytes === 4) view.setUint32(at, value, little);
  else view.setBigUint64(at, BigInt(value) << BigInt(random.below(33)), little);
  return input;
}

function removePart(input: Uint8Array, random: FuzzRandom): Uint8Array {
  const [from, to] = part(input, random);
  return join(input.subarray(0, from), input.subarray(to));
}

function repeatPart(input: Uint8Array, random: FuzzRandom): Uint8Array {
  const [from, to] = part(input, random);
  const times = 1 + random.below(3);
  const copies = Array.from({ length: times }, () => input.subarray(from, to));
  return join(input.subarray(0, to), ...copies, input.subarray(to));
}

function insertPart(input: Uint8Array, random: FuzzRandom, dictionary: readonly Uint8Array[]): Uint8Array {
  const at = random.below(input.length + 1);
  return join(input.subarray(0, at), random.pick(dictionary), input.subarray(at));
}

function overwritePart(input: Uint8Array, random: FuzzRandom, dictionary: readonly Uint8Array[]): Uint8Array {
  const word = random.pick(dictionary);
  if (input.length >= word.length) input.set(word, random.below(input.length - word.length + 1));
  return input;
}

function truncate(input: Uint8Array, random: FuzzRandom): Uint8Array {
  return input.subarray(0, random.below(input.length + 1));
}

/** Replaces one run of digits, as in DS and IS values, XML attributes and label maps. */
function replaceNumberText(input: Uint8Array, random: FuzzRandom): Uint8Array {
  const isDigit = (at: number) => (input[at] as number) >= 0x30 && (input[at] as number) <= 0x39;
  const start = input.length === 0 ? 0 : random.below(input.length);
  let from = start;
  while (from < input.length && !isDigit(from)) from++;
  let to = from;
  while (to < input.length && isDigit(to)) to++;
  return join(
    input.subarray(0, from),
    new TextEncoder().encode(random.pick(TEXT_NUMBERS)),
    input.subarray(to),
  );
}

function splice(input: Uint8Array, other: Uint8Array, random: FuzzRandom): Uint8Array {
  return join(
    input.subarray(0, random.below(input.length + 1)),
    other.subarray(random.below(other.length + 1)),
  );
}

function part(input: Uint8Array, random: FuzzRandom): [from: number, to: number] {
  const from = random.below(input.length + 1);
  return [from, Math.min(input.length, from + 1 + random.below(64))];
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of parts) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
