import { isAbsolute, join } from 'node:path';
import { workspace, type ExtensionContext } from 'vscode';
import type { MeasureRequest } from '../../protocol/measurement';

/** Where our own installations of packages with native code are. */
export function nativeFolder(context: ExtensionContext): string {
  return join(context.globalStorageUri.fsPath, 'native');
}

/** Where packages with native code may be: what the settings say, what was installed by command, with the extension, and with the workspace. */
export function nativePlaces(context: ExtensionContext): MeasureRequest['places'] {
  const given = workspace.getConfiguration('prunability').get<string>('measurement.nativePackages', '').trim();
  const own = [...(isAbsolute(given) ? [given] : []), nativeFolder(context), context.extensionPath];
  const folders = (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  return [
    ...own.map((folder) => ({ folder, trusted: true })),
    ...folders.map(({ uri }) => ({ folder: uri.fsPath, trusted: workspace.isTrusted })),
  ];
}
