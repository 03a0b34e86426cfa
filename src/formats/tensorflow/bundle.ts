import * as l10n from '@vscode/l10n';
import type { Checkpoint, CheckpointNote, OpenContext, TensorEntry } from '../checkpoint';
import { ProtobufInput } from '../containers/protobuf';
import { BYTES_PER_ELEMENT, type DType } from '../dtype';
import { FormatError, throwIfCancelled } from '../errors';
import { MAX_TENSORS } from '../limits';
import { elementCount } from '../shape';
import { openSiblings } from '../sibling';
import { BufferSource, type RandomAccessSource } from '../source';
import type { TensorStorage, Tile } from '../storage';
import { readBundleEntry, readBundleHeader, sliceKey, type BundleEntry, type BundleHeader } from './bundle-entries';
import { dataType, dataTypeName, storedAs, STRING_TYPE } from './data-types';
import { NO_OBJECTS, OBJECT_GRAPH_KEY, readObjectGraph, type ObjectGraph } from './object-graph';
import { readTable, type TableEntry } from './table';
import { nameVariables, type Variable } from './variables';

const REMEDY = l10n.t('Copy or download the checkpoint again, with its .index and all its .data files.');

/** A variable with where its values are. */
interface StoredVariable extends Variable {
  readonly entry: BundleEntry;
  readonly count: number;
  readonly storage: TensorStorage;
}

/** What a checkpoint bundle gives for a {@link Checkpoint}. */
export type Bundle = Pick<Checkpoint, 'files' | 'tensors' | 'notes'>;

/**
 * Reads the tensors of a checkpoint bundle ("V2" checkpoint).
 * @param index Its `.index`.
 * @param prefix Name of the checkpoint, relative to the model's folder: what its files' names begin with.
 * @throws {FormatError}
 */
export async function readBundle(context: OpenContext, index: RandomAccessSource, prefix: string): Promise<Bundle> {
  const { signal } = context;
  const { bytes, entries } = await readTable(index, signal);
  const input = new ProtobufInput(new BufferSource(index.path, bytes), REMEDY, signal);
  const [first, ...rest] = entries;
  if (first?.key !== '') {
    throw input.error(0, l10n.t('is a table, but not the index of a TensorFlow checkpoint'));
  }
  const header = await readBundleHeader(input, first);
  const number = (shard: number): string => String(shard).padStart(5, '0');
  const names = Array.from(
    { length: header.shards },
    (_, shard) => `${prefix}.data-${number(shard)}-of-${number(header.shards)}`,
  );
  const shards = await openSiblings(index.path, names, (name) => context.openSibling(name));
  const reader = new BundleReader(input, header, shards, new Map(rest.map((entry) => [entry.key, entry])));
  await reader.read(rest, signal);
  const graph = await reader.objectGraph(signal);
  const tensors = nameVariables(reader.variables, graph).map(({ variable, name, role, aliasOf }): TensorEntry => {
    const { dtype, shape, count, storage, entry } = variable;
    const stored = storedAs(entry.type);
    return {
      name,
      dtype,
      shape,
      count,
      role,
      storage,
      ...(stored === undefined ? {} : { storedAs: stored }),
      ...(aliasOf === undefined ? {} : { aliasOf }),
    };
  });
  return { files: shards.map(({ path, size }) => ({ path, size })), tensors, notes: reader.notes() };
}

class BundleReader {
  readonly variables: StoredVariable[] = [];
  private readonly strings: string[] = [];
  private readonly unread = new Map<string, string[]>();
  private graphEntry: BundleEntry | undefined;
  private graphIsLost = false;
  private slices = 0;

  constructor(
    private readonly input: ProtobufInput,
    private readonly header: BundleHeader,
    private readonly shards: readonly RandomAccessSource[],
    private readonly byKey: ReadonlyMap<string, TableEntry>,
  ) {}

  async read(entries: readonly TableEntry[], signal: AbortSignal | undefined): Promise<void> {
    for (const tableEntry of entries) {
      throwIfCancelled(signal);
      // Slices are read with the tensor that they are parts of.
      if (tableEntry.key.startsWith('\0')) continue;
      const key = Buffer.from(tableEntry.key, 'latin1').toString('utf8');
      const entry = await readBundleEntry(this.input, tableEntry);
      const dtype = dataType(entry.type);
      if (entry.type === STRING_TYPE && key === OBJECT_GRAPH_KEY) {
        this.graphEntry = entry;
      } else if (entry.type === STRING_TYPE) {
        this.strings.push(key);
      } else if (dtype === undefined) {
        const type = dataTypeName(entry.type);
        const names = this.unread.get(type) ?? [];
        names.push(key);
        this.unread.set(type, names);
      } else {
        const count = elementCount(entry.shape);
        if (count === undefined || !Number.isSafeInteger(count * BYTES_PER_ELEMENT[dtype])) {
          throw this.error(tableEntry, key, l10n.t('has the impossible shape [{0}]', entry.shape.join(', ')));
        }
        const storage =
          entry.slices.length === 0
            ? this.plain(tableEntry, key, entry, dtype, count)
            : await this.tiled(tableEntry, key, entry, dtype, count);
        const { shape, checksum } = entry;
        this.variables.push({ key, shape, dtype, checksum, entry, count, storage });
      }
    }
  }

