import { createInterface } from 'node:readline/promises';
import { type Readable, Writable } from 'node:stream';
import { UsageError } from './exit-codes.ts';

/** Where a person types and reads; questions never go to standard output, which may be piped. */
export interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
}

/**
 * Asks on the terminal; what is typed is hidden unless `shown`.
 *
 * @throws UsageError when nobody can answer because the input is no terminal.
 */
export async function askOnTerminal(terminal: Terminal, question: string, shown: boolean): Promise<string> {
  if (!terminal.input.isTTY) {
    throw new UsageError('there is no terminal to ask on; name the user and set CONTOURFLOW_PASSWORD');
  }
  terminal.output.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = shown ? terminal.output : nowhere;
  const reader = createInterface({ input: terminal.input, output, terminal: true });
  try {
    return await reader.question('');
  } finally {
    reader.close();
    if (!shown) terminal.output.write('\n');
  }
}
