import { stat } from 'node:fs/promises';

/** Size and time of change of each file or folder. */
export async function fileVersions(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const versions = await Promise.all([...new Set(paths)].map(async (path) => [path, await version(path)] as const));
  return new Map(versions);
}

/** Those of the files that are not as they were, or are gone. */
export async function changedFiles(versions: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const now = await fileVersions([...versions.keys()]);
  return [...versions].flatMap(([path, before]) => (now.get(path) === before ? [] : [path]));
}

async function version(path: string): Promise<string> {
  const stats = await stat(path).catch(() => undefined);
  return stats === undefined ? '' : `${stats.size} ${stats.mtimeMs}`;
}
