import { UsageError } from './exit-codes.ts';

export type Parameters = Record<string, string | number | boolean>;

/** Collects repeated `name=value` options; numbers and booleans are read as such. */
export function collectParameter(text: string, all: Parameters): Parameters {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`"${text}" is not a parameter; write name=value, such as maxEpochs=40`);
  return { ...all, [text.slice(0, at)]: parseValue(text.slice(at + 1)) };
}

function parseValue(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}
