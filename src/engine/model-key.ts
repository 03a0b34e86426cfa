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
export async function modelKey(opened: OpenedCheckpoint): Promise<ModelKey> {
  const { checkpoint, file } = opened;
  const hash = createHash('sha256').update(checkpoint.format);
  for (const tensor of checkpoint.tensors) hash.update(JSON.stringify(tensor));
  return { path: file, filesHash: await filesHash(modelFiles(opened)), headerHash: hash.digest('hex') };
}

/** Absolute paths of the main file and of all files that hold weights. */
export function modelFiles({ checkpoint, file }: OpenedCheckpoint): readonly string[] {
  return [...new Set([file, ...checkpoint.files.map(({ path }) => path)])];
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
