/** A column of a table for a terminal. */
export type TextColumn<Row> = readonly [title: string, align: 'left' | 'right', cell: (row: Row) => string];

/** Lines of a table, as wide as their cells. */
export function textTable<Row>(columns: readonly TextColumn<Row>[], entries: readonly Row[]): string[] {
  const rows = [columns.map(([title]) => title), ...entries.map((entry) => columns.map(([, , cell]) => cell(entry)))];
  const widths = columns.map((_, column) => rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        columns[column]?.[1] === 'right' ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** Names come from strangers: control characters in them must not drive the terminal. */
export function printable(name: string): string {
  return name.replace(/\p{Cc}/gu, '\uFFFD');
}
