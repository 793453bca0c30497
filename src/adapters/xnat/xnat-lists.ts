import { z } from 'zod';
import { PipelineError } from '../../contracts/errors.ts';
import type { XnatAnswer } from './xnat-http.ts';

/** XNAT's lists hold text only; a column it does not know is missing or empty. */
const Row = z.record(z.string(), z.coerce.string());
export type Row = z.infer<typeof Row>;

const ResultSet = z.object({ ResultSet: z.object({ Result: z.array(Row) }) });

/** One object of `?format=json`: its own columns, and child objects by field. */
const Fields = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));
const Child = z.object({ data_fields: Fields });
const Item = z.object({
  data_fields: Fields,
  children: z.array(z.object({ field: z.string(), items: z.array(Child) })).default([]),
});
const Items = z.object({ items: z.array(Item).min(1) });

const UidMap = z.record(z.string(), z.string());

export interface ItemFields {
  /** The column as text; empty when it is not there. */
  readonly text: (column: string) => string;
  readonly children: (field: string) => ((column: string) => string)[];
}

export function readRows(answer: XnatAnswer, path: string): Row[] {
  return parsed(ResultSet, answer, path).ResultSet.Result;
}

export function readItem(answer: XnatAnswer, path: string): ItemFields {
  const [item] = parsed(Items, answer, path).items;
  const textOf = (fields: z.infer<typeof Fields> | undefined) => (column: string) =>
    String(fields?.[column] ?? '');
  return {
    text: textOf(item?.data_fields),
    children: (field) =>
      (item?.children ?? [])
        .filter((child) => child.field === field)
        .flatMap((child) => child.items.map((one) => textOf(one.data_fields))),
  };
}

/** `{SeriesInstanceUID: scan id}`. */
export function readUidMap(answer: XnatAnswer, path: string): Record<string, string> {
  return parsed(UidMap, answer, path);
}

/** Errors and login pages are HTML, also with status 200: the content decides, not the status. */
function parsed<T>(schema: z.ZodType<T>, answer: XnatAnswer, path: string): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(answer.bytes).toString('utf8')));
  } catch (cause) {
    throw new PipelineError(
      'ArchiveRejected',
      `XNAT answered ${path} with ${answer.contentType || 'content'} that is not the expected JSON; check that the archive URL is the site itself and not a login page or proxy`,
      { path, contentType: answer.contentType },
      { cause },
    );
  }
}

/** `2019-03-06 13:33:39.703` as ISO 8601. XNAT names no time zone; read as UTC, which keeps the order. */
export function isoFromInsertDate(insertDate: string): string {
  const match = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?/.exec(insertDate);
  if (match === null) return new Date(0).toISOString();
  const [, date, time, fraction = '0'] = match;
  return `${date}T${time}.${fraction.padEnd(3, '0').slice(0, 3)}Z`;
}
