import { readFolderFile, type FolderFile } from '../folder';
import type { StoredValue, ZarrStore } from './zarr-arrays';

/**
 * A zarr hierarchy whose keys are files.
 * @param prefix of the files' names, which keys do not have
 */
export function zarrFolder(
  path: string,
  files: readonly FolderFile[],
  prefix: string,
  signal?: AbortSignal,
): ZarrStore {
  const values = new Map<string, StoredValue>();
  for (const [file, { name, size }] of files.entries()) {
    if (name.startsWith(prefix)) values.set(name.slice(prefix.length), { file, offset: 0, length: size });
  }
  return {
    path,
    values,
    read: async (value, offset, length) => {
      if (value instanceof Uint8Array) return value.subarray(offset, offset + length);
      const file = files[value.file];
      if (file === undefined) return new Uint8Array(0);
      return await readFolderFile(file, value.offset + offset, length, signal);
    },
  };
}
