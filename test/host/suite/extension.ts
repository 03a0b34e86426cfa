import * as vscode from 'vscode';
import type { ExtensionApi } from '../../../src/extension';

/** Our extension, activated. */
export async function activated(): Promise<ExtensionApi> {
  const extension = vscode.extensions.getExtension<ExtensionApi>('prunability.prunability');
  if (extension === undefined) throw new Error('The extension is not installed in this host');
  return extension.activate();
}

/** A file of the opened sample workspace. */
export function sample(path: string): vscode.Uri {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (folder === undefined) throw new Error('No workspace is open');
  return vscode.Uri.joinPath(folder.uri, ...path.split('/'));
}

/** Waits until `condition` gives something. */
export async function eventually<T>(
  what: string,
  condition: () => T | undefined,
  timeoutMs = 10_000,
  pauseMs = 5,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const value = condition();
    if (value !== undefined) return value;
    if (Date.now() > end) throw new Error(`Waited ${timeoutMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
