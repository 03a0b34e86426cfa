import './language';
import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { l10n, Uri, window, workspace } from 'vscode';
import type { ExportFormat } from '../protocol/panel';
import { reportToCsv } from '../report/csv';
import { reportToJson } from '../report/json';
import { reportToMarkdown } from '../report/markdown';
import type { ModelReport } from '../report/report';

const WRITERS: Readonly<
  Record<ExportFormat, { extension: string; label: string; write: (report: ModelReport) => string }>
> = {
  json: { extension: 'json', label: 'JSON', write: reportToJson },
  csv: { extension: 'csv', label: 'CSV', write: reportToCsv },
  markdown: { extension: 'md', label: 'Markdown', write: reportToMarkdown },
};

/** Asks where to, writes the report there, and offers to open it. Returns where, or undefined if the user thought better of it. */
export async function exportReport(report: ModelReport, format: ExportFormat): Promise<Uri | undefined> {
  const { extension, label, write } = WRITERS[format];
  const target = await window.showSaveDialog({
    defaultUri: Uri.file(`${report.file.path}.prunability.${extension}`),
    filters: { [label]: [extension] },
    title: l10n.t('Export the report of {0}', basename(report.file.path)),
  });
  if (target === undefined) return undefined;
  await writeAtomically(target, write(report));
  const open = l10n.t('Open');
  void window.showInformationMessage(l10n.t('Report written to {0}', basename(target.path)), open).then((answer) => {
    if (answer === open) void window.showTextDocument(target);
  });
  return target;
}

/** Writes beside the target and renames: what stood there stays whole until the new text is. */
async function writeAtomically(target: Uri, text: string): Promise<void> {
  if (target.scheme !== 'file') {
    await workspace.fs.writeFile(target, new TextEncoder().encode(text));
    return;
  }
  // A name that nobody else has: what is removed after a failure must be ours.
  const temporary = `${target.fsPath}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    await rename(temporary, target.fsPath);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
