/** One row of a list: every value is text, as XNAT's JSON has it. */
export type Row = Readonly<Record<string, string>>;

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

export function textReply(body: string, status = 200): Reply {
  return { status, headers: { 'content-type': 'text/plain; charset=UTF-8' }, body };
}

export function jsonReply(value: unknown, status = 200): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

export function bytesReply(body: Uint8Array, contentType = 'application/octet-stream'): Reply {
  return { status: 200, headers: { 'content-type': contentType }, body };
}

export function errorReply(status: number, message: string): Reply {
  const safe = message.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
  const body = `<html><head><title>Status page</title></head><body><h3>${safe}</h3><p>HTTP ${status}</p></body></html>`;
  return { status, headers: { 'content-type': 'text/html;charset=UTF-8' }, body };
}

/** Text of a JSON or CSV list; `columns` also names them where there is no row. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/**
 * A list in the format asked for. `columns=` picks and orders columns; one that the list does not know is left out,
 * as XNAT does. URI and xsiType always stay, because clients build their objects from them.
 */
export function tableReply({ columns, rows }: Table, query: URLSearchParams): Reply {
  const picked = pickColumns(columns, query.get('columns'));
  const shaped = rows.map((row) => Object.fromEntries(picked.map((column) => [column, row[column] ?? ''])));
  if (query.get('format') === 'csv') {
    return {
      status: 200,
      headers: { 'content-type': 'text/csv;charset=UTF-8' },
      body: asCsv(picked, shaped),
    };
  }
  return jsonReply({ ResultSet: { Result: shaped, totalRecords: String(shaped.length) } });
}

/** Columns may be asked for by schema path (`icr:roiCollectionData/collectionType`): its last step is the column. */
function pickColumns(columns: readonly string[], asked: string | null): readonly string[] {
  if (asked === null || asked === '') return columns;
  const known = (name: string): string[] => {
    const last = (name.split('/').at(-1) ?? name).toLowerCase();
    return [
      columns.find((column) => column === name) ??
        columns.find((column) => column.toLowerCase() === last) ??
        [],
    ].flat();
  };
  const kept = columns.filter((column) => column === 'URI' || column === 'xsiType');
  return [...new Set([...asked.split(',').flatMap((name) => known(name.trim())), ...kept])];
}

function asCsv(columns: readonly string[], rows: readonly Row[]): string {
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const lines = rows.map((row) => columns.map((column) => quoted(row[column] ?? '')).join(','));
  return `${[columns.map(quoted).join(','), ...lines].join('\n')}\n`;
}
