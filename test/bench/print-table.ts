/** Prints rows as a Markdown table, ready for docs/developer-guide/figures.md. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  for (const row of [header, header.map(() => '---'), ...rows]) printRow(row);
}

/** One more row of the table that was begun. */
export function printRow(cells: readonly string[]): void {
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}
