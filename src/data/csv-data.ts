import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { FormatError } from '../formats/errors';
import { chooseColumns, columnName, mayBeLabel, type ColumnChoice } from './csv-columns';
import { readCsvTable, type CsvTable } from './csv-table';
import { withDataFile } from './data-file';
import type { LoadedData, LoadedSamples } from './loaded-data';
import { testPartner } from './partner-names';
import { checkNotEmpty, targetsOf } from './targets';

export interface CsvOptions {
  /** Name in the header, or number from 0. */
  readonly labelColumn?: string | number;
  readonly firstLabel?: number;
  /** Numbers that the network gives out: they help to find the labels. */
  readonly outputs?: number;
}

/**
 * Reads a table of samples, one a row, with their labels in one of the columns; and a table for testing beside it, if there is
 * one that is named so. Classes that are text are numbered in the order of their characters.
 * @param siblings names of the files in its folder
 * @throws {FormatError}
 */
export async function readCsvData(
  file: string,
  siblings: readonly string[],
  options: CsvOptions,
  signal?: AbortSignal,
): Promise<LoadedData> {
  const table = await readTable(file, options, signal);
  const choice = chooseColumns(table, options.labelColumn, options.outputs);
  const classNames = table.texts.get(choice.label)?.toSorted(byCharacters);
  const train = samplesOf(table, choice, classNames, options.firstLabel);
  const notes = [...choice.notes];
  if (table.counts) {
    notes.push(l10n.t('The first line is not used: scikit-learn writes counts and names of classes there.'));
  }
  const test = await testSamples(file, siblings, table, choice, classNames, options, notes, signal);
  return {
    kind: 'csv',
    layout: 'none',
    train,
    ...(test === undefined ? {} : { test }),
    ...(classNames === undefined ? {} : { classNames }),
    labelColumn: table.header?.[choice.label] ?? choice.label,
    notes,
  };
}

async function testSamples(
  file: string,
  siblings: readonly string[],
  table: CsvTable,
  choice: ColumnChoice,
  classNames: readonly string[] | undefined,
  options: CsvOptions,
  notes: string[],
  signal: AbortSignal | undefined,
): Promise<LoadedSamples | undefined> {
  const name = testPartner(path.basename(file), siblings);
  if (name === undefined) return undefined;
  const labelColumn = choice.label;
  const test = await readTable(path.join(path.dirname(file), name), { ...options, labelColumn }, signal);
  // What is handed out for competitions has no labels.
  if (test.columns !== table.columns || test.header?.join('\n') !== table.header?.join('\n')) {
    notes.push(l10n.t('{0} has other columns and is not used.', name));
    return undefined;
  }
  return samplesOf(test, choice, classNames, options.firstLabel);
}

function readTable(file: string, options: CsvOptions, signal: AbortSignal | undefined): Promise<CsvTable> {
  const wanted = options.labelColumn;
  return withDataFile(file, (source) =>
    readCsvTable(source, (column, columns, header) => mayBeLabel(column, columns, header, wanted), signal),
  );
}

/** Takes the label out of each row; the cells of the table are moved together. */
function samplesOf(
  table: CsvTable,
  { label, inputs }: ColumnChoice,
  classNames: readonly string[] | undefined,
  firstLabel: number | undefined,
): LoadedSamples {
  const { file, cells, columns, rows } = table;
  checkNotEmpty(file, rows);
  const numbers = classNames === undefined ? undefined : classNumbers(table, label, classNames);
  const labels = new Float32Array(rows);
  const size = inputs.length;
  for (let row = 0; row < rows; row++) {
    const value = cells[row * columns + label] ?? 0;
    labels[row] = numbers === undefined ? value : (numbers[value] ?? 0);
    for (let i = 0; i < size; i++) cells[row * size + i] = cells[row * columns + (inputs[i] ?? 0)] ?? 0;
  }
  const read = targetsOf({ file, shape: [rows], values: labels }, rows, numbers === undefined ? firstLabel : undefined);
  // A table for testing need not have all classes.
  const targets = classNames !== undefined && read.kind === 'classes' ? { ...read, classes: classNames.length } : read;
  return { samples: { shape: [size], count: rows, values: cells.subarray(0, rows * size), targets }, paths: [file] };
}

function classNumbers(table: CsvTable, label: number, classNames: readonly string[]): number[] {
  return (table.texts.get(label) ?? []).map((text) => {
    const number = classNames.indexOf(text);
    if (number >= 0) return number;
    throw new FormatError({
      file: table.file,
      reason: l10n.t(
        'column {0} has the class "{1}", which the samples for training do not have',
        columnName(table, label),
        text,
      ),
      remedy: l10n.t('Correct the label, or leave the file out.'),
    });
  });
}

/** As scikit-learn numbers classes: by their characters, whatever the language. */
function byCharacters(a: string, b: string): number {
  return a < b ? -1 : 1;
}
