import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';

/** A folder that may be a package with native code, or have it in its `node_modules`. */
export interface PackagePlace {
  readonly folder: string;
  /** Native code may do everything that its user may: what comes with a workspace is run only if the workspace is trusted. */
  readonly trusted: boolean;
}

/** A package that is there. */
export interface NativePackage {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
}

/** The backend needs a package that is nowhere: nothing that somebody has to be told who has not asked for it. */
export class NotInstalledError extends Error {
  override readonly name = 'NotInstalledError';
}

/**
 * Runs a package where its end is not that of this process: native code that does not fit the computer may end it.
 * @throws Error for people, if it has ended that process
 */
export type PackageTrial = (found: NativePackage) => Promise<void> | undefined;

/**
 * Uses the first of the packages that can be used, in the order of the places.
 * @param tryFirst is run before the package is; nothing is if not given
 * @throws {NotInstalledError} if there is none of them
 * @throws Error for people, with what is wrong with each that was found
 */
export async function useFirst<Result>(
  names: readonly string[],
  places: readonly PackagePlace[],
  use: (found: NativePackage) => Promise<Result> | Result,
  tryFirst?: PackageTrial,
): Promise<Result> {
  const refused: string[] = [];
  for (const place of places) {
    for (const found of await packagesAt(place, names)) {
      try {
        if (!place.trusted) throw new Error(l10n.t('the workspace is not trusted'));
        await tryFirst?.(found);
        return await use(found);
      } catch (error) {
        const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
        refused.push(`${found.folder}: ${reason}`);
      }
    }
  }
  if (refused.length > 0) throw new Error(refused.join(', '));
  throw new NotInstalledError(l10n.t('{0} is not installed', names.join(', ')));
}

async function packagesAt({ folder }: PackagePlace, names: readonly string[]): Promise<NativePackage[]> {
  const found: NativePackage[] = [];
  for (const name of names) {
    for (const candidate of [folder, join(folder, 'node_modules', ...name.split('/'))]) {
      const manifest = await manifestOf(candidate);
      if (manifest?.name !== name) continue;
      found.push({ name, version: String(manifest.version), folder: candidate });
    }
  }
  return found;
}

async function manifestOf(
  folder: string,
): Promise<{ readonly name?: unknown; readonly version?: unknown } | undefined> {
  try {
    const manifest: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    return typeof manifest === 'object' && manifest !== null ? manifest : undefined;
  } catch {
    return undefined;
  }
}
