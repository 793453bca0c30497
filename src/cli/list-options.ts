import type { Command } from 'commander';
import { UsageError } from './exit-codes.ts';

/** What every list of the API takes. */
export interface ListOptions {
  readonly state?: string;
  readonly limit?: string;
}

export function addListOptions(command: Command): Command {
  return command
    .option('--state <state>', 'only those in this state')
    .option('--limit <n>', 'at most so many', '200');
}

/** Follows a list's cursor until it ends or `limit` items are there. */
export async function listAll<T>(
  options: ListOptions,
  page: (query: Record<string, string>) => Promise<{ items: T[]; next: string | null }>,
): Promise<T[]> {
  const limit = Number(options.limit ?? 200);
  if (!Number.isInteger(limit) || limit < 1) {
    throw new UsageError(`--limit is "${options.limit}"; write a whole number from 1 on`);
  }
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const wanted = String(Math.min(200, limit - items.length));
    const answer: { items: T[]; next: string | null } = await page({
      limit: wanted,
      ...(options.state ? { state: options.state } : {}),
      ...(cursor ? { cursor } : {}),
    });
    items.push(...answer.items);
    cursor = answer.next;
  } while (cursor !== null && items.length < limit);
  return items;
}
