import { PipelineError } from '../../../contracts/errors.ts';

/** A page's last key as an opaque token. */
export function encodeCursor(lastKey: Record<string, unknown> | undefined): string | null {
  return lastKey ? Buffer.from(JSON.stringify(lastKey)).toString('base64url') : null;
}

/**
 * The start key of the next page. A cursor names the partition it came from; one made for another list (another
 * project's, say) is refused.
 *
 * @throws InvalidRequest
 */
export function decodeCursor(
  cursor: string | undefined,
  expected: { attribute: string; value: string },
): Record<string, string> | undefined {
  if (cursor === undefined) return undefined;
  const key = parseKey(cursor);
  if (key?.[expected.attribute] === expected.value) return key;
  throw new PipelineError(
    'InvalidRequest',
    'the cursor does not belong to this list; start again without a cursor',
  );
}

function parseKey(cursor: string): Record<string, string> | null {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (typeof parsed !== 'object' || parsed === null) return null;
    const entries = Object.entries(parsed).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    return Object.fromEntries(entries);
  } catch {
    return null;
  }
}
