/** Where a command writes: results to `out`, progress and errors to `err`. */
export interface Output {
  readonly json: boolean;
  readonly plain: boolean;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** With --json the value as it is, otherwise the text for a person. */
export function printResult(output: Output, value: unknown, text: () => string): void {
  output.out(output.json ? JSON.stringify(value, null, 2) : text());
}

export type Cell = string | number | null | undefined;

/** Columns as wide as their widest cell; numbers right-aligned; null shown as "-". */
export function formatTable(headers: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return 'none';
  const shown = rows.map((row) => headers.map((_, at) => cellText(row[at])));
  const widths = headers.map((header, at) =>
    Math.max(header.length, ...shown.map((row) => row[at]?.length ?? 0)),
  );
  const isNumber = headers.map((_, at) => {
    const cells = rows.map((row) => row[at]).filter((cell) => cell !== null && cell !== undefined);
    return cells.length > 0 && cells.every((cell) => typeof cell === 'number');
  });
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (isNumber[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(headers.map((header) => header.toUpperCase())), ...shown.map(line)].join('\n');
}

/** `name  value` lines. */
export function formatFields(fields: Readonly<Record<string, Cell>>): string {
  const width = Math.max(...Object.keys(fields).map((name) => name.length));
  return Object.entries(fields)
    .map(([name, value]) => `${name.padEnd(width)}  ${cellText(value)}`)
    .join('\n');
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** 0.9312 -> "0.931". */
export function formatScore(score: number | null | undefined): string {
  return score == null ? '-' : score.toFixed(3);
}

function cellText(cell: Cell): string {
  return cell === null || cell === undefined || cell === '' ? '-' : String(cell);
}
