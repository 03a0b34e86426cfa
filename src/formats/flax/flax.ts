import * as l10n from '@vscode/l10n';
import type { Checkpoint, FormatReader, OpenContext } from '../checkpoint';
import { readFlaxTree } from '../containers/flax-tree';

/**
 * Flax's msgpack files: `flax_model.msgpack` of Hugging Face, `checkpoint_123` of flax.training.checkpoints, and what
 * `flax.serialization` writes otherwise.
 */
export const flaxReader: FormatReader = {
  id: 'flax',
  extensions: ['msgpack'],
  matches(head: Uint8Array): boolean {
    return startsWithName(head) && holdsArray(head);
  },
  async open({ source, signal }: OpenContext): Promise<Checkpoint> {
    const { tensors, notes } = await readFlaxTree(source, 0, signal);
    return {
      format: 'flax',
      formatLabel: l10n.t('Flax msgpack'),
      files: [{ path: source.path, size: source.size }],
      tensors,
      notes,
    };
  },
};

/** Whether it is a map that is not empty, with a name for its first key. */
function startsWithName(head: Uint8Array): boolean {
  const [first = 0] = head;
  const map = first > 0x80 && first < 0x90 ? 1 : first === 0xde ? 3 : first === 0xdf ? 5 : 0;
  const key = head[map] ?? 0;
  return map > 0 && ((key > 0xa0 && key < 0xc0) || key === 0xd9);
}

/** Whether somewhere an extension of the types for arrays and scalars begins, with a list of three things, the first a list. */
function holdsArray(head: Uint8Array): boolean {
  for (let at = head.indexOf(0x93); at > 0; at = head.indexOf(0x93, at + 1)) {
    const type = head[at - 1];
    if ((type === 1 || type === 3) && ((head[at + 1] ?? 0) & 0xf0) === 0x90) return true;
  }
  return false;
}
