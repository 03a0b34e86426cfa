import { commands, Uri, type Disposable } from 'vscode';
import type { ExportFormat } from '../protocol/panel';
import type { Analyses } from './analyses';
import { activeModelFile, pickModelFile } from './model-files';

/** Registers every command that the manifest contributes. */
export function registerCommands(analyses: Analyses, showLog: () => void): Disposable[] {
  const exportAs = (id: string, format: ExportFormat): Disposable =>
    commands.registerCommand(`prunability.export${id}`, () => analyses.exportActive(format));
  return [
    commands.registerCommand('prunability.analyze', async (target?: unknown, selection?: unknown) => {
      for (const uri of await targets(target, selection)) await analyses.open(uri);
    }),
    commands.registerCommand('prunability.cancel', () => analyses.active()?.cancel()),
    commands.registerCommand('prunability.reanalyze', () => analyses.active()?.run()),
    exportAs('Json', 'json'),
    exportAs('Csv', 'csv'),
    exportAs('Markdown', 'markdown'),
    commands.registerCommand('prunability.showLog', showLog),
  ];
}

/** From the explorer come the clicked file and the whole selection; from the palette, nothing. */
async function targets(target: unknown, selection: unknown): Promise<readonly Uri[]> {
  if (Array.isArray(selection) && selection.length > 0) return selection.filter((item) => item instanceof Uri);
  if (target instanceof Uri) return [target];
  const uri = activeModelFile() ?? (await pickModelFile());
  return uri === undefined ? [] : [uri];
}
