import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { OpenedCheckpoint } from '../formats/registry';

/** Identifies the content of a model as far as can be told without reading its weights. Hashes are SHA-256, hexadecimal. */
export interface ModelKey {
  /** Absolute path of the main file. */
  readonly path: string;
  /** Of the paths, sizes and times of change of the main file and of all files that hold weights. */
  readonly filesHash: string;
  /** Of what the header says: every tensor's name, type, shape and place. */
  readonly headerHash: string;
}

/** The key of a model that has been opened. Rejects as `stat` does if one of its files is gone. */
export async function modelKey({ checkpoint, file }: OpenedCheckpoint): Promise<ModelKey> {
  const paths = [...new Set([file, ...checkpoint.files.map(({ path }) => path)])];
  const files = await Promise.all(
    paths.map(async (path) => {
      const { size, mtimeMs } = await stat(path);
      return [path, size, mtimeMs];
    }),
  );
  const filesHash = createHash('sha256').update(JSON.stringify(files)).digest('hex');
  const hash = createHash('sha256').update(checkpoint.format);
  for (const tensor of checkpoint.tensors) hash.update(JSON.stringify(tensor));
  return { path: file, filesHash, headerHash: hash.digest('hex') };
}
