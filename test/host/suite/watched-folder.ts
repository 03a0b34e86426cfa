import { mkdir, rm, writeFile } from 'node:fs/promises';
import * as vscode from 'vscode';

/** How long news of a file may take on a machine that does other work. */
const TOLD_WITHIN_MS = 2_000;
const MAX_TRIES = 10;

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
      if (tries === MAX_TRIES) throw new Error(`VS Code does not watch ${level.path}`);
      await rm(level.fsPath, { recursive: true });
      await mkdir(level.fsPath);
    }
  }
}

/** Whether news of a file that is written into the folder come. */
async function isWatched(folder: vscode.Uri): Promise<boolean> {
  const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, '*'));
  const file = vscode.Uri.joinPath(folder, 'watched');
  const told = new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => {
      resolve(false);
    }, TOLD_WITHIN_MS);
    watcher.onDidCreate(({ path }) => {
      if (path !== file.path) return;
      clearTimeout(timer);
      resolve(true);
    });
  });
  try {
    await writeFile(file.fsPath, '');
    return await told;
  } finally {
    watcher.dispose();
    await rm(file.fsPath, { force: true });
  }
}