  /** What the objects tell, or nothing if they cannot be read: the keys tell enough to go on. */
  async objectGraph(signal: AbortSignal | undefined): Promise<ObjectGraph> {
    const { graphEntry } = this;
    const source = this.shards[graphEntry?.shard ?? -1];
    if (graphEntry === undefined) return NO_OBJECTS;
    try {
      if (source === undefined) throw new FormatError({ file: '', reason: '', remedy: '' });
      return await readObjectGraph(source, graphEntry.offset, graphEntry.size, REMEDY, signal);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.graphIsLost = true;
      return NO_OBJECTS;
    }
  }

  notes(): CheckpointNote[] {
    const notes: CheckpointNote[] = [];
    if (this.strings.length > 0) {
      notes.push({
        code: 'string-tensors',
        message: l10n.t('Tensors of strings are not analyzed.'),
        tensors: this.strings,
      });
    }
    for (const [type, tensors] of this.unread) {
      notes.push({
        code: 'skipped-types',
        message: l10n.t('{0} tensors have the type {1}, which is not analyzed.', tensors.length, type),
        tensors,
      });
    }
    if (this.graphIsLost) {
      notes.push({
        code: 'names-not-read',
        message: l10n.t('The names of the variables cannot be read; they are listed by their place among the objects.'),
      });
    }
    return notes;
  }

  private plain(
    tableEntry: TableEntry,
    key: string,
    { shard, offset, size, shape }: BundleEntry,
    dtype: DType,
    count: number,
  ): TensorStorage {
    const bytes = count * BYTES_PER_ELEMENT[dtype];
    if (size !== bytes) {
      throw this.error(
        tableEntry,
        key,
        l10n.t('has {0} bytes; its shape [{1}] of {2} needs {3}', size, shape.join(', '), dtype, bytes),
      );
    }
    const source = this.shards[shard];
    if (source === undefined) {
      throw this.error(tableEntry, key, l10n.t('is in file {0} of {1}', shard + 1, this.header.shards));
    }
    if (!Number.isSafeInteger(offset + size) || offset < 0 || offset + size > source.size) {
      throw new FormatError({
        file: source.path,
        tensor: key,
        offset: source.size,
        reason: l10n.t('lies at the bytes {0} to {1}; the file has {2}', offset, offset + size, source.size),
        remedy: REMEDY,
      });
    }
    return {
      dtype,
      extents: size === 0 ? [] : [{ file: shard, offset, length: size }],
      ...(this.header.bigEndian && BYTES_PER_ELEMENT[dtype] > 1 ? { bigEndian: true } : {}),
    };
  }

  /** A variable that was partitioned: each slice has an entry of its own. */
  private async tiled(
    tableEntry: TableEntry,
    key: string,
    { shape, slices, type }: BundleEntry,
    dtype: DType,
    count: number,
  ): Promise<TensorStorage> {
    const tiles: Tile[] = [];
    let covered = 0;
    for (const slice of slices) {
      if (++this.slices > MAX_TENSORS) {
        throw this.error(tableEntry, key, l10n.t('lists more than {0} slices of a tensor', MAX_TENSORS));
      }
      const start = slice.map((extent) => extent.start);
      const size = slice.map((extent, dimension) => extent.length ?? (shape[dimension] ?? 0) - extent.start);
      const inside = size.every((length, dimension) => {
        const from = start[dimension] ?? -1;
        return Number.isSafeInteger(from) && from >= 0 && length >= 0 && from + length <= (shape[dimension] ?? 0);
      });
      const part = this.byKey.get(sliceKey(tableEntry.key, slice));
      const partCount = elementCount(size);
      if (!inside || slice.length !== shape.length || partCount === undefined || part === undefined) {
        throw this.error(
          tableEntry,
          key,
          l10n.t(
            'has a slice at [{0}] of the size [{1}] that is not in the checkpoint',
            start.join(', '),
            size.join(', '),
          ),
        );
      }
      const entry = await readBundleEntry(this.input, part);
      if (entry.type !== type || entry.slices.length > 0 || entry.shape.join() !== size.join()) {
        throw this.error(part, key, l10n.t('has a slice that is of another type or shape than the tensor says'));
      }
      const storage = this.plain(part, key, entry, dtype, partCount);
      covered += partCount;
      if (partCount > 0) tiles.push({ start, shape: size, storage: { dtype, extents: storage.extents } });
    }
    if (covered !== count) {
      throw this.error(tableEntry, key, l10n.t('has slices of {0} elements in all; it has {1}', covered, count));
    }
    return {
      dtype,
      extents: [],
      ...(count === 0 ? {} : { coding: { kind: 'tiles', shape, tiles } }),
      ...(this.header.bigEndian && BYTES_PER_ELEMENT[dtype] > 1 ? { bigEndian: true } : {}),
    };
  }

  private error({ start }: TableEntry, tensor: string, reason: string): FormatError {
    return this.input.error(start, reason, tensor);
  }
}
