import type { z } from 'zod';
import { PipelineError } from '../contracts/errors.ts';
import type { ObjectKey, ObjectRef } from '../contracts/identifiers.ts';
import type { Ports } from '../ports/index.ts';

/**
 * Reads a JSON object of the data bucket and checks it against its contract.
 *
 * @throws NotFound, DigestMismatch, UnknownSchemaVersion for a file of a newer release, InternalError for
 *   anything else that is not what was expected there.
 */
export async function readJson<S extends z.ZodType>(
  objects: Ports['objects'],
  schema: S,
  at: ObjectRef | { key: ObjectKey },
): Promise<z.output<S>> {
  const bytes = await objects.read(at);
  const value = parseText(new TextDecoder().decode(bytes), at.key);
  const parsed = schema.safeParse(value);
  if (parsed.success) {
    return parsed.data;
  }
  const version =
    value !== null && typeof value === 'object' ? Reflect.get(value, 'schemaVersion') : undefined;
  const path = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new PipelineError(
    typeof version === 'number' && version > 1 ? 'UnknownSchemaVersion' : 'InternalError',
    `${at.key} does not match its contract at "${path}"; it was written by another version of Contourflow`,
    { key: at.key, path },
  );
}

export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function parseText(text: string, key: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PipelineError(
      'InternalError',
      `${key} is not JSON; it may have been cut short`,
      { key },
      { cause },
    );
  }
}
