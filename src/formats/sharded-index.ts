import * as l10n from '@vscode/l10n';
import type { Checkpoint, CheckpointNote, FormatReader, OpenContext, TensorEntry } from './checkpoint';
import { FormatError } from './errors';
import { readJsonFile, type JsonCursor } from './containers/json-cursor';
import { MAX_FILES, MAX_HEADER_BYTES, MAX_NAME_LENGTH, MAX_TENSORS } from './limits';
import { pytorchReader } from './pytorch/pytorch';
import { readSafetensorsFile } from './safetensors/safetensors';
import { openSiblings } from './sibling';
import type { RandomAccessSource } from './source';

/** What messages call the parts of the index. */
const INDEX = l10n.t('the index');
const SHARD_FILE = l10n.t('the file of a tensor');

const REMEDY = l10n.t('Download the index and its parts again, from one revision of the model.');

/** What one file of a sharded model holds; extents refer to the file by its index in the checkpoint. */
interface Shard {
  readonly tensors: readonly TensorEntry[];
  readonly notes: readonly CheckpointNote[];
}

/** How the shards of one format are read. */
interface ShardFormat {
  readonly format: string;
  readonly label: string;
  /** Extension of the shards. */
  readonly extension: string;
  readShard(source: RandomAccessSource, file: number, context: OpenContext): Promise<Shard>;
}

/** A model cut into several safetensors files, through the index that says which file holds which tensor. */
export const safetensorsIndexReader = indexReader({
  format: 'safetensors',
  label: 'safetensors',
  extension: 'safetensors',
  readShard: (source, file, { signal }) => readSafetensorsFile(source, file, signal),
});

/** A model cut into several PyTorch files, through the index that Hugging Face's libraries write beside them. */
export const pytorchIndexReader = indexReader({
  format: 'pytorch',
  label: 'PyTorch',
  extension: 'bin',
  async readShard(source, file, context) {
    const { tensors, notes } = await pytorchReader.open({ ...context, source });
    return { tensors: tensors.map((tensor) => inFile(tensor, file)), notes };
  },
});

