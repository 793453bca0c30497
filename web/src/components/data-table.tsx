import type { ReactNode } from 'react';

export interface Column<T> {
  title: string;
  cell: (row: T) => ReactNode;
  numeric?: boolean;
}

interface DataTableProps<T> {
  title: string;
  rows: T[] | null;
  rowKey: (row: T) => string;
  columns: Column<T>[];
  /** What to do so that rows appear. */
  empty: string;
}

/** A titled table which says what to do when it is empty. */
export function DataTable<T>({ title, rows, rowKey, columns, empty }: DataTableProps<T>) {
  return (
    <section aria-label={title}>
      <h2>
        {title} {rows && <span className="count">{rows.length}</span>}
      </h2>
      {rows === null && <p className="quiet">Loading …</p>}
      {rows?.length === 0 && <p className="quiet">{empty}</p>}
      {rows && rows.length > 0 && (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th key={column.title} className={column.numeric ? 'numeric' : ''}>
                    {column.title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={rowKey(row)}>
                  {columns.map((column) => (
                    <td key={column.title} className={column.numeric ? 'numeric' : ''}>
                      {column.cell(row)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
