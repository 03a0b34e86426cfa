import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { FormatError } from './errors';
import { MAX_FILES } from './limits';
import { listed } from './name-list';
import { FileSource, type RandomAccessSource } from './source';

/** A file that a model names and that is not there; readers collect these to name all that are missing at once. */
export class MissingSiblingError extends FormatError {
  constructor(
    mainFile: string,
    readonly siblingName: string,
  ) {
    super(missing(mainFile, [siblingName]));
  }
}

/**
 * Path of another file of the same model, which the model's main file names.
 *
 * A model from a stranger may name any file, so only those are followed that lie with the model: the name is relative,
 * with forward slashes, no `..`, no NUL, no drive or URL; and where symbolic links lead, the real file is below the
 * model's folder or below the real folder of the main file. The second covers the cache of Hugging Face, where
 * `snapshots/<revision>/model.safetensors` and its siblings are links to `blobs/<hash>`: the person who opened the
 * main file chose to follow that link, and its siblings may go to the same place but nowhere else.
 *
 * @throws {MissingSiblingError} if it does not exist
 * @throws {FormatError} if the name leaves the folder
 */
export async function resolveSibling(mainFile: string, name: string): Promise<string> {
  const objection = objectionToName(name);
  if (objection !== undefined) throw outside(mainFile, objection);
  const folder = path.dirname(mainFile);
  const candidate = path.join(folder, ...name.split('/'));
  let real: string;
  let folders: string[];
  try {
    // A model that is a folder as a whole has no main file.
    const main = await realpath(mainFile).catch(() => mainFile);
    folders = [await realpath(folder), path.dirname(main)];
    real = await realpath(candidate);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new MissingSiblingError(mainFile, name);
    throw outside(
      mainFile,
      l10n.t('names the file {0}, which cannot be followed ({1})', quote(name), code ?? String(error)),
    );
  }
  if (!folders.some((allowed) => isBelow(real, allowed))) {
    throw outside(
      mainFile,
      l10n.t('names the file {0}, which is a link that leads out of the folder of the model', quote(name)),
    );
  }
  // A named pipe would block for ever once it is opened.
  if (!(await stat(real)).isFile()) {
    throw outside(mainFile, l10n.t('names the file {0}, which is not a regular file', quote(name)));
  }
  return candidate;
}

/** The sibling files of one model: opens them, each once, and closes them together. */
export class SiblingFiles {
  private readonly sources = new Map<string, FileSource>();

  constructor(private readonly mainFile: string) {}

  /** See `OpenContext.openSibling`. */
  async open(name: string): Promise<RandomAccessSource> {
    const file = await resolveSibling(this.mainFile, name);
    const known = this.sources.get(file);
    if (known !== undefined) return known;
    if (this.sources.size >= MAX_FILES) {
      throw new FormatError({
        file: this.mainFile,
        reason: l10n.t('names more than {0} files', MAX_FILES),
        remedy: l10n.t('Check where the file comes from.'),
      });
    }
    const source = await FileSource.open(file);
    this.sources.set(file, source);
    return source;
  }

  async close(): Promise<void> {
    await Promise.all([...this.sources.values()].map((source) => source.close()));
    this.sources.clear();
  }
}

/**
 * Opens all the files that a model names, in the given order.
 * @throws {FormatError} which names the first of those that are missing
 */
export async function openSiblings(
  mainFile: string,
  names: readonly string[],
  open: (name: string) => Promise<RandomAccessSource>,
): Promise<RandomAccessSource[]> {
  if (names.length > MAX_FILES) {
    throw new FormatError({
      file: mainFile,
      reason: l10n.t('names {0} files; at most {1} are opened', names.length, MAX_FILES),
      remedy: l10n.t('Check where the file comes from.'),
    });
  }
  const sources: RandomAccessSource[] = [];
  const absent: string[] = [];
  for (const name of names) {
    try {
      sources.push(await open(name));
    } catch (error) {
      if (!(error instanceof MissingSiblingError)) throw error;
      absent.push(name);
    }
  }
  if (absent.length > 0) throw new FormatError(missing(mainFile, absent));
  return sources;
}

function missing(mainFile: string, names: readonly string[]): ConstructorParameters<typeof FormatError>[0] {
  const shown = listed(
    names.slice(0, 3).map((name) => l10n.t('"{0}"', name)),
    names.length,
  );
  const folder = path.dirname(mainFile);
  return names.length === 1
    ? {
        file: mainFile,
        reason: l10n.t('names {0}, which is not in its folder', shown),
        remedy: l10n.t('Copy or download the missing file into {0}.', folder),
      }
    : {
        file: mainFile,
        reason: l10n.t('names {0}, which are not in its folder', shown),
        remedy: l10n.t('Copy or download the missing files into {0}.', folder),
      };
}

function objectionToName(name: string): string | undefined {
  if (name === '') return l10n.t('names the file {0}, which is empty', quote(name));
  if (name.includes('\0')) return l10n.t('names the file {0}, which contains a NUL character', quote(name));
  if (name.includes('\\')) return l10n.t('names the file {0}, which contains a backslash', quote(name));
  if (/^[a-z][a-z0-9+.-]*:/i.test(name)) {
    return l10n.t('names the file {0}, which is a URL or has a drive letter; nothing is downloaded', quote(name));
  }
  if (name.startsWith('/') || path.isAbsolute(name)) {
    return l10n.t('names the file {0}, which is an absolute path', quote(name));
  }
  if (name.split('/').includes('..')) {
    return l10n.t('names the file {0}, which leads out of the folder of the model', quote(name));
  }
  return undefined;
}

function quote(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}

function outside(mainFile: string, reason: string): FormatError {
  return new FormatError({
    file: mainFile,
    reason,
    remedy: l10n.t(
      'Only files beside the model are read: put them into its folder, or check where the file comes from.',
    ),
  });
}

function isBelow(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '' && relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}