function indexReader(shards: ShardFormat): FormatReader {
  const extension = `${shards.extension}.index.json`;
  const firstShard = new RegExp(`"weight_map"\\s*:\\s*\\{\\s*"[^"]*"\\s*:\\s*"[^"]*\\.${shards.extension}"`);
  return {
    id: `${shards.format}-index`,
    extensions: [extension],
    matches(head: Uint8Array): boolean {
      const text = Buffer.from(head).toString('latin1');
      return /^\s*\{/.test(text) && firstShard.test(text);
    },
    open: (context) => openIndex(context, shards),
  };
}

async function openIndex(context: OpenContext, shards: ShardFormat): Promise<Checkpoint> {
  const { source, signal } = context;
  const weightMap = readWeightMap(await readJsonFile(source, MAX_HEADER_BYTES, REMEDY, signal));
  // The shards are numbered by name, and their numbers follow the order of the layers.
  const names = [...new Set(weightMap.values())].sort();
  if (names.length > MAX_FILES) {
    throw fail(source.path, l10n.t('names {0} files; at most {1} are read', names.length, MAX_FILES));
  }
  const sources = await openSiblings(source.path, names, (name) => context.openSibling(name));
  const read = (file: number, shard: RandomAccessSource): Promise<Shard> => shards.readShard(shard, file, context);
  const { tensors, notes } = await readShards(source.path, weightMap, names, sources, read);
  return {
    format: shards.format,
    formatLabel:
      names.length === 1 ? l10n.t('{0}, 1 shard', shards.label) : l10n.t('{0}, {1} shards', shards.label, names.length),
    files: sources.map(({ path, size }) => ({ path, size })),
    tensors,
    notes,
  };
}

function inFile(tensor: TensorEntry, file: number): TensorEntry {
  const extents = tensor.storage.extents.map((extent) => ({ ...extent, file }));
  return { ...tensor, storage: { ...tensor.storage, extents } };
}

function readWeightMap(json: JsonCursor): ReadonlyMap<string, string> {
  let weightMap: Map<string, string> | undefined;
  json.readObject(INDEX, (section, offset) => {
    if (section !== 'weight_map') {
      json.skip();
      return;
    }
    if (weightMap !== undefined) throw json.error(l10n.t('has "weight_map" twice'), offset);
    const map = new Map<string, string>();
    weightMap = map;
    json.readObject('"weight_map"', (tensor, entryOffset) => {
      const shard = json.readString(SHARD_FILE);
      if (tensor.length > MAX_NAME_LENGTH || shard.length > MAX_NAME_LENGTH) {
        throw json.error(l10n.t('has a name of more than {0} characters', MAX_NAME_LENGTH), entryOffset);
      }
      if (map.size >= MAX_TENSORS) throw json.error(l10n.t('lists more than {0} tensors', MAX_TENSORS), entryOffset);
      if (map.has(tensor)) throw json.error(l10n.t('lists the tensor {0} twice', JSON.stringify(tensor)), entryOffset);
      map.set(tensor, shard);
    });
  });
  json.end();
  if (weightMap === undefined) throw json.error(l10n.t('has no "weight_map"'), 0);
  if (weightMap.size === 0) throw json.error(l10n.t('has an empty "weight_map": there are no weights'), 0);
  return weightMap;
}

async function readShards(
  index: string,
  weightMap: ReadonlyMap<string, string>,
  shardNames: readonly string[],
  shards: readonly RandomAccessSource[],
  readShard: (file: number, shard: RandomAccessSource) => Promise<Shard>,
): Promise<{ tensors: TensorEntry[]; notes: CheckpointNote[] }> {
  const tensors: TensorEntry[] = [];
  const notes: CheckpointNote[] = [];
  const found = new Set<string>();
  // Tensors that a reader leaves out, it names in a note.
  const mentioned = new Set<string>();
  const unlisted: string[] = [];
  const repeated: string[] = [];
  for (const [file, shard] of shards.entries()) {
    const read = await readShard(file, shard);
    if (tensors.length + read.tensors.length > MAX_TENSORS) {
      throw fail(index, l10n.t('leads to more than {0} tensors', MAX_TENSORS));
    }
    notes.push(...read.notes);
    for (const name of read.notes.flatMap((note) => note.tensors ?? [])) mentioned.add(name);
    for (const tensor of read.tensors) {
      const listedIn = weightMap.get(tensor.name);
      if (found.has(tensor.name) || (listedIn !== undefined && listedIn !== shardNames[file])) {
        repeated.push(tensor.name);
        continue;
      }
      if (listedIn === undefined) unlisted.push(tensor.name);
      found.add(tensor.name);
      tensors.push(tensor);
    }
  }
  for (const [name, shardName] of weightMap) {
    if (found.has(name) || mentioned.has(name)) continue;
    const shard = shards[shardNames.indexOf(shardName)];
    throw new FormatError({
      file: shard?.path ?? index,
      tensor: name,
      reason: l10n.t('is not in this file, where the index {0} says it is', index),
      remedy: REMEDY,
    });
  }
  if (unlisted.length > 0) {
    notes.push({
      code: 'not-in-index',
      message: l10n.t('{0} tensors are in the files but not in the index; they are analyzed too.', unlisted.length),
      tensors: unlisted,
    });
  }
  if (repeated.length > 0) {
    notes.push({
      code: 'repeated-tensors',
      message: l10n.t(
        '{0} tensors are in several files; only those that the index names are analyzed.',
        repeated.length,
      ),
      tensors: repeated,
    });
  }
  return { tensors, notes };
}

function fail(file: string, reason: string): FormatError {
  return new FormatError({ file, reason, remedy: REMEDY });
}
