import * as l10n from '@vscode/l10n';
import type { CheckpointNote, TensorEntry, TensorRole } from '../checkpoint';
import type { DType } from '../dtype';
import { FormatError } from '../errors';
import { MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import { tensorRole } from '../roles';
import { elementCount } from '../shape';
import type { RandomAccessSource } from '../source';
import type { ByteExtent } from '../storage';
import { jaxType, storedAsOf } from './jax-dtypes';
import { MsgpackReader, type MsgpackExtension, type MsgpackMap, type MsgpackValue } from './msgpack';
import { UniqueNames } from './unique-names';

/** Extensions of Flax (flax/serialization.py): an array, a complex number, a NumPy scalar; all are messages themselves. */
const ARRAY = 1;
const COMPLEX = 2;
const SCALAR = 3;

/** What stands for an array of more than 2^30 bytes: a map of its shape and its chunks. */
const CHUNKED = '__msgpack_chunked_array__';

/** What Orbax writes into the tree for an array that has a folder of its own. */
const PLACEHOLDER = 'PLACEHOLDER://';

/** The arrays of a tree that Flax has written. */
export interface FlaxTree {
  readonly tensors: readonly TensorEntry[];
  readonly notes: readonly CheckpointNote[];
  /** Names of arrays in folders of their own, by the path in the tree. */
  readonly placeholders: ReadonlyMap<string, string>;
}

/**
 * Reads a tree of arrays in Flax's msgpack form. Names are the path from the root, joined by `/`.
 * @param file index of the source in the checkpoint's files
 * @throws {FormatError}
 */
export async function readFlaxTree(source: RandomAccessSource, file: number, signal?: AbortSignal): Promise<FlaxTree> {
  const root = await new MsgpackReader(source, [ARRAY, COMPLEX, SCALAR], signal).readFile();
  const walk = new TreeWalk(source.path, file);
  walk.visit(root, '');
  return walk.result();
}

/** Role of a variable of a training state: Flax and Optax name the collections, so that the path tells. */
export function flaxRole(name: string, shape: readonly number[], dtype: DType): TensorRole {
  if (/(^|[./])(opt_state|optimizer_state|param_states)([./]|$)/.test(name)) return 'optimizer';
  if (/(^|[./])batch_stats([./]|$)/.test(name)) return 'buffer';
  return tensorRole(name, shape, dtype);
}

class TreeWalk {
  private readonly tensors: TensorEntry[] = [];
  private readonly names = new UniqueNames();
  private readonly unreadable: string[] = [];
  private firstType = '';
  private readonly placeholders = new Map<string, string>();

  constructor(
    private readonly path: string,
    private readonly file: number,
  ) {}

  result(): FlaxTree {
    const notes = this.names.notes();
    if (this.unreadable.length > 0) {
      const message = l10n.t('Arrays of a type that is not analyzed are left out (e.g. "{0}").', this.firstType);
      notes.push({ code: 'skipped-arrays', message, tensors: this.unreadable });
    }
    return { tensors: this.tensors, notes, placeholders: this.placeholders };
  }

  visit(value: MsgpackValue, name: string): void {
    if (typeof value === 'string') {
      if (value.startsWith(PLACEHOLDER)) this.placeholders.set(name, value.slice(PLACEHOLDER.length));
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    if (isArray(value)) {
      for (const [index, item] of value.entries()) this.visit(item, this.join(name, String(index)));
      return;
    }
    switch (value.kind) {
      case 'map':
        if (value.entries.some(([key]) => key === CHUNKED)) this.chunked(value, name);
        else for (const [key, item] of value.entries) this.visit(item, this.join(name, key));
        return;
      case 'extension':
        if (value.type === ARRAY || value.type === SCALAR) {
          const { shape, type, data } = this.array(value, name);
          this.add(name, shape, type, [data], value.offset);
        }
        return;
      case 'bytes':
        return;
    }
  }

  private join(name: string, key: string): string {
    const joined = name === '' ? key : `${name}/${key}`;
    if (joined.length > MAX_NAME_LENGTH) {
      throw this.error(l10n.t('has a name of more than {0} characters', MAX_NAME_LENGTH), undefined);
    }
    return joined;
  }

  /** An array's shape, type and bytes. */
  private array(
    { content, offset }: MsgpackExtension,
    name: string,
  ): { shape: readonly MsgpackValue[]; type: string; data: ByteExtent } {
    const [shape, type, data, ...more] = content !== undefined && isArray(content) ? content : [];
    const malformed = (): FormatError =>
      this.error(l10n.t('is not an array as Flax writes it: shape, type and bytes'), name, offset);
    if (shape === undefined || !isArray(shape) || more.length > 0) throw malformed();
    if (typeof data !== 'object' || data === null || isArray(data) || data.kind !== 'bytes') {
      // Strings of up to 4,096 bytes come out as such; Flax writes bytes, always.
      throw malformed();
    }
    if (typeof type !== 'string') throw malformed();
    return { shape, type, data: { file: this.file, offset: data.offset, length: data.length } };
  }

  /** Chunks are flat pieces of the array, one after the other. */
  private chunked({ entries }: MsgpackMap, name: string): void {
    const map = new Map(entries);
    const shape = this.tuple(map.get('shape'), name);
    const chunks = this.tuple(map.get('chunks'), name);
    const pieces = chunks.map((chunk) => {
      if (typeof chunk !== 'object' || chunk === null || isArray(chunk) || chunk.kind !== 'extension') {
        throw this.error(l10n.t('has a chunk that is not an array'), name);
      }
      return { ...this.array(chunk, name), offset: chunk.offset };
    });
    const [first] = pieces;
    if (first === undefined) throw this.error(l10n.t('is an array in chunks without a chunk'), name);
    for (const { type, offset } of pieces) {
      if (type !== first.type) throw this.error(l10n.t('has chunks of different types'), name, offset);
    }
    this.add(
      name,
      shape,
      first.type,
      pieces.map(({ data }) => data),
      first.offset,
    );
  }

  /** A tuple as Flax writes it: a map of "0", "1", … */
  private tuple(value: MsgpackValue | undefined, name: string): MsgpackValue[] {
    if (typeof value !== 'object' || value === null || isArray(value) || value.kind !== 'map') {
      throw this.error(l10n.t('is an array in chunks without its shape or chunks'), name);
    }
    const map = new Map(value.entries);
    return value.entries.map((_, index) => {
      const item = map.get(String(index));
      if (item === undefined) throw this.error(l10n.t('is an array in chunks without the number {0}', index), name);
      return item;
    });
  }

  private add(
    path: string,
    dimensions: readonly MsgpackValue[],
    typeName: string,
    data: readonly ByteExtent[],
    offset: number,
  ): void {
    const name = this.names.take(path);
    if (this.tensors.length >= MAX_TENSORS) {
      throw this.error(l10n.t('holds more than {0} arrays', MAX_TENSORS), undefined);
    }
    const type = jaxType(typeName);
    if (type === undefined) {
      if (this.unreadable.length === 0) this.firstType = typeName.slice(0, 40);
      this.unreadable.push(name);
      return;
    }
    const count = elementCount(dimensions);
    const shape = dimensions as readonly number[];
    const length = data.reduce((sum, extent) => sum + extent.length, 0);
    if (count === undefined || count * type.width !== length) {
      const claimed = JSON.stringify(dimensions.slice(0, 20)).slice(1, -1).slice(0, 200);
      throw this.error(
        l10n.t('has {0} bytes, which the shape ({1}) of {2} does not fit', length, claimed, typeName),
        name,
        offset,
      );
    }
    const { dtype, coding } = type;
    this.tensors.push({
      name,
      dtype,
      shape,
      count,
      role: flaxRole(name, shape, dtype),
      ...storedAsOf(type),
      storage: {
        dtype,
        extents: data.filter((extent) => extent.length > 0),
        ...(coding === undefined ? {} : { coding }),
      },
    });
  }

  private error(reason: string, tensor: string | undefined, offset?: number): FormatError {
    return new FormatError({
      file: this.path,
      tensor,
      offset,
      reason,
      remedy: l10n.t('The file is damaged or incomplete: copy or download it again.'),
    });
  }
}

function isArray(value: MsgpackValue): value is readonly MsgpackValue[] {
  return Array.isArray(value);
}
