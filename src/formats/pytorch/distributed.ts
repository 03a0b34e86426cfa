import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { Checkpoint, FormatReader, OpenContext, TensorEntry } from '../checkpoint';
import { FormatError } from '../errors';
import { MAX_HEADER_BYTES } from '../limits';
import { MissingSiblingError, openSiblings } from '../sibling';
import type { RandomAccessSource } from '../source';
import type { Tile, TensorStorage } from '../storage';
import { unpickle, type Unpickled } from '../containers/pickle';
import { PickleCall, PickleGlobal, type PickleDict, type PickleValue } from '../containers/pickle-values';
import { openItems, type TorchItem } from './distributed-items';
import {
  isDistributedMetadata,
  readDistributedMetadata,
  type DistributedTensor,
  type StoredChunk,
} from './distributed-metadata';
import { importNote } from '../containers/pickle-imports';
import { checkWeights, copiesNote, unreadableNote } from './pytorch-notes';
import { rebuildTensor } from './pytorch-rebuild';
import { nameTensors, type NamedTensors } from './pytorch-sections';
import { walkContext } from './pytorch-walk';
import { storageOf } from './tensor-storage';
import type { TensorView } from './tensor-view';

const METADATA_FILE = '.metadata';

const REMEDY = l10n.t('Copy or download the whole folder of the checkpoint again.');

/**
 * A distributed checkpoint of PyTorch (`torch.distributed.checkpoint`; FSDP and Accelerate write it too): a folder with
 * `.metadata`, a pickle that says which boxes of which tensors are stored where, and files `__0_0.distcp` … of what
 * `torch.save` writes for each box, one after the other.
 */
export const distributedReader: FormatReader = {
  id: 'pytorch-distributed',
  extensions: ['distcp', 'metadata'],

  matches(head: Uint8Array, { path: file }: RandomAccessSource): boolean {
    const name = path.basename(file).toLowerCase();
    if (name.endsWith('.distcp')) return true;
    return name === METADATA_FILE && head[0] === 0x80 && Buffer.from(head).includes('torch.distributed.checkpoint');
  },

  async open(context: OpenContext): Promise<Checkpoint> {
    const metadata = path.basename(context.source.path).toLowerCase().endsWith('.distcp')
      ? await openMetadata(context)
      : context.source;
    return await openDistributed(metadata, context);
  },
};

async function openMetadata(context: OpenContext): Promise<RandomAccessSource> {
  try {
    return await context.openSibling(METADATA_FILE);
  } catch (error) {
    if (!(error instanceof MissingSiblingError)) throw error;
    throw new FormatError({
      file: context.source.path,
      reason: l10n.t(
        'is a part of a distributed checkpoint, and the file .metadata, which says what is in it, is missing',
      ),
      remedy: REMEDY,
    });
  }
}

async function openDistributed(metadata: RandomAccessSource, context: OpenContext): Promise<Checkpoint> {
  const { signal } = context;
  const fail = (reason: string, tensor?: string): FormatError =>
    new FormatError({ file: metadata.path, reason, tensor, remedy: REMEDY });
  if (metadata.size > MAX_HEADER_BYTES) {
    throw fail(l10n.t('has a pickle of more than the {0} bytes that are read', MAX_HEADER_BYTES));
  }
  const bytes = await metadata.read(0, metadata.size, signal);
  const pickle = unpickle(bytes, { file: metadata.path, fileOffset: 0 });
  if (!isDistributedMetadata(pickle.value)) throw fail(l10n.t('is not the metadata of a distributed checkpoint'));
  const { tensors, unreadable } = readDistributedMetadata(pickle.value, fail);
  const named = nameAll(tensors, pickle, fail);
  checkWeights(metadata, { tensors: named.tensors, unreadable });
  const files = [...new Set(tensors.flatMap(({ chunks }) => chunks.map(({ file }) => file)))].sort();
  const sources = await openSiblings(metadata.path, files, (name) => context.openSibling(name));
  const items = await openAllItems(tensors, files, sources, signal);
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const entries = named.tensors.map(({ name, role, view }): TensorEntry => {
    const tensor = byName.get(view.storage.key);
    if (tensor === undefined) throw fail(l10n.t('has a malformed chunk'), name);
    const { dtype, shape, count } = tensor;
    return { name, dtype, shape, count, role, storage: placeTensor(tensor, items, fail) };
  });
  return {
    format: 'pytorch',
    formatLabel:
      files.length === 1
        ? l10n.t('PyTorch distributed checkpoint, 1 file')
        : l10n.t('PyTorch distributed checkpoint, {0} files', files.length),
    files: sources.map(({ path: file, size }) => ({ path: file, size })),
    tensors: entries,
    notes: [importNote(pickle.globals.keys()), copiesNote(named), unreadableNote({ unreadable })].filter(
      (note) => note !== undefined,
    ),
  };
}

