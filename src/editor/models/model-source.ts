import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { FileType, l10n, Uri, workspace } from 'vscode';
import { FormatError } from '../../formats/errors';
import { formatBytes } from '../../report/format';
import { filesBelow, isFolder } from './folder-files';

/**
 * File systems that are not of this machine hand out whole files only, through the memory of the extension host: more
 * would endanger the editor.
 */
export const MAX_COPIED_BYTES = 256 * 1024 * 1024;

/** The same of a model that is a folder: each file is asked for by itself. */
const MAX_COPIED_FILES = 1_000;

/** A zarr store may have a file a chunk: so many are looked at for changes, and the others are taken to be the same. */
const MAX_COMPARED_FILES = 5_000;

/** Files in whose place others are read: a change of theirs is a change of the model. */
const INDEX_FILE = /\.json$/i;
const WEIGHT_FILE = /\.(safetensors|bin)$/i;

/** Where the engine finds a model. */
export interface LocalModel {
  /** Absolute path of the file or folder to read. */
  readonly path: string;
  /** A copy lives as long as this object does. */
  readonly isCopy: boolean;
  dispose(): Promise<void>;
}

/** Whether a change of `file` (in the folder of the model, or in that which is the model) may be a change of the model. */
export function belongsToModel(model: Uri, file: Uri): boolean {
  return (
    file.path === model.path ||
    file.path.startsWith(`${model.path}/`) ||
    (INDEX_FILE.test(model.path) && WEIGHT_FILE.test(file.path))
  );
}

/** How a model is called where a path is shown: its path on this machine, else its URI. */
export function displayPath(uri: Uri): string {
  return uri.scheme === 'file' ? uri.fsPath : uri.with({ query: '', fragment: '' }).toString(true);
}

/**
 * Makes a model readable by the engine, which knows only this machine's files: others (of virtual workspaces, of Git's
 * history) are copied to a temporary folder, if they have no more than {@link MAX_COPIED_BYTES}.
 * @throws {FormatError}
 */
export async function localModel(uri: Uri): Promise<LocalModel> {
  if (uri.scheme === 'file') return { path: uri.fsPath, isCopy: false, dispose: () => Promise.resolve() };
  const parts = await partsOf(uri);
  const bytes = parts.reduce((sum, { size }) => sum + size, 0);
  if (bytes > MAX_COPIED_BYTES) {
    throw new FormatError({
      file: displayPath(uri),
      reason: l10n.t(
        'has {0}; from a file system of the kind "{1}" only whole files can be read, and no more than {2}',
        formatBytes(bytes),
        uri.scheme,
        formatBytes(MAX_COPIED_BYTES),
      ),
      remedy: l10n.t('Copy the model to this machine, and open it there.'),
    });
  }
  const folder = await mkdtemp(join(tmpdir(), 'prunability-'));
  try {
    for (const { uri: part, name } of parts) await copy(part, join(folder, ...name.split('/')));
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    path: join(folder, basename(uri.path)),
    isCopy: true,
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}

async function copy(from: Uri, to: string): Promise<void> {
  const bytes = await workspace.fs.readFile(from);
  // What a file system says of a file's size need not be true.
  if (bytes.byteLength > MAX_COPIED_BYTES) {
    throw new FormatError({
      file: displayPath(from),
      reason: l10n.t('has {0}, more than it was said to have', formatBytes(bytes.byteLength)),
      remedy: l10n.t('Copy the model to this machine, and open it there.'),
    });
  }
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, bytes);
}

/** What has to be copied, each with its place in the folder of the copy: a folder keeps its name. */
async function partsOf(uri: Uri): Promise<{ uri: Uri; name: string; size: number }[]> {
  if (await isFolder(uri)) {
    const files = await filesBelow(uri, MAX_COPIED_FILES + 1);
    if (files.length > MAX_COPIED_FILES) {
      throw new FormatError({
        file: displayPath(uri),
        reason: l10n.t(
          'has more than {0} files; from a file system of the kind "{1}" no more are read',
          MAX_COPIED_FILES,
          uri.scheme,
        ),
        remedy: l10n.t('Copy the model to this machine, and open it there.'),
      });
    }
    return files.map((file) => ({ ...file, name: `${basename(uri.path)}/${file.name}` }));
  }
  const files = [uri, ...(await shardsOf(uri))];
  return Promise.all(
    files.map(async (file) => ({ uri: file, name: basename(file.path), size: (await fileStat(file)).size })),
  );
}

/** All that may hold the weights of an index: what lies beside it. */
async function shardsOf(uri: Uri): Promise<Uri[]> {
  if (!INDEX_FILE.test(uri.path)) return [];
  const folder = uri.with({ path: dirname(uri.path) });
  const entries = await workspace.fs.readDirectory(folder);
  return entries
    .filter(([name, type]) => type === FileType.File && WEIGHT_FILE.test(name))
    .map(([name]) => Uri.joinPath(folder, name));
}

async function fileStat(uri: Uri): Promise<{ size: number; mtime: number }> {
  try {
    return await workspace.fs.stat(uri);
  } catch (error) {
    throw new FormatError({
      file: displayPath(uri),
      reason: l10n.t('cannot be found ({0})', (error as Error).message),
      remedy: l10n.t('Check that it still exists.'),
    });
  }
}

/** Identifies a version of a file or folder: what a reader has chosen is restored only for the same one. */
export async function fileVersion(uri: Uri): Promise<string> {
  try {
    if (await isFolder(uri)) {
      const hash = createHash('sha256');
      for (const { name, size, modified } of await filesBelow(uri, MAX_COMPARED_FILES))
        hash.update(JSON.stringify([name, size, modified]));
      return `${uri.toString()}|${hash.digest('hex')}`;
    }
    const { size, mtime } = await workspace.fs.stat(uri);
    return `${uri.toString()}|${size}|${mtime}`;
  } catch {
    return `${uri.toString()}|absent`;
  }
}
