import * as l10n from '@vscode/l10n';
import type { CheckpointNote, TensorEntry } from '../checkpoint';
import { concurrently } from '../concurrent';
import { FormatError, throwIfCancelled } from '../errors';
import { MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import { MAX_FILTERED_BYTES, type ByteExtent, type TensorStorage, type Tile } from '../storage';
import { crc32c } from './crc32c';
import { storedAsOf } from './jax-dtypes';
import { chunkIndex, parseZarrV2, parseZarrV3, UnreadableZarrError, type ZarrArray } from './zarr-metadata';
import { product } from '../shape';

/** Metadata of one array have under 2 KB; people may add attributes of their own. */
const MAX_METADATA_BYTES = 1_000_000;

/** Chunks of one model; each takes some 400 bytes of memory here and in each thread. */
const MAX_CHUNKS = 200_000;

/** A shape can claim any number of elements without chunks; so many take a second. */
const MAX_MISSING_ELEMENTS = 2 ** 28;

/** Shards say so for a chunk that is all fill value. */
const EMPTY_CHUNK = 0xffffffffffffffffn;

/** A value of a key-value store: a range of a file, or bytes that are not in a file as such. */
export type StoredValue = ByteExtent | Uint8Array;

/** Keys and values of a zarr hierarchy: files of a folder, or a database. */
export interface ZarrStore {
  /** For messages. */
  readonly path: string;
  /** Keys with forward slashes. */
  readonly values: ReadonlyMap<string, StoredValue>;
  /** Some bytes of a value. */
  read(value: StoredValue, offset: number, length: number): Promise<Uint8Array>;
}

/** The arrays of a store, by the path that their keys begin with. */
export interface ZarrArrays {
  readonly arrays: ReadonlyMap<string, Omit<TensorEntry, 'name' | 'role'>>;
  readonly notes: readonly CheckpointNote[];
}

/**
 * Finds the arrays of a store, of zarr version 2 and 3, and where their chunks are.
 * @throws {FormatError} if it holds none that can be read
 */
export async function readZarrArrays(store: ZarrStore, signal?: AbortSignal): Promise<ZarrArrays> {
  const unreadable = new Map<string, string>();
  const headers = await readMetadata(store, unreadable, signal);
  const chunks = new Map<string, [index: number[], value: StoredValue][]>();
  for (const [key, value] of store.values) {
    const name = ownerOf(key, headers);
    const array = name === undefined ? undefined : headers.get(name);
    if (name === undefined || array === undefined) continue;
    const index = chunkIndex(array, name === '' ? key : key.slice(name.length + 1));
    if (index !== undefined) push(chunks, name, [index, value]);
  }
  const arrays = new Map<string, Omit<TensorEntry, 'name' | 'role'>>();
  const budget = { chunks: MAX_CHUNKS };
  for (const [name, array] of headers) {
    throwIfCancelled(signal);
    try {
      arrays.set(name, await arrayEntry(store, array, chunks.get(name) ?? [], budget));
    } catch (error) {
      if (!(error instanceof UnreadableZarrError)) throw error;
      unreadable.set(name, error.message);
    }
  }
  const [first] = unreadable;
  if (arrays.size === 0 && first !== undefined) {
    throw new FormatError({
      file: store.path,
      tensor: first[0],
      reason: first[1],
      remedy: l10n.t('Save the arrays again as plain numbers, compressed by zstd, gzip or not at all.'),
    });
  }
  const notes: CheckpointNote[] = [];
  if (first !== undefined) {
    notes.push({
      code: 'skipped-arrays',
      message: l10n.t('{0} arrays are not analyzed; the first {1}.', unreadable.size, first[1]),
      tensors: [...unreadable.keys()],
    });
  }
  return { arrays, notes };
}

/** The array that a key belongs to: arrays do not hold others, so it is the first from the left. */
function ownerOf(key: string, headers: ReadonlyMap<string, ZarrArray>): string | undefined {
  if (headers.has('')) return '';
  for (let slash = key.indexOf('/'); slash >= 0; slash = key.indexOf('/', slash + 1)) {
    const name = key.slice(0, slash);
    if (headers.has(name)) return name;
  }
  return undefined;
}

async function readMetadata(
  store: ZarrStore,
  unreadable: Map<string, string>,
  signal: AbortSignal | undefined,
): Promise<Map<string, ZarrArray>> {
  const found: { readonly name: string; readonly file: string; readonly value: StoredValue }[] = [];
  for (const [key, value] of store.values) {
    const file = key.slice(key.lastIndexOf('/') + 1);
    if (file !== '.zarray' && file !== 'zarr.json') continue;
    const name = key.slice(0, Math.max(0, key.length - file.length - 1));
    if (name.length > MAX_NAME_LENGTH) {
      throw storeError(store, l10n.t('has a name of more than {0} characters', MAX_NAME_LENGTH));
    }
    found.push({ name, file, value });
  }
  const headers = new Map<string, ZarrArray>();
  let arrays = 0;
  const parsed = await concurrently(found, async ({ file, value }) => {
    throwIfCancelled(signal);
    const array = await readArray(store, file, value);
    if (array !== undefined && ++arrays > MAX_TENSORS) {
      throw storeError(store, l10n.t('holds more than {0} arrays', MAX_TENSORS));
    }
    return array;
  });
  // In the order of the keys, whichever was read first.
  for (const [index, { name }] of found.entries()) {
    const array = parsed[index];
    if (array instanceof UnreadableZarrError) unreadable.set(name, array.message);
    else if (array !== undefined) headers.set(name, array);
  }
  return headers;
}

/** What one file of metadata says, or why that cannot be used; undefined for a group. */
async function readArray(
  store: ZarrStore,
  file: string,
  value: StoredValue,
): Promise<ZarrArray | UnreadableZarrError | undefined> {
  const { length } = value;
  if (length > MAX_METADATA_BYTES) {
    return new UnreadableZarrError(
      l10n.t('has metadata of {0} bytes; at most {1} are read', length, MAX_METADATA_BYTES),
    );
  }
  const bytes = await store.read(value, 0, length);
  try {
    return file === '.zarray' ? parseZarrV2(bytes) : parseZarrV3(bytes);
  } catch (error) {
    if (error instanceof UnreadableZarrError) return error;
    throw error;
  }
}

async function arrayEntry(
  store: ZarrStore,
  array: ZarrArray,
  stored: readonly (readonly [index: readonly number[], value: StoredValue])[],
  budget: { chunks: number },
): Promise<Omit<TensorEntry, 'name' | 'role'>> {
  const { shape, count, type, order, bigEndian, fill } = array;
  const pieces: Piece[] = [];
  for (const [index, value] of stored) {
    const start = index.map((number, dimension) => number * (array.chunk[dimension] ?? 1));
    if (array.shard === undefined) pieces.push({ start, value });
    else await shardPieces(store, array, array.shard, start, value, pieces);
    if (pieces.length > budget.chunks) throw storeError(store, l10n.t('has more than {0} chunks', MAX_CHUNKS));
  }
  budget.chunks -= pieces.length;
  const chunk = array.shard?.chunk ?? array.chunk;
  if (count - pieces.length * product(chunk) > MAX_MISSING_ELEMENTS) {
    throw new UnreadableZarrError(l10n.t('has {0} elements in {1} chunks: most are missing', count, pieces.length));
  }
  const tileShape = order.map((dimension) => chunk[dimension] ?? 1);
  const tiles = pieces.map(({ start, value }): Tile => ({
    start: order.map((dimension) => start[dimension] ?? 0),
    shape: tileShape,
    storage: chunkStorage(array, value, product(tileShape)),
  }));
  const stridesOfOrder = strides(shape, order, count);
  const extra = {
    ...(bigEndian ? { bigEndian } : {}),
    ...(stridesOfOrder === undefined ? {} : { strides: stridesOfOrder }),
  };
  const [only] = tiles;
  let storage: TensorStorage;
  if (count === 0) storage = { dtype: type.dtype, extents: [] };
  else if (only !== undefined && tiles.length === 1 && chunk.every((size, i) => size === shape[i])) {
    storage = { ...only.storage, ...extra };
  } else {
    const stored = order.map((dimension) => shape[dimension] ?? 1);
    const coding = { kind: 'tiles', shape: stored, tiles, ...(fill === undefined ? {} : { fill }) } as const;
    storage = { dtype: type.dtype, extents: [], coding, ...extra };
  }
  return { dtype: type.dtype, shape, count, ...storedAsOf(type), storage };
}

/** A chunk: where it begins in the array, and what is stored of it. */
interface Piece {
  readonly start: readonly number[];
  readonly value: StoredValue;
}

/** Reads the index of a shard (zarr 3, "Sharding codec"): offset and length of each of its chunks in C order. */
async function shardPieces(
  store: ZarrStore,
  { chunk }: ZarrArray,
  shard: NonNullable<ZarrArray['shard']>,
  shardStart: readonly number[],
  value: StoredValue,
  pieces: Piece[],
): Promise<void> {
  const grid = chunk.map((size, dimension) => size / (shard.chunk[dimension] ?? 1));
  const count = product(grid);
  const indexBytes = 16 * count + (shard.checksum ? 4 : 0);
  const { length } = value;
  if (count > MAX_CHUNKS || indexBytes > length) {
    throw new UnreadableZarrError(l10n.t('has a shard of {0} bytes, which has no room for its index', length));
  }
  const bytes = await store.read(value, shard.indexFirst ? 0 : length - indexBytes, indexBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (shard.checksum && view.getUint32(16 * count, true) !== crc32c(bytes.subarray(0, 16 * count))) {
    throw new UnreadableZarrError(l10n.t('has a shard whose index does not match its checksum'));
  }
  for (let i = 0; i < count; i++) {
    const offset = view.getBigUint64(16 * i, true);
    const size = view.getBigUint64(16 * i + 8, true);
    if (offset === EMPTY_CHUNK && size === EMPTY_CHUNK) continue;
    if (offset + size > BigInt(length)) {
      throw new UnreadableZarrError(l10n.t('has a shard with a chunk beyond its end'));
    }
    let rest = i;
    const start = [...shardStart];
    for (let dimension = grid.length - 1; dimension >= 0; dimension--) {
      const along = grid[dimension] ?? 1;
      start[dimension] = (start[dimension] ?? 0) + (rest % along) * (shard.chunk[dimension] ?? 1);
      rest = Math.floor(rest / along);
    }
    pieces.push({ start, value: part(value, Number(offset), Number(size)) });
  }
}

function chunkStorage({ type, filters }: ZarrArray, value: StoredValue, count: number): TensorStorage {
  const { dtype, width, coding } = type;
  const decodedBytes = count * width;
  const inline = value instanceof Uint8Array;
  const { length } = value;
  if (filters.length === 0 && length !== decodedBytes) {
    throw new UnreadableZarrError(l10n.t('has a chunk of {0} bytes; its shape needs {1}', length, decodedBytes));
  }
  if (!inline && filters.length === 0) {
    return { dtype, extents: [value], ...(coding === undefined ? {} : { coding }) };
  }
  if (decodedBytes > MAX_FILTERED_BYTES) {
    throw new UnreadableZarrError(
      l10n.t('has compressed chunks of {0} bytes; at most {1} are read', decodedBytes, MAX_FILTERED_BYTES),
    );
  }
  if (length === 0 || coding !== undefined) throw new UnreadableZarrError(l10n.t('has a chunk that is not understood'));
  const filtered = { kind: 'filtered', filters, decodedBytes } as const;
  return inline
    ? { dtype, extents: [], coding: { ...filtered, stored: value } }
    : { dtype, extents: [value], coding: filtered };
}

/** Strides of an array whose dimensions are stored in another order; undefined where that makes no difference. */
function strides(shape: readonly number[], order: readonly number[], count: number): number[] | undefined {
  if (count === 0 || order.every((dimension, i) => dimension === i)) return undefined;
  const result = new Array<number>(shape.length).fill(0);
  let stride = 1;
  for (const dimension of [...order].reverse()) {
    result[dimension] = stride;
    stride *= shape[dimension] ?? 1;
  }
  return result;
}

function part(value: StoredValue, offset: number, length: number): StoredValue {
  return value instanceof Uint8Array
    ? value.subarray(offset, offset + length)
    : { file: value.file, offset: value.offset + offset, length };
}

function push<T>(map: Map<string, T[]>, key: string, item: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [item]);
  else list.push(item);
}

function storeError(store: ZarrStore, reason: string): FormatError {
  return new FormatError({ file: store.path, reason, remedy: l10n.t('Check where the file comes from.') });
}
