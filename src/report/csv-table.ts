export type CsvCell = string | number | boolean | null | undefined;

/** A column's title, and what it has of a row. */
export type CsvColumn<Row> = readonly [title: string, cell: (row: Row) => CsvCell];

/** Rows as CSV (RFC 4180) with a header line. Numbers are written in full. */
export function csvTable<Row>(columns: readonly CsvColumn<Row>[], rows: readonly Row[]): string {
  const lines = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => field(cell(row))))];
  return `${lines.map((line) => line.join(',')).join('\r\n')}\r\n`;
}

function field(cell: CsvCell): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell !== 'string') return String(cell);
  // Tensor names come from strangers: a spreadsheet must not take one for a formula (CWE-1236).
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
