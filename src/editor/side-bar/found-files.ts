import { posix } from 'node:path';
import { FileType, RelativePattern, workspace, type FileStat, type Uri, type WorkspaceFolder } from 'vscode';
import type { CatalogFile } from '../../catalog/entries';
import { markerKind } from '../../catalog/folder-markers';
import { CATALOG_GLOB, EXCLUDED_GLOB, isModelPart, modelPathCertainty } from '../../catalog/model-names';

/** More files make a list that nobody reads, and their states cost memory; the folder opened is then the wrong one. */
export const MAX_FILES = 50_000;

/** Requests to the file system at a time: enough to keep a remote disk busy, few enough to leave it to others too. */
export const STATS_AT_ONCE = 32;

/** A file that the search has found. */
export interface FoundFile extends CatalogFile {
  readonly uri: Uri;
  readonly folder: WorkspaceFolder;
  /** Whether it is listed: a model by its name, or by its content as far as that is known. */
  readable: boolean;
  /** Of a file whose name does not tell: whether its content was looked at, in its present size and time. */
  sniffed: 'no' | 'now' | 'yes';
}

/** Whether a file would open a folder as a model, and was found not to. */
export function isRefuted({ path, readable, sniffed }: FoundFile): boolean {
  return !readable && sniffed === 'yes' && markerKind(path) !== undefined;
}

/** The file as the disk has it; undefined if it is none, is gone, or is outside of the workspace. */
export async function findFile(uri: Uri): Promise<FoundFile | undefined> {
  const folder = workspace.getWorkspaceFolder(uri);
  const stat = await statOf(uri);
  if (folder === undefined || stat === undefined || (stat.type & FileType.File) === 0) return undefined;
  const certain = isModelPart(posix.basename(uri.path)) || modelPathCertainty(uri.path) === 'model';
  return {
    uri,
    folder,
    path: uri.path.slice(folder.uri.path.replace(/\/$/, '').length + 1),
    size: stat.size,
    modified: stat.mtime,
    readable: certain,
    sniffed: certain ? 'yes' : 'no',
  };
}

/** What new folders have brought with them. Paths that are no folders are passed over. */
export async function modelsBelow(uris: readonly Uri[]): Promise<Uri[]> {
  const found = await Promise.all(
    uris.map(async (uri) => {
      const stat = await statOf(uri);
      if (stat === undefined || (stat.type & FileType.Directory) === 0) return [];
      return workspace.findFiles(new RelativePattern(uri, CATALOG_GLOB), EXCLUDED_GLOB, MAX_FILES);
    }),
  );
  return found.flat();
}

export async function exists(uri: Uri): Promise<boolean> {
  return (await statOf(uri)) !== undefined;
}

async function statOf(uri: Uri): Promise<FileStat | undefined> {
  try {
    return await workspace.fs.stat(uri);
  } catch {
    // Gone since it was told of, or not ours to see: either way there is nothing to list.
    return undefined;
  }
}

/** Does something with each item, for so many at a time. */
export async function each<T>(items: readonly T[], atOnce: number, task: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await task(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
