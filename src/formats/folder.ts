import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { concurrently } from './concurrent';
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
  let level = [''];
  for (let depth = 0; level.length > 0; depth++) {
    const below: string[] = [];
    const found: { readonly name: string; readonly entry: Dirent }[] = [];
    let listed = files.length;
    await concurrently(level, async (folder) => {
      throwIfCancelled(signal);
      for (const entry of await entriesOf(path.join(root, folder), mainFile)) {
        const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (!entry.isDirectory()) found.push({ name, entry });
        else if (depth < MAX_FOLDER_DEPTH) below.push(name);
        if (entry.isFile() && ++listed > MAX_LISTED_FILES) throw tooMany(mainFile);
      }
    });
    const sized = await concurrently(found, async ({ name, entry }) => {
      throwIfCancelled(signal);
      return await folderFile(mainFile, name, entry);
    });
    for (const file of sized) if (file !== undefined) files.push(file);
    if (files.length > MAX_LISTED_FILES) throw tooMany(mainFile);
    level = below;
  }
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A file, or a link to one that may be followed; undefined for anything else. */
async function folderFile(mainFile: string, name: string, entry: Dirent): Promise<FolderFile | undefined> {
  const file = path.join(path.dirname(mainFile), name);
  if (entry.isFile()) return { name, path: file, size: (await stat(file)).size };
  if (!entry.isSymbolicLink() || !(await stat(file).catch(() => undefined))?.isFile()) return undefined;
  const followed = await resolveSibling(mainFile, name);
  return { name, path: followed, size: (await stat(followed)).size };
}

function tooMany(mainFile: string): FormatError {
  return new FormatError({
    file: mainFile,
    reason: l10n.t('is in a folder of more than {0} files', MAX_LISTED_FILES),
    remedy: l10n.t('Open a part of it.'),
  });
}

/** Some bytes of a file in the folder. @throws {FormatError} if it cannot be read, or has become shorter */
export async function readFolderFile(
  { path: file, size }: FolderFile,
  offset: number,
  length: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const source = await FileSource.openKnown(file, size);
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
