import * as l10n from '@vscode/l10n';
import { setImmediate } from 'node:timers/promises';
import { FormatError, throwIfCancelled } from '../formats/errors';
import type { RandomAccessSource } from '../formats/source';
import { CsvRows } from './csv-rows';
import { checkSize, MAX_CLASSES, MAX_VALUE_BYTES } from './data-limits';

/** Rows after which others get their turn, and it is asked whether the table is still wanted. */
const ROWS_AT_A_TIME = 4096;

/** A table in memory: what is in each column, row by row. */
export interface CsvTable {
  readonly file: string;
  /** From the header; absent if there is none. */
  readonly header?: readonly string[];
  readonly columns: number;
  readonly rows: number;
  /** The first line was left out: it has counts and names of classes, as scikit-learn writes them. */
  readonly counts: boolean;
  /** Row by row; in columns of text, the index in `texts`. */
  readonly cells: Float32Array;
  /** By column, the different texts in it; only of columns that hold text. */
  readonly texts: ReadonlyMap<number, readonly string[]>;
}

/**
 * Reads a table with commas, semicolons or tabs, whichever its first line has most of.
 * @param textColumn whether a column may hold text, by its index and the number of columns
 * @throws {FormatError} if rows have different lengths, cells are empty, or text is where numbers have to be
 */
export async function readCsvTable(
  source: RandomAccessSource,
  textColumn: (column: number, columns: number, header: readonly string[] | undefined) => boolean,
  signal?: AbortSignal,
): Promise<CsvTable> {
  const file = source.path;
  checkSize(file, 0, source.size);
  const bytes = await source.read(0, source.size, signal);
  const delimiter = delimiterOf(bytes);
  const rows = new CsvRows(bytes, delimiter, file);
  if (!rows.next()) throw noTable(file, l10n.t('is empty'));
  const { columns, header, counts } = firstLines(bytes, delimiter, file);
  if (columns < 2) throw noTable(file, l10n.t('has one column; a table has the numbers of a sample and its label'));
  const capacity = mostRows(bytes, columns);
  if (4 * capacity * columns > 2 * MAX_VALUE_BYTES) checkSize(file, 0, 4 * capacity * columns);
  const cells = new Float32Array(capacity * columns);
  const indices = new Map<number, Map<string, number>>();
  let count = 0;
  let more = (header === undefined && !counts) || rows.next();
  while (more) {
    if (rows.count !== columns) throw rows.error(l10n.t('has {0} cells; the first line has {1}', rows.count, columns));
    for (let column = 0; column < columns; column++) {
      const number = indices.has(column) ? undefined : rows.number(column);
      cells[count * columns + column] =
        number ?? textCell(rows, column, count, indices, () => textColumn(column, columns, header), header);
    }
    if (++count % ROWS_AT_A_TIME === 0) {
      await setImmediate();
      throwIfCancelled(signal);
    }
    more = rows.next();
  }
  checkSize(file, count, 4 * count * columns);
  const texts = new Map([...indices].map(([column, known]) => [column, [...known.keys()]]));
  const table = { file, columns, rows: count, cells: cells.subarray(0, count * columns), texts, counts };
  return header === undefined ? table : { ...table, header };
}

/** The index of a text among those of its column: a column is of text if its first cell is. */
function textCell(
  rows: CsvRows,
  column: number,
  row: number,
  indices: Map<number, Map<string, number>>,
  allowed: () => boolean,
  header: readonly string[] | undefined,
): number {
  const text = rows.text(column);
  const name = header?.[column] ?? String(column + 1);
  if (/^(?:|nan|na|n\/a|null|none|\?|[+-]?inf(?:inity)?)$/i.test(text)) {
    throw rows.error(
      l10n.t('column {0} has no number ("{1}")', name, text),
      l10n.t('Fill in what is missing, or leave such rows out.'),
    );
  }
  const known = indices.get(column);
  if (known === undefined && (row > 0 || !allowed())) {
    throw rows.error(
      l10n.t('column {0} has the text "{1}"; samples are numbers', name, text.slice(0, 40)),
      l10n.t(
        'Write numbers with a decimal point, code categories as numbers, and name the column of the labels as "labelColumn" in .prunability.json.',
      ),
    );
  }
  const ofColumn = known ?? new Map<string, number>();
  if (known === undefined) indices.set(column, ofColumn);
  let index = ofColumn.get(text);
  if (index === undefined) {
    if (ofColumn.size >= MAX_CLASSES)
      throw rows.error(l10n.t('column {0} has more than {1} different texts', name, MAX_CLASSES));
    index = ofColumn.size;
    ofColumn.set(text, index);
  }
  return index;
}

/**
 * The first row is a header if it has text where the second has a number, or nothing but text and no second comes. In the data
 * of scikit-learn it has the number of samples, that of their features, and the names of the classes.
 */
function firstLines(
  bytes: Uint8Array,
  delimiter: number,
  file: string,
): { readonly columns: number; readonly header?: readonly string[]; readonly counts: boolean } {
  const rows = new CsvRows(bytes, delimiter, file);
  rows.next();
  const names = Array.from({ length: rows.count }, (_, column) => rows.text(column));
  const numbers = names.map((_, column) => rows.number(column));
  const columns = names.length;
  if (!rows.next()) {
    const isHeader = numbers.every((number) => number === undefined);
    return isHeader ? { columns, header: names, counts: false } : { columns, counts: false };
  }
  const [samples, features, ...classes] = numbers;
  const second = Array.from({ length: rows.count }, (_, column) => rows.number(column));
  const isCounts = features === rows.count - 1 && classes.length > 0 && !classes.some(Number.isFinite);
  if (samples !== undefined && isCounts && second.every(Number.isFinite)) {
    return { columns: rows.count, counts: true };
  }
  const differs = numbers.some((number, column) => number === undefined && second[column] !== undefined);
  return differs ? { columns, header: names, counts: false } : { columns, counts: false };
}

const DELIMITERS = [0x2c, 0x3b, 0x09];

function delimiterOf(bytes: Uint8Array): number {
  const counts = new Map(DELIMITERS.map((byte) => [byte, 0]));
  let quoted = false;
  for (const byte of bytes) {
    if (byte === 0x22) quoted = !quoted;
    if (quoted) continue;
    if (byte === 0x0a || byte === 0x0d) break;
    const count = counts.get(byte);
    if (count !== undefined) counts.set(byte, count + 1);
  }
  return DELIMITERS.reduce((best, byte) => ((counts.get(byte) ?? 0) > (counts.get(best) ?? 0) ? byte : best));
}

/** No cell may be empty, so each takes two bytes with what comes after it; and each row takes a line. */
function mostRows(bytes: Uint8Array, columns: number): number {
  let lines = 1;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === 0x0a || (byte === 0x0d && bytes[i + 1] !== 0x0a)) lines++;
  }
  return Math.min(lines, Math.ceil((bytes.length + 1) / (2 * columns)));
}

function noTable(file: string, reason: string): FormatError {
  return new FormatError({
    file,
    reason,
    remedy: l10n.t('Choose a table with commas, semicolons or tabs between its columns.'),
  });
}
