import * as l10n from '@vscode/l10n';
import { FormatError } from '../formats/errors';
import type { CsvTable } from './csv-table';
import { MAX_CLASSES } from './data-limits';

/** Names of columns that hold what is to be predicted, the surest first. */
const LABEL_NAMES = ['label', 'labels', 'class', 'target', 'y', 'species', 'category', 'digit'];

/** Names of columns that only number the rows; pandas writes its index without a name. */
const INDEX_NAMES = ['', 'id', 'index', 'unnamed: 0', 'rownames'];

/** What is taken from a table. */
export interface ColumnChoice {
  readonly label: number;
  /** Columns of the samples, in order. */
  readonly inputs: readonly number[];
  readonly notes: readonly string[];
}

/** Whether the label of a table may be in this column: the one that is named so, else the first or the last. */
export function mayBeLabel(
  column: number,
  columns: number,
  header: readonly string[] | undefined,
  wanted: string | number | undefined,
): boolean {
  if (wanted !== undefined) return column === wanted || header?.[column] === wanted;
  const named = namedLabel(header);
  return named === undefined ? column === 0 || column === columns - 1 : column === named;
}

/**
 * Finds the column of the labels: the one that is asked for; else one that has such a name; else the first or the last, the one
 * that looks more like classes, of which text is the surest sign.
 * @param outputs numbers that the network gives out
 * @throws {FormatError} if there is no column as it is asked for
 */
export function chooseColumns(
  table: CsvTable,
  wanted: string | number | undefined,
  outputs: number | undefined,
): ColumnChoice {
  const { columns, header, texts } = table;
  const notes: string[] = [];
  let label = wanted === undefined ? namedLabel(header) : wantedColumn(table, wanted);
  if (label === undefined) {
    const scores = [columns - 1, 0].map((column) => ({ column, score: likeness(table, column, outputs) }));
    const [last, first] = scores as [(typeof scores)[number], (typeof scores)[number]];
    label = first.score > last.score ? first.column : last.column;
    notes.push(l10n.t('The labels are taken from column {0}, which looks most like them.', columnName(table, label)));
  }
  const inputs: number[] = [];
  for (let column = 0; column < columns; column++) {
    if (column === label) continue;
    const isIndex = column === 0 && header !== undefined && INDEX_NAMES.includes((header[0] ?? '').toLowerCase());
    if (isIndex) notes.push(l10n.t('Column {0} only numbers the rows and is left out.', columnName(table, column)));
    else inputs.push(column);
  }
  const text = inputs.find((column) => texts.has(column));
  if (text !== undefined) {
    throw new FormatError({
      file: table.file,
      reason: l10n.t(
        'column {0} has the text "{1}"; samples are numbers',
        columnName(table, text),
        texts.get(text)?.[0] ?? '',
      ),
      remedy: l10n.t(
        'Write numbers with a decimal point, code categories as numbers, and name the column of the labels as "labelColumn" in .prunability.json.',
      ),
    });
  }
  return { label, inputs, notes };
}

/** A column as people find it: its name in quotes, or its number from 1. */
export function columnName({ header }: CsvTable, column: number): string {
  const name = header?.[column];
  return name === undefined || name === '' ? String(column + 1) : JSON.stringify(name);
}

function namedLabel(header: readonly string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  const lower = header.map((name) => name.trim().toLowerCase());
  const name = LABEL_NAMES.find((each) => lower.includes(each));
  return name === undefined ? undefined : lower.indexOf(name);
}

function wantedColumn(table: CsvTable, wanted: string | number): number {
  const column = typeof wanted === 'number' ? wanted : (table.header?.indexOf(wanted) ?? -1);
  if (column >= 0 && column < table.columns) return column;
  throw new FormatError({
    file: table.file,
    reason: l10n.t('has no column {0}', typeof wanted === 'number' ? wanted : JSON.stringify(wanted)),
    remedy: l10n.t('Correct "labelColumn" in .prunability.json: a name of the header, or a number from 0.'),
  });
}

/** How much a column looks like classes: text, as many classes as the network tells apart, 0 … K or 1 … K, whole numbers. */
function likeness({ texts, cells, columns, rows }: CsvTable, column: number, outputs: number | undefined): number {
  if (texts.has(column)) return 4;
  const seen = new Set<number>();
  for (let row = 0; row < rows; row++) {
    const value = cells[row * columns + column] ?? 0;
    if (!Number.isInteger(value) || value < 0 || value >= MAX_CLASSES) return 0;
    seen.add(value);
  }
  let most = 0;
  for (const value of seen) most = Math.max(most, value);
  const classes = seen.has(0) ? most + 1 : most;
  if (classes < 2 || seen.size !== classes) return 1;
  return classes === outputs ? 3 : 2;
}
