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

/**
 * A list in the format asked for. `columns=` picks and orders columns; ID columns, URI and xsiType always stay,
 * because clients build their objects from them.
 */
export function tableReply(rows: readonly Row[], query: URLSearchParams): Reply {
  const shaped = rows.map((row) => pickColumns(row, query.get('columns')));
  if (query.get('format') === 'csv') {
    return { status: 200, headers: { 'content-type': 'text/csv;charset=UTF-8' }, body: asCsv(shaped) };
  }
  if (query.get('format') === 'xml') throw new RangeError('xml lists are not served');
  return jsonReply({ ResultSet: { Result: shaped, totalRecords: String(shaped.length) } });
}

function pickColumns(row: Row, columns: string | null): Row {
  if (columns === null || columns === '') return row;
  const wanted = columns.split(',').map((column) => column.trim());
  const picked = wanted.map((column): [string, string] => [column, columnValue(row, column)]);
  const kept = ['URI', 'xsiType'].filter((column) => row[column] !== undefined && !wanted.includes(column));
  return Object.fromEntries([
    ...picked,
    ...kept.map((column): [string, string] => [column, row[column] ?? '']),
  ]);
}

/** Columns may be asked for by schema path (`icr:roiCollectionData/collectionType`): the last step names the value. */
function columnValue(row: Row, column: string): string {
  const lower = (column.includes('/') ? (column.split('/').at(-1) ?? column) : column).toLowerCase();
  const exact = row[column];
  if (exact !== undefined) return exact;
  const name = Object.keys(row).find((key) => key.toLowerCase() === lower);
  return name === undefined ? '' : (row[name] ?? '');
}

function asCsv(rows: readonly Row[]): string {
  const [first] = rows;
  if (first === undefined) return '';
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const lines = rows.map((row) => Object.values(row).map(quoted).join(','));
  return `${[Object.keys(first).map(quoted).join(','), ...lines].join('\n')}\n`;
}
