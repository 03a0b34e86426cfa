import { mkdir, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';

/** News of a file take so long on a machine that does other work. */
const TOLD_WITHIN_MS = 500;

/** Files that are written before a folder is taken for one that is not watched: the first may come before VS Code watches. */
const MAX_FILES = 6;

const MAX_FOLDERS = 5;

/**
 * Makes a folder of the workspace, and those it lies in, of which VS Code tells the changes. Folders that are made while it
 * begins to watch, or one in the other too fast, it misses for good: those are made again.
 * @throws Error if it is missed each time
 */
export async function makeWatchedFolder(folder: vscode.Uri): Promise<void> {
  const root = vscode.workspace.getWorkspaceFolder(folder)?.uri;
  if (root === undefined) throw new Error(`${folder.path} is not in the workspace`);
  const names = folder.path.slice(root.path.length + 1).split('/');
  for (let depth = 1; depth <= names.length; depth++) {
    const level = vscode.Uri.joinPath(root, ...names.slice(0, depth));
    await mkdir(level.fsPath, { recursive: true });
    for (let tries = 1; !(await isWatched(level)); tries++) {
      if (tries === MAX_FOLDERS) throw new Error(`VS Code does not watch ${level.path}`);
      await rm(level.fsPath, { recursive: true });
      // What goes and comes at once VS Code takes for the same folder.
      await sleep(2 * TOLD_WITHIN_MS);
      await mkdir(level.fsPath);
    }
  }
}

/** Whether news of files that are written into the folder come. */
async function isWatched(folder: vscode.Uri): Promise<boolean> {
  const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, '*'));
  const told = new Set<string>();
  watcher.onDidCreate(({ path }) => told.add(path));
  const files = Array.from({ length: MAX_FILES }, (_, index) => vscode.Uri.joinPath(folder, `watched-${index}`));
  try {
    for (const file of files) {
      await writeFile(file.fsPath, '');
      await sleep(TOLD_WITHIN_MS);
      if (told.has(file.path)) return true;
    }
    return false;
  } finally {
    watcher.dispose();
    for (const file of files) await rm(file.fsPath, { force: true });
  }
}
