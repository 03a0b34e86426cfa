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
    const text = Buffer.from(head).toString('latin1');
    // A map that is not empty with a name for its first key; and somewhere an array or a NumPy scalar: an extension that
    // holds a list of three things.
    return (
      /^(?:[\x81-\x8f]|\xde[^]{2}|\xdf[^]{4})(?:[\xa1-\xbf]|\xd9)/.test(text) &&
      /(?:\xc7[^]|\xc8[^]{2}|\xc9[^]{4}|[\xd4-\xd8])[\x01\x03]\x93[\x90-\x9f]/.test(text)
    );
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
