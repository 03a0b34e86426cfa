import * as l10n from '@vscode/l10n';
import type { Checkpoint, CheckpointNote } from '../checkpoint';
import { FormatError } from '../errors';
import { listed } from '../name-list';
import type { RandomAccessSource } from '../source';
import { unpickleFile, type Unpickled } from './pickle';
import { importNote } from './pickle-imports';
import { findArrays, type FoundArrays } from './pickled-arrays';

/** Names shown in a message; more add nothing. */
const MAX_NAMES = 3;

/** Whether a file begins with PROTO of protocols 2 to 5, and an instruction that pickles of containers begin with. */
export function isPickle(head: Uint8Array): boolean {
  const [proto, version = 0, next = 0] = head;
  return (
    proto === 0x80 && version >= 2 && version <= 5 && (next === 0x95 || '}]()cX'.includes(String.fromCharCode(next)))
  );
}

/** A pickle with NumPy arrays. */
export interface ArrayPickle extends FoundArrays {
  readonly pickle: Unpickled;
  readonly fail: (reason: string, tensor?: string) => FormatError;
}

/**
 * Reads a pickle and finds its arrays; their values stay in the file.
 * @param skip keys at the top that hold no weights.
 * @throws {FormatError}
 */
export async function readArrayPickle(
  source: RandomAccessSource,
  signal?: AbortSignal,
  skip?: ReadonlySet<string>,
): Promise<ArrayPickle> {
  const fail = (reason: string, tensor?: string): FormatError =>
    new FormatError({
      file: source.path,
      reason,
      tensor,
      remedy: l10n.t('The file is damaged or no model: check where it comes from, or copy or download it again.'),
    });
  const pickle = await unpickleFile(source, signal);
  return { ...findArrays(pickle.value, pickle.opcodes, fail, skip), pickle, fail };
}

/** What is to be said of every such file: what it would import, and which tensors are not read. */
export function pickleNotes({ pickle, unreadable }: ArrayPickle): CheckpointNote[] {
  const shown = unreadable.slice(0, MAX_NAMES).map(({ name, reason }) => `${name} (${reason})`);
  const left: CheckpointNote | undefined =
    unreadable.length === 0
      ? undefined
      : {
          code: 'tensors-not-read',
          message: l10n.t('These tensors are not read, and not counted: {0}.', listed(shown, unreadable.length)),
          tensors: unreadable.map(({ name }) => name),
        };
  return [importNote(pickle.globals.keys()), left].filter((note) => note !== undefined);
}

/** The files of a checkpoint that is one file. */
export function onlyFile({ path, size }: RandomAccessSource): Checkpoint['files'] {
  return [{ path, size }];
}
