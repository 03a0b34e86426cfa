import { basename } from 'node:path';
import { l10n, window, workspace, type Uri } from 'vscode';
import { writeAtomically } from '../../files/write-atomically';
import type { ExportFormat } from '../../protocol/panel';
import type { ComparisonReport, RunReport } from '../../report/comparison';
import { comparisonToCsv, runToCsv } from '../../report/comparison-csv';
import { comparisonToJson } from '../../report/comparison-json';
import { reportToCsv } from '../../report/csv';
import { reportToJson } from '../../report/json';
import { reportToMarkdown } from '../../report/markdown';
import type { ModelReport } from '../../report/report';

interface Writer<R> {
  readonly extension: string;
  readonly label: string;
  readonly write: (report: R) => string;
}

const WRITERS: Readonly<Record<ExportFormat, Writer<ModelReport>>> = {
  json: { extension: 'json', label: 'JSON', write: reportToJson },
  csv: { extension: 'csv', label: 'CSV', write: reportToCsv },
  markdown: { extension: 'md', label: 'Markdown', write: reportToMarkdown },
};

const COMPARISON_WRITERS: Readonly<Record<'json' | 'csv', Writer<ComparisonReport | RunReport>>> = {
  json: { extension: 'comparison.json', label: 'JSON', write: comparisonToJson },
  csv: {
    extension: 'comparison.csv',
    label: 'CSV',
    write: (report) => ('steps' in report ? runToCsv(report) : comparisonToCsv(report)),
  },
};

/** Asks where to, writes the report there, and offers to open it. Returns where, or undefined if the user thought better of it. */
export function exportReport(report: ModelReport, format: ExportFormat, model: Uri): Promise<Uri | undefined> {
  return write(report, WRITERS[format], model);
}

/** The same of a comparison. @param beside the model, or the folder of the run, beside which it is offered to be written. */
export function exportComparison(
  report: ComparisonReport | RunReport,
  format: 'json' | 'csv',
  beside: Uri,
): Promise<Uri | undefined> {
  return write(report, COMPARISON_WRITERS[format], beside);
}

async function write<R>(report: R, writer: Writer<R>, beside: Uri): Promise<Uri | undefined> {
  const target = await window.showSaveDialog({
    // A revision cannot be written beside.
    ...(workspace.fs.isWritableFileSystem(beside.scheme) === true
      ? { defaultUri: beside.with({ path: `${beside.path}.prunability.${writer.extension}` }) }
      : {}),
    filters: { [writer.label]: [writer.extension] },
    title: l10n.t('Export the report of {0}', basename(beside.path)),
  });
  if (target === undefined) return undefined;
  await writeText(target, writer.write(report));
  const open = l10n.t('Open');
  void window.showInformationMessage(l10n.t('Report written to {0}', basename(target.path)), open).then((answer) => {
    if (answer === open) void window.showTextDocument(target);
  });
  return target;
}

async function writeText(target: Uri, text: string): Promise<void> {
  if (target.scheme === 'file') await writeAtomically(target.fsPath, text);
  else await workspace.fs.writeFile(target, new TextEncoder().encode(text));
}
