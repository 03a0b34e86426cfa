import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { FileType, l10n, Uri, workspace } from 'vscode';
import { FormatError } from '../../formats/errors';
import { formatBytes } from '../../report/format';

/**
 * File systems that are not of this machine hand out whole files only, through the memory of the extension host: more
 * would endanger the editor.
 */
export const MAX_COPIED_BYTES = 256 * 1024 * 1024;

/** Files in whose place others are read: a change of theirs is a change of the model. */
const INDEX_FILE = /\.json$/i;
const WEIGHT_FILE = /\.(safetensors|bin)$/i;

/** Where the engine finds a model. */
export interface LocalModel {
  /** Absolute path of the file to read. */
  readonly path: string;
  /** A copy lives as long as this object does. */
  readonly isCopy: boolean;
  dispose(): Promise<void>;
}

/** Whether a change of `file` (in the model's folder) may be a change of the model. */
export function belongsToModel(model: Uri, file: Uri): boolean {
  return file.path === model.path || (INDEX_FILE.test(model.path) && WEIGHT_FILE.test(file.path));
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
  const parts = [uri, ...(await shardsOf(uri))];
  const stats = await Promise.all(parts.map((part) => fileStat(part)));
  const bytes = stats.reduce((sum, { size }) => sum + size, 0);
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
    for (const part of parts) await copy(part, join(folder, basename(part.path)));
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
  await writeFile(to, bytes);
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

/** Identifies a version of a file: what a reader has chosen is restored only for the same one. */
export async function fileVersion(uri: Uri): Promise<string> {
  try {
    const { size, mtime } = await workspace.fs.stat(uri);
    return `${uri.toString()}|${size}|${mtime}`;
  } catch {
    return `${uri.toString()}|absent`;
  }
}
