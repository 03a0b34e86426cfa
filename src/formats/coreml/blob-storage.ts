import * as l10n from '@vscode/l10n';
import { FormatError } from '../errors';
import { elementCount } from '../shape';
import type { RandomAccessSource } from '../source';
import type { TensorStorage } from '../storage';
import type { MilValue } from './mil-program';
import { MIL_TYPES, type MilType } from './mil-types';

const REMEDY = l10n.t('Copy or download the whole .mlpackage folder again.');

/** Of the header before each blob of a `weight.bin` (MIL's blob storage, version 2). */
const METADATA_BYTES = 64;
const SENTINEL = 0xdeadbeef;

/** What names in a program begin with: the folder of the program. */
const MODEL_PATH = '@model_path/';

/** A constant as stored. */
export interface StoredValue {
  readonly type: MilType;
  readonly shape: readonly number[];
  readonly count: number;
  readonly storage: TensorStorage;
}

/** Finds the bytes of constants: in files of blobs, or in the program itself. */
export class MilValues {
  /** The program first. */
  readonly sources: RandomAccessSource[];
  private readonly indices = new Map<string, number>();

  constructor(
    program: RandomAccessSource,
    private readonly openFile: (name: string) => Promise<RandomAccessSource>,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.sources = [program];
  }

  /** Undefined if it is not stored as numbers that are read here. @throws {FormatError} if it is damaged */
  async find(value: MilValue, tensor: string): Promise<StoredValue | undefined> {
    const type = MIL_TYPES.get(value.type);
    const { shape } = value;
    if (type === undefined) return undefined;
    const count = elementCount(shape);
    const bytes = Math.ceil(((count ?? NaN) * type.bits) / 8);
    if (count === undefined || !Number.isSafeInteger(count * type.bits)) {
      throw this.error(0, undefined, tensor, l10n.t('has the impossible shape [{0}]', shape.join(', ')));
    }
    if (value.blob !== undefined) {
      const { file, offset } = await this.blob(value.blob, type, bytes, tensor);
      return { type, shape, count, storage: storageOf(type, file, offset, bytes) };
    }
    const range = value.floats ?? value.bytes;
    if (range === undefined || (value.floats !== undefined && type.name !== 'float32')) return undefined;
    const length = range.end - range.start;
    if (length !== bytes) {
      throw this.error(0, range.start, tensor, wrongSize(length, shape, type, bytes));
    }
    return { type, shape, count, storage: storageOf(type, 0, range.start, bytes) };
  }

  /** Values of a small constant, e.g. of a table. @throws {FormatError} */
  async numbers({ storage }: StoredValue): Promise<Uint8Array> {
    const [extent] = storage.extents;
    const source = this.sources[extent?.file ?? 0];
    if (extent === undefined || source === undefined) return new Uint8Array(0);
    return await source.read(extent.offset, extent.length, this.signal);
  }

  private async blob(
    { file, offset }: { readonly file: string; readonly offset: number },
    type: MilType,
    bytes: number,
    tensor: string,
  ): Promise<{ readonly file: number; readonly offset: number }> {
    const index = await this.fileIndex(file);
    const source = this.sources[index];
    if (source === undefined) throw new TypeError('The file was opened');
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + METADATA_BYTES > source.size) {
      throw this.error(index, undefined, tensor, l10n.t('has no blob at byte {0}', offset));
    }
    const metadata = await source.read(offset, METADATA_BYTES, this.signal);
    const view = new DataView(metadata.buffer, metadata.byteOffset, METADATA_BYTES);
    const size = Number(view.getBigUint64(8, true));
    const start = Number(view.getBigUint64(16, true));
    if (view.getUint32(0, true) !== SENTINEL) {
      throw this.error(index, offset, tensor, l10n.t('has no blob at byte {0}', offset));
    }
    const stored = view.getUint32(4, true);
    if (stored !== type.blob) {
      throw this.error(
        index,
        offset,
        tensor,
        l10n.t('has a blob of type {0}; the program says {1}', stored, type.name),
      );
    }
    if (size !== bytes)
      throw this.error(index, offset, tensor, l10n.t('has a blob of {0} bytes; {1} are needed', size, bytes));
    if (!Number.isSafeInteger(start + size) || start + size > source.size) {
      throw this.error(
        index,
        offset,
        tensor,
        l10n.t('lies at the bytes {0} to {1}; the file has {2}', start, start + size, source.size),
      );
    }
    return { file: index, offset: start };
  }

  private async fileIndex(name: string): Promise<number> {
    const known = this.indices.get(name);
    if (known !== undefined) return known;
    const source = await this.openFile(name.startsWith(MODEL_PATH) ? name.slice(MODEL_PATH.length) : name);
    const index = this.sources.push(source) - 1;
    this.indices.set(name, index);
    return index;
  }

  private error(file: number, offset: number | undefined, tensor: string, reason: string): FormatError {
    return new FormatError({ file: this.sources[file]?.path ?? '', offset, tensor, reason, remedy: REMEDY });
  }
}

function wrongSize(length: number, shape: readonly number[], { name }: MilType, bytes: number): string {
  return l10n.t('has {0} bytes; its shape [{1}] of {2} needs {3}', length, shape.join(', '), name, bytes);
}

function storageOf(type: MilType, file: number, offset: number, length: number): TensorStorage {
  const { bits, signed, dtype } = type;
  const extents = length === 0 ? [] : [{ file, offset, length }];
  if (bits >= 8 || length === 0) return { dtype, extents };
  const packed = { kind: 'packed' as const, bits: bits as 1 | 2 | 3 | 4 | 6, wordBytes: 1 as const, columns: 1 };
  return { dtype, extents, coding: signed === true ? { ...packed, signed } : packed };
}
