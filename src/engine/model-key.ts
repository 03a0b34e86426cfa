import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { OpenedWithOptimizer } from './optimizer-beside';

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
export async function modelKey(opened: OpenedWithOptimizer): Promise<ModelKey> {
  const { checkpoint, file, lookedInto } = opened;
  const hash = createHash('sha256').update(checkpoint.format);
  for (const tensor of checkpoint.tensors) hash.update(JSON.stringify(tensor));
  // Whether optimiser state beside the weights is of use depends on what else is in the folder: the notes say.
  if (lookedInto !== undefined) hash.update(JSON.stringify(checkpoint.notes));
  return { path: file, filesHash: await filesHash(modelFiles(opened)), headerHash: hash.digest('hex') };
}

/** Absolute paths of the main file, of all files that hold weights, and of that which was looked into for optimiser state. */
export function modelFiles({ checkpoint, file, lookedInto = file }: OpenedWithOptimizer): readonly string[] {
  return [...new Set([file, ...checkpoint.files.map(({ path }) => path), lookedInto])];
}

/** SHA-256, hexadecimal, of the files' paths, sizes and times of change. Rejects as `stat` does if one is gone. */
export async function filesHash(paths: readonly string[]): Promise<string> {
  const files = await Promise.all(
    paths.map(async (path) => {
      const { size, mtimeMs } = await stat(path);
      return [path, size, mtimeMs];
    }),
  );
  return createHash('sha256').update(JSON.stringify(files)).digest('hex');
}
