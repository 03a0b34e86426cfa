import * as l10n from '@vscode/l10n';
import type { Checkpoint, FormatReader, OpenContext } from '../checkpoint';
import { readHdf5, type Hdf5Content } from '../containers/hdf5/hdf5';
import { readJsonFile, type JsonCursor } from '../containers/json-cursor';
import { FormatError } from '../errors';
import { MAX_FILES, MAX_HEADER_BYTES, MAX_NAME_LENGTH } from '../limits';
import { openSiblings } from '../sibling';
import { assemble, wantsAttribute } from './keras-tensors';

const INDEX = l10n.t('the index');
const SHARD_FILE = l10n.t('the file of a layer');
const REMEDY = l10n.t('Copy or download the index and all its weight files again.');

/** Weights that Keras 3 has cut into several files (`save_weights(…, max_shard_size=…)`), through their index. */
export const kerasShardsReader: FormatReader = {
  id: 'keras-shards',
  extensions: ['weights.json'],
  matches(head: Uint8Array): boolean {
    const text = Buffer.from(head).toString('latin1');
    return /^\s*\{/.test(text) && /"weight_map"\s*:\s*\{\s*"[^"]*"\s*:\s*\[?\s*"[^"]*\.weights\.h5"/.test(text);
  },
  async open(context: OpenContext): Promise<Checkpoint> {
    const { source, signal } = context;
    const names = readFileNames(await readJsonFile(source, MAX_HEADER_BYTES, REMEDY, signal));
    const shards = await openSiblings(source.path, names, (name) => context.openSibling(name));
    const contents: Hdf5Content[] = [];
    for (const [file, shard] of shards.entries()) {
      contents.push(await readHdf5(shard, { signal, file, wants: wantsAttribute }));
    }
    const { tensors, notes } = assemble(joined(contents, source.path), undefined, source.path);
    return {
      format: 'keras',
      formatLabel: shards.length === 1 ? l10n.t('Keras 3, 1 shard') : l10n.t('Keras 3, {0} shards', shards.length),
      files: shards.map(({ path, size }) => ({ path, size })),
      tensors,
      notes,
    };
  },
};

/** The files that the index names, in order. */
function readFileNames(json: JsonCursor): string[] {
  const names = new Set<string>();
  const readName = (): void => {
    const name = json.readString(SHARD_FILE);
    if (name.length > MAX_NAME_LENGTH) {
      throw json.error(l10n.t('has a name of more than {0} characters', MAX_NAME_LENGTH));
    }
    names.add(name);
    if (names.size > MAX_FILES) throw json.error(l10n.t('names more than {0} files', MAX_FILES));
  };
  json.readObject(INDEX, (section) => {
    if (section !== 'weight_map') {
      json.skip();
      return;
    }
    json.readObject('"weight_map"', () => {
      if (json.peek() === 'array') json.readArray(SHARD_FILE, readName);
      else readName();
    });
  });
  json.end();
  if (names.size === 0) throw json.error(l10n.t('has no "weight_map"'), 0);
  return [...names].sort();
}

/** A layer may be cut too: then its group is in several files, each with some of its variables. */
function joined(contents: readonly Hdf5Content[], file: string): Hdf5Content {
  const groups = new Map(contents.flatMap((content) => [...content.groups]));
  const datasets = contents.flatMap((content) => content.datasets);
  const paths = new Set<string>();
  for (const { path } of datasets) {
    if (paths.has(path)) {
      throw new FormatError({ file, tensor: path, reason: l10n.t('is in several files'), remedy: REMEDY });
    }
    paths.add(path);
  }
  return {
    groups,
    datasets,
    refused: contents.flatMap((content) => content.refused),
    aliases: contents.flatMap((content) => content.aliases),
    links: contents.flatMap((content) => content.links),
  };
}
