import { UsageError } from './exit-codes.ts';

export type Parameters = Record<string, string | number | boolean>;

/** Collects `name=value` options, repeated or separated by commas; numbers and booleans are read as such. */
export function collectParameters(text: string, all: Parameters): Parameters {
  return { ...all, ...Object.fromEntries(text.split(',').map(parsePair)) };
}

function parsePair(pair: string): [name: string, value: string | number | boolean] {
  const at = pair.indexOf('=');
  if (at >= 1) return [pair.slice(0, at).trim(), parseValue(pair.slice(at + 1))];
  throw new UsageError(`"${pair}" is not a parameter; write name=value, such as maxEpochs=40`);
}

/** Collects names, repeated or separated by commas. */
export function splitNames(text: string, all: readonly string[]): string[] {
  return [...all, ...text.split(',').map((name) => name.trim())];
}

function parseValue(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}
