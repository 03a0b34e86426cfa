import * as l10n from '@vscode/l10n';
import { MAX_DIMENSIONS, MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import type { RandomAccessSource } from '../source';
import type { GgufCursor } from './gguf-cursor';

/** Models have under a hundred. */
const MAX_METADATA = 65_536;

/** The specification's own limit. */
const MAX_KEY_BYTES = 65_535;

/** Arrays of arrays are allowed, but nobody writes them. */
const MAX_NESTING = 4;

/** Least bytes of an entry: an empty key, its type, one byte. */
const LEAST_METADATA_BYTES = 9;

/** Least bytes of a tensor: an empty name, no dimensions, type and offset. */
const LEAST_TENSOR_BYTES = 20;

const DEFAULT_ALIGNMENT = 32;

/** Numbers of the types of values (gguf.h: enum gguf_type). */
const TYPE_U32 = 4;
const TYPE_STRING = 8;
const TYPE_ARRAY = 9;

/** Bytes of the values of fixed size: u8, i8, u16, i16, u32, i32, f32, bool, string, array, u64, i64, f64. */
const VALUE_BYTES: readonly (number | undefined)[] = [1, 1, 2, 2, 4, 4, 4, 1, undefined, undefined, 8, 8, 8];

const KEY = l10n.t('a key');
const TENSOR_NAME = l10n.t('a tensor name');

/** What of the metadata is of use here. */
export interface GgufMetadata {
  readonly architecture: string | undefined;
  /** `model`, `adapter`, `imatrix` … */
  readonly type: string | undefined;
  readonly alignment: number;
  /** Number of this part, from 0, number of parts, and of tensors in all parts. */
  readonly split: { readonly no: number; readonly count: number; readonly tensors: number | undefined } | undefined;
  readonly hasVocabulary: boolean;
}

/** One tensor as the header describes it. */
export interface GgufTensor {
  readonly name: string;
  /** In C order: the header has the innermost dimension first. */
  readonly shape: readonly number[];
  /** See `gguf-types.ts`. */
  readonly type: number;
  /** Of the first byte, from the start of the data. */
  readonly offset: number;
  /** Offset in the file of its description, for messages. */
  readonly entryOffset: number;
}

export interface GgufHeader {
  readonly version: number;
  readonly bigEndian: boolean;
  readonly metadata: GgufMetadata;
  readonly tensors: readonly GgufTensor[];
  /** Offset in the file at which the data starts. */
  readonly dataStart: number;
}

/** Whether a file starts as GGUF files do. Some programs on big-endian machines wrote the letters the other way round. */
export function hasGgufMagic(head: Uint8Array): boolean {
  const magic = Buffer.from(head.subarray(0, 4)).toString('latin1');
  return magic === 'GGUF' || magic === 'FUGG';
}

/**
 * Reads the header of a GGUF file, versions 1 to 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
 * @throws {FormatError}
 */
export async function readGgufHeader(cursor: GgufCursor, source: RandomAccessSource): Promise<GgufHeader> {
  const version = await readVersion(cursor, source);
  const tensorCount = cursor.size();
  const entryCount = cursor.size();
  const left = source.size - cursor.position;
  if (tensorCount > MAX_TENSORS) {
    throw cursor.fail(l10n.t('claims {0} tensors; at most {1} are read', tensorCount, MAX_TENSORS), 8);
  }
  if (entryCount > MAX_METADATA) {
    throw cursor.fail(l10n.t('claims {0} entries of metadata; at most {1} are read', entryCount, MAX_METADATA), 8);
  }
  if (tensorCount * LEAST_TENSOR_BYTES + entryCount * LEAST_METADATA_BYTES > left) {
    throw cursor.truncated(
      l10n.t('claims {0} tensors and {1} entries of metadata, more than fit into it', tensorCount, entryCount),
    );
  }
  const metadata = await readMetadata(cursor, entryCount);
  const tensors: GgufTensor[] = [];
  const names = new Set<string>();
  for (let i = 0; i < tensorCount; i++) {
    const tensor = await readTensor(cursor);
    if (names.has(tensor.name)) throw cursor.fail(l10n.t('is listed twice'), tensor.entryOffset, tensor.name);
    names.add(tensor.name);
    tensors.push(tensor);
  }
  const dataStart = Math.ceil(cursor.position / metadata.alignment) * metadata.alignment;
  return { version, bigEndian: cursor.bigEndian, metadata, tensors, dataStart };
}

async function readVersion(cursor: GgufCursor, source: RandomAccessSource): Promise<number> {
  if (source.size < 16 || !hasGgufMagic(await source.read(0, 4))) {
    throw cursor.fail(l10n.t('does not start as a GGUF file'), 0);
  }
  cursor.position = 4;
  await cursor.ahead();
  let version = cursor.u32();
  // The byte order is not written down: versions are small numbers if it is the right one.
  if (version % 65_536 === 0) {
    cursor.bigEndian = true;
    cursor.position = 4;
    version = cursor.u32();
  }
  if (version < 1 || version > 3) throw cursor.fail(l10n.t('is of GGUF version {0}; 1 to 3 are read', version), 4);
  if (version === 1) cursor.sizeBytes = 4;
  return version;
}

async function readMetadata(cursor: GgufCursor, count: number): Promise<GgufMetadata> {
  const kept = new Map<string, string | number | undefined>();
  let hasVocabulary = false;
  for (let i = 0; i < count; i++) {
    await cursor.ahead();
    const start = cursor.position;
    const key = cursor.text(MAX_KEY_BYTES, KEY);
    const type = cursor.u32();
    hasVocabulary ||= key.startsWith('tokenizer.');
    if (!KEPT.has(key)) {
      await skipValue(cursor, type, 0);
      continue;
    }
    if (kept.has(key)) throw cursor.fail(l10n.t('has "{0}" twice', key), start);
    if (key === 'general.alignment' && type !== TYPE_U32) {
      throw cursor.fail(l10n.t('has a value of "{0}" that is not of type {1}', key, 'uint32'), start);
    }
    const value = await readValue(cursor, type);
    if (key === 'general.alignment' && !isPowerOfTwo(value)) {
      throw cursor.fail(l10n.t('has an alignment of {0}, which is not a power of two', String(value)), start);
    }
    kept.set(key, value);
  }
  const number = (key: string): number | undefined => {
    const value = kept.get(key);
    return typeof value === 'number' ? value : undefined;
  };
  const text = (key: string): string | undefined => {
    const value = kept.get(key);
    return typeof value === 'string' ? value : undefined;
  };
  const parts = number('split.count') ?? 0;
  return {
    architecture: text('general.architecture'),
    type: text('general.type'),
    alignment: number('general.alignment') ?? DEFAULT_ALIGNMENT,
    split:
      parts > 1 ? { no: number('split.no') ?? 0, count: parts, tensors: number('split.tensors.count') } : undefined,
    hasVocabulary,
  };
}

const KEPT: ReadonlySet<string> = new Set([
  'general.architecture',
  'general.type',
  'general.alignment',
  'split.no',
  'split.count',
  'split.tensors.count',
]);

function isPowerOfTwo(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && Number.isInteger(Math.log2(value));
}

/** A short text or a whole number; undefined for what is neither. */
async function readValue(cursor: GgufCursor, type: number): Promise<string | number | undefined> {
  await cursor.ahead();
  switch (type) {
    case 0:
      return cursor.u8();
    case 2:
      return cursor.u16();
    case TYPE_U32:
      return cursor.u32();
    case 5:
      return cursor.i32();
    case 10:
      return cursor.u64();
    case TYPE_STRING:
      return cursor.text(MAX_KEY_BYTES, l10n.t('a value'));
    default:
      await skipValue(cursor, type, 0);
      return undefined;
  }
}

async function skipValue(cursor: GgufCursor, type: number, depth: number): Promise<void> {
  if (type === TYPE_STRING) {
    await cursor.skipTexts(1);
  } else if (type === TYPE_ARRAY) {
    await cursor.ahead();
    const start = cursor.position;
    if (depth >= MAX_NESTING) throw cursor.fail(l10n.t('has arrays nested too deep'), start);
    const items = cursor.u32();
    const count = cursor.size();
    if (items === TYPE_STRING) await cursor.skipTexts(count);
    else if (items === TYPE_ARRAY) for (let i = 0; i < count; i++) await skipValue(cursor, items, depth + 1);
    else cursor.skip(count * valueBytes(cursor, items, start));
  } else {
    cursor.skip(valueBytes(cursor, type, cursor.position - 4));
  }
}

function valueBytes(cursor: GgufCursor, type: number, offset: number): number {
  const bytes = VALUE_BYTES[type];
  if (bytes === undefined) throw cursor.fail(l10n.t('has a value of the unknown type {0}', type), offset);
  return bytes;
}

async function readTensor(cursor: GgufCursor): Promise<GgufTensor> {
  await cursor.ahead();
  const entryOffset = cursor.position;
  const name = cursor.text(MAX_NAME_LENGTH, TENSOR_NAME);
  if (name === '') throw cursor.fail(l10n.t('has a tensor without a name'), entryOffset);
  const dimensions = cursor.u32();
  if (dimensions > MAX_DIMENSIONS) {
    throw cursor.fail(
      l10n.t('has {0} dimensions; at most {1} are read', dimensions, MAX_DIMENSIONS),
      entryOffset,
      name,
    );
  }
  const shape: number[] = [];
  for (let i = 0; i < dimensions; i++) shape.unshift(cursor.size());
  const type = cursor.u32();
  const offset = cursor.u64();
  return { name, shape, type, offset, entryOffset };
}