/**
 * Gives names and roles as those of one file with the dict that was saved: the flattened dict is put together again,
 * with a stand-in for each tensor.
 */
function nameAll(
  tensors: readonly DistributedTensor[],
  pickle: Unpickled,
  fail: (reason: string, tensor?: string) => FormatError,
): NamedTensors {
  const context = walkContext(pickle.opcodes, fail);
  const standIn = new PickleGlobal('', '');
  const root: PickleDict = new Map();
  for (const { name, path: keys, dtype, shape, count } of tensors) {
    const leaf = new PickleCall(standIn, []);
    const storage = { key: name, dtype, count, byteOffset: 0 };
    context.rebuilt.set(leaf, {
      kind: 'tensor',
      view: { storage, dtype, byteOffset: 0, shape, strides: shape.map(() => 0), count },
    });
    insert(root, keys, leaf, name);
  }
  return nameTensors(root, context);
}

function insert(root: PickleDict, keys: readonly PickleValue[], leaf: PickleCall, name: string): void {
  let dict = root;
  for (const key of keys.slice(0, -1)) {
    const inner = dict.get(key);
    if (inner instanceof Map) {
      dict = inner;
      continue;
    }
    if (inner !== undefined) {
      root.set(name, leaf);
      return;
    }
    const made: PickleDict = new Map();
    dict.set(key, made);
    dict = made;
  }
  const last = keys.at(-1) ?? name;
  if (dict.has(last)) root.set(name, leaf);
  else dict.set(last, leaf);
}

type Items = ReadonlyMap<StoredChunk, TorchItem>;

async function openAllItems(
  tensors: readonly DistributedTensor[],
  files: readonly string[],
  sources: readonly RandomAccessSource[],
  signal: AbortSignal | undefined,
): Promise<Items> {
  const byFile = new Map<string, StoredChunk[]>(files.map((file) => [file, []]));
  for (const { count, chunks } of tensors) {
    if (count === 0) continue;
    for (const chunk of chunks) {
      if (!chunk.shape.includes(0)) byFile.get(chunk.file)?.push(chunk);
    }
  }
  const items = new Map<StoredChunk, TorchItem>();
  for (const [file, name] of files.entries()) {
    const source = sources[file];
    const chunks = byFile.get(name) ?? [];
    if (source === undefined) continue;
    const opened = await openItems(source, file, chunks, signal);
    chunks.forEach((chunk, index) => {
      const item = opened[index];
      if (item !== undefined) items.set(chunk, item);
    });
  }
  return items;
}

function placeTensor(
  { name, dtype, shape, count, chunks }: DistributedTensor,
  items: Items,
  fail: (reason: string, tensor?: string) => FormatError,
): TensorStorage {
  if (count === 0) return { dtype, extents: [] };
  const tiles: Tile[] = [];
  let bigEndian = false;
  for (const chunk of chunks) {
    const item = items.get(chunk);
    if (item === undefined) continue;
    const view = viewOf(item);
    if (view?.dtype !== dtype || view.shape.join() !== chunk.shape.join()) {
      throw fail(l10n.t('has a chunk of another type or shape than the metadata says (in {0})', chunk.file), name);
    }
    const { bigEndian: swapped = false, ...storage } = storageOf(
      name,
      view,
      { bigEndian: item.bigEndian, get: (key) => item.storage(key) },
      fail,
    );
    if (storage.deflate !== undefined) throw fail(l10n.t('is compressed in {0}, which is not read', chunk.file), name);
    if (tiles.length > 0 && swapped !== bigEndian) throw fail(l10n.t('has chunks of both byte orders'), name);
    bigEndian = swapped;
    tiles.push({ start: chunk.start, shape: chunk.shape, storage });
  }
  const order = bigEndian ? { bigEndian } : {};
  const [only] = tiles;
  if (only !== undefined && tiles.length === 1) return { ...only.storage, ...order };
  return { dtype, extents: [], coding: { kind: 'tiles', shape, tiles }, ...order };
}

/** The plain tensor in an item; undefined if it is anything else. */
function viewOf({ value }: TorchItem): TensorView | undefined {
  const rebuilt = value instanceof PickleCall ? rebuildTensor(value) : undefined;
  if (rebuilt?.kind !== 'tensor') return undefined;
  const { quantization, channels, sparse, bits } = rebuilt.view;
  const isPlain = [quantization, channels, sparse, bits].every((part) => part === undefined);
  return isPlain ? rebuilt.view : undefined;
}
