import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { throwIfCancelled } from '../formats/errors';
import { download } from './download';
import { InstallError } from './install-error';
import type { InstallablePackage } from './native-packages';
import { unpack } from './tar';

/** Beginning of the names of the folders that an installation works in. */
const WORK = '.installing-';

/** No installation takes so long: what is older was left behind by a window that has gone. */
const LEFT_BEHIND_MS = 24 * 60 * 60 * 1000;

/** For people: what is going on. */
export type InstallProgress = (text: string) => void;

/**
 * Installs a package into the `node_modules` of a folder. All archives are downloaded and checked before the first is unpacked,
 * and an older version is replaced at the very end: what was there works until then.
 * @returns the package's folder
 * @throws {InstallError} with what can be done about it
 * @throws CancelledError
 */
export async function installPackage(
  wanted: InstallablePackage,
  folder: string,
  progress: InstallProgress,
  signal: AbortSignal,
): Promise<string> {
  throwIfCancelled(signal);
  await mkdir(folder, { recursive: true });
  await removeLeftBehind(folder);
  const work = await mkdtemp(join(folder, WORK));
  try {
    const archives = wanted.archives.map((archive, index) => ({ ...archive, file: join(work, `${index}.tgz`) }));
    for (const { file, ...archive } of archives) {
      const name = basename(new URL(archive.url).pathname);
      let shown = -1;
      const heard = (bytes: number): void => {
        const megabytes = Math.floor(bytes / 1e6);
        if (megabytes > shown) progress(l10n.t('{0}: {1} MB', name, megabytes));
        shown = megabytes;
      };
      await download(archive, file, heard, signal);
    }
    const made = join(work, 'package');
    await mkdir(made);
    progress(l10n.t('Unpacking'));
    for (const { file, maxUnpackedBytes, place } of archives) {
      await unpack({ archive: file, folder: made, maxBytes: maxUnpackedBytes, place }, signal);
    }
    throwIfCancelled(signal);
    const target = join(folder, 'node_modules', ...wanted.name.split('/'));
    await replace(target, made, join(work, 'old'));
    return target;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Puts a folder into the place of another, which is put back if that fails. */
async function replace(target: string, made: string, old: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const had = await rename(target, old).then(
    () => true,
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw inUse(target);
    },
  );
  try {
    await rename(made, target);
  } catch {
    if (had) await rename(old, target);
    throw inUse(target);
  }
}

function inUse(target: string): InstallError {
  return new InstallError(l10n.t('{0} cannot be replaced: end what is running, and try again.', target));
}

async function removeLeftBehind(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(WORK)) continue;
    const path = join(folder, name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > LEFT_BEHIND_MS) await rm(path, { recursive: true, force: true });
  }
}
