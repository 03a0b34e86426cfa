import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';

/** Files of this process that are being written end so; one that stays behind is of a process that was killed. */
export const TEMPORARY_EXTENSION = '.tmp';

/**
 * Writes a file beside its target and renames it: what stood there stays whole until the new content is.
 * @throws {NodeJS.ErrnoException} if it cannot be written; the target is as it was then, and nothing is left beside it
 */
export async function writeAtomically(target: string, content: string | Uint8Array): Promise<void> {
  // A name that nobody else has: what is removed after a failure must be ours.
  const temporary = `${target}.${randomUUID()}${TEMPORARY_EXTENSION}`;
  try {
    await writeFile(temporary, content, { flag: 'wx' });
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
