import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { Checkpoint, FormatReader, OpenContext } from '../checkpoint';
import { FormatError } from '../errors';
import { MissingSiblingError } from '../sibling';
import type { RandomAccessSource } from '../source';
import { readBundle } from './bundle';
import { isCheckpointState, latestCheckpoint } from './checkpoint-state';
import { startsAsIndex } from './starts';

const INDEX_EXTENSION = /\.index$/i;

/** A checkpoint of TensorFlow (`model.ckpt-1.index` and its `.data-…`), also through the file `checkpoint` beside it. */
export const tensorflowCheckpointReader: FormatReader = {
  id: 'tensorflow-checkpoint',
  extensions: ['index'],
  matches(head: Uint8Array): boolean {
    return isCheckpointState(head) || startsAsIndex(head);
  },
  async open(context: OpenContext): Promise<Checkpoint> {
    const { source, signal } = context;
    if (isCheckpointState(await source.read(0, Math.min(source.size, 256), signal))) {
      const name = await latestCheckpoint(context);
      return await openCheckpoint(context, await indexOf(context, name), name);
    }
    if (!INDEX_EXTENSION.test(source.path)) {
      throw new FormatError({
        file: source.path,
        reason: l10n.t('is the index of a TensorFlow checkpoint under another name'),
        remedy: l10n.t('Name it as its .data files are, with the extension .index.'),
      });
    }
    return await openCheckpoint(context, source, path.basename(source.path).replace(INDEX_EXTENSION, ''));
  },
};

async function openCheckpoint(context: OpenContext, index: RandomAccessSource, prefix: string): Promise<Checkpoint> {
  const bundle = await readBundle(context, index, prefix);
  const shards = bundle.files.length;
  return {
    format: 'tensorflow-checkpoint',
    formatLabel: shards > 1 ? l10n.t('TensorFlow checkpoint, {0} shards', shards) : l10n.t('TensorFlow checkpoint'),
    ...bundle,
  };
}

async function indexOf(context: OpenContext, name: string): Promise<RandomAccessSource> {
  try {
    return await context.openSibling(`${name}.index`);
  } catch (error) {
    if (!(error instanceof MissingSiblingError)) throw error;
    throw new FormatError({
      file: context.source.path,
      reason: l10n.t('names the checkpoint {0}, whose .index is not in its folder', JSON.stringify(name)),
      remedy: l10n.t('Open the .index file of a checkpoint that is there.'),
    });
  }
}
