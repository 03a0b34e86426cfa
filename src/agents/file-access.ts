import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';

/**
 * The absolute path that a tool's input means: itself, or relative to the first of the folders that has it (to the first
 * of all, if none does); to the working directory, if there are no folders.
 */
export async function absolutePath(input: string, folders: readonly string[]): Promise<string> {
  if (path.isAbsolute(input)) return path.normalize(input);
  const candidates = folders.map((folder) => path.resolve(folder, input));
  for (const candidate of candidates) if (await exists(candidate)) return candidate;
  return candidates[0] ?? path.resolve(input);
}

/** Whether a place is one of the folders or below one, once all symbolic links are followed. */
export async function isBelow(place: string, folders: readonly string[]): Promise<boolean> {
  const [real, ...roots] = await Promise.all([place, ...folders].map(realPath));
  return real !== undefined && roots.some((root) => contains(root, real));
}

/** Whether a model file is, and its folder too: a model's other files are looked for beside it as it is named, and as it is. */
export async function isModelBelow(file: string, folders: readonly string[]): Promise<boolean> {
  return (await isBelow(file, folders)) && (await isBelow(path.dirname(file), folders));
}

/** The real path of what exists, with the rest appended: a path must not tell outside the folders what exists. */
async function realPath(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch {
    const parent = path.dirname(file);
    return parent === file ? file : path.join(await realPath(parent), path.basename(file));
  }
}

function contains(folder: string, place: string): boolean {
  const relative = path.relative(folder, place);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
