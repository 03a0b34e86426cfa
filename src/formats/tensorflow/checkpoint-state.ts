import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { OpenContext } from '../checkpoint';
import { FormatError } from '../errors';

/** The file names one path a checkpoint, and training keeps a handful: those of real runs have under 10 KB. */
const MAX_STATE_BYTES = 1_000_000;

/** Whether a file is the `checkpoint` file that TensorFlow writes into the folder of its checkpoints. */
export function isCheckpointState(head: Uint8Array): boolean {
  return /^\s*(?:all_)?model_checkpoint_paths?\s*:\s*"/.test(Buffer.from(head).toString('latin1'));
}

/**
 * Name of the latest checkpoint of a folder, relative to it, from the text form of `CheckpointState`.
 * @throws {FormatError} if there is none
 */
export async function latestCheckpoint({ source, signal }: OpenContext): Promise<string> {
  const bytes = await source.read(0, Math.min(source.size, MAX_STATE_BYTES), signal);
  const text = Buffer.from(bytes).toString('utf8');
  const quoted = /^[ \t]*model_checkpoint_path[ \t]*:[ \t]*"((?:[^"\\\n]|\\.)*)"/m.exec(text)?.[1];
  if (quoted === undefined) {
    throw new FormatError({
      file: source.path,
      reason: l10n.t('names no checkpoint'),
      remedy: l10n.t('Open the .index file of a checkpoint.'),
    });
  }
  const name = quoted.replaceAll(/\\(["'\\])/g, '$1');
  // An absolute path is where the checkpoint was written; a copy lies beside this file.
  return path.posix.isAbsolute(name) || path.win32.isAbsolute(name) ? path.win32.basename(name) : name;
}
