import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { FormatError, throwIfCancelled } from './errors';
import { resolveSibling } from './sibling';
import { FileSource, unreadable } from './source';

/** Files of a model that is a folder: an array may be thousands of chunks, each in a file; more take too long to list. */
const MAX_LISTED_FILES = 100_000;

/** Folders in folders: one a module of the network, and one a dimension of an array. */
const MAX_FOLDER_DEPTH = 16;

/** A file below the folder of a model. */
export interface FolderFile {
  /** Relative to the folder, with forward slashes. */
  readonly name: string;
  readonly path: string;
  readonly size: number;
}

/**
 * The files in the folder of a model and in the folders below, sorted by name. Links are followed where
 * {@link resolveSibling} allows it, but not those to folders.
 * @throws {FormatError}
 */
export async function listFolder(mainFile: string, signal?: AbortSignal): Promise<FolderFile[]> {
  const root = path.dirname(mainFile);
  const files: FolderFile[] = [];
  const pending = [{ folder: '', depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    throwIfCancelled(signal);
    const { folder, depth } = next;
    for (const entry of await entriesOf(path.join(root, folder), mainFile)) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (depth < MAX_FOLDER_DEPTH) pending.push({ folder: name, depth: depth + 1 });
      } else if (entry.isFile()) {
        const file = path.join(root, ...name.split('/'));
        files.push({ name, path: file, size: (await stat(file)).size });
      } else if (entry.isSymbolicLink() && (await stat(path.join(root, name)).catch(() => undefined))?.isFile()) {
        const file = await resolveSibling(mainFile, name);
        files.push({ name, path: file, size: (await stat(file)).size });
      }
      if (files.length > MAX_LISTED_FILES) {
        throw new FormatError({
          file: mainFile,
          reason: l10n.t('is in a folder of more than {0} files', MAX_LISTED_FILES),
          remedy: l10n.t('Open a part of it.'),
        });
      }
    }
  }
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Some bytes of a file in the folder. @throws {FormatError} if it cannot be read, or has become shorter */
export async function readFolderFile(
  { path: file }: FolderFile,
  offset: number,
  length: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const source = await FileSource.open(file);
  try {
    return await source.read(offset, length, signal);
  } finally {
    await source.close();
  }
}

async function entriesOf(folder: string, mainFile: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw unreadable(folder === path.dirname(mainFile) ? mainFile : folder, error);
  }
}
