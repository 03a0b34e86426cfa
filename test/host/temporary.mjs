/** Folders that tests make and remove. */

import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Copies a folder so that tests may write into their workspace.
 * @param {string} source
 * @returns {Promise<{ folder: string, dispose(): Promise<void> }>}
 */
export async function copyWorkspace(source) {
  const parent = await mkdtemp(join(tmpdir(), 'prunability-workspace-'));
  const folder = join(parent, 'workspace');
  await cp(source, folder, { recursive: true });
  return { folder, dispose: () => removeDirectory(parent) };
}

/** @param {string} directory @returns {Promise<void>} */
export async function removeDirectory(directory) {
  // Retries: a process that is just ending may still write a last log line.
  await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
