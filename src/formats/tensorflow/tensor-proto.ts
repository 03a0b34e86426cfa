import * as l10n from '@vscode/l10n';
import type { ProtobufFields, ProtobufInput, ProtobufRange } from '../containers/protobuf';
import { BYTES_PER_ELEMENT, type DType } from '../dtype';
import { elementCount } from '../shape';
import type { ByteExtent, TensorStorage } from '../storage';
import { dataType, STRING_TYPE } from './data-types';
import { readShape } from './shapes';

/** A constant of a graph: what a `TensorProto` (`tensor.proto`) says. */
export interface ConstantTensor {
  /** By `types.proto`. */
  readonly type: number;
  readonly shape: readonly number[];
  /** Undefined if its type is none of numbers. */
  readonly values: { readonly dtype: DType; readonly count: number; readonly storage: TensorStorage } | undefined;
}

/** Fields of numbers, each packed as a rule: which types they hold, and in which form. */
const NUMBER_FIELDS: ReadonlyMap<number, { readonly wire: 'fixed' | 'varint'; readonly types: readonly number[] }> =
  new Map([
    [5, { wire: 'fixed', types: [1] }],
    [6, { wire: 'fixed', types: [2] }],
    [7, { wire: 'varint', types: [3, 4, 5, 6, 11, 12, 13, 15, 16, 17] }],
    [9, { wire: 'fixed', types: [8] }],
    [10, { wire: 'varint', types: [9] }],
    [11, { wire: 'varint', types: [10] }],
    [12, { wire: 'fixed', types: [18] }],
    [13, { wire: 'varint', types: [14, 19] }],
    [16, { wire: 'varint', types: [22] }],
    [17, { wire: 'varint', types: [23] }],
    [18, { wire: 'fixed', types: [24, 25, 26, 28] }],
  ]);

/**
 * Varints are counted to see how often the last one is meant to be repeated. More bytes than this are too many to read
 * for a header, and are no constant that was shortened that way: those hold one value, or few.
 */
const MAX_COUNTED_BYTES = 1024 * 1024;

/** A field that is packed comes once; one that is not, once a value. Nobody writes so, but nothing forbids it. */
const MAX_PIECES = 65_536;

/**
 * Elements of one constant that stand for one stored value: a table of embeddings full of zeros is a value and a shape.
 * That many take a second to analyse, so that a file of a few bytes cannot ask for years.
 */
const MAX_REPEATED_ELEMENTS = 1 << 26;

/** @throws {FormatError} */
export async function readTensorProto(
  input: ProtobufInput,
  range: ProtobufRange,
  name: string,
): Promise<ConstantTensor> {
  let type = 0;
  let shape: number[] = [];
  let content: ByteExtent | undefined;
  const pieces = new Map<number, ByteExtent[]>();
  let pieceCount = 0;
  const fields = input.fields(range);
  while (fields.next() ?? (await fields.load())) {
    if (fields.number === 1) type = fields.int64;
    else if (fields.number === 2) shape = await readShape(input, fields.range);
    else if (fields.number === 4) content = extent(fields);
    else if (NUMBER_FIELDS.has(fields.number)) {
      if (++pieceCount > MAX_PIECES) {
        throw input.error(fields.offset, l10n.t('stores its values in more than {0} pieces', MAX_PIECES), name);
      }
      const known = pieces.get(fields.number) ?? [];
      known.push(extent(fields));
      pieces.set(fields.number, known);
    }
  }
  const dtype = dataType(type);
  if (dtype === undefined) return { type, shape, values: undefined };
  const count = elementCount(shape);
  const width = BYTES_PER_ELEMENT[dtype];
  if (count === undefined || !Number.isSafeInteger(count * width)) {
    throw input.error(range.start, l10n.t('has the impossible shape [{0}]', shape.join(', ')), name);
  }
  if (count === 0) return { type, shape, values: { dtype, count, storage: { dtype, extents: [] } } };
  if (content !== undefined && content.length > 0) {
    if (content.length !== count * width) {
      throw input.error(
        content.offset,
        l10n.t(
          'has {0} bytes; its shape [{1}] of {2} needs {3}',
          content.length,
          shape.join(', '),
          dtype,
          count * width,
        ),
        name,
      );
    }
    return { type, shape, values: { dtype, count, storage: { dtype, extents: [content] } } };
  }
  const storage = await numbersStorage(input, range, name, { dtype, type, count }, pieces);
  return { type, shape, values: { dtype, count, storage } };
}

/** Whether a type is that of strings, which constants of graphs often are. */
export function isString({ type }: ConstantTensor): boolean {
  return type === STRING_TYPE;
}

function extent(fields: ProtobufFields): ByteExtent {
  return { file: 0, offset: fields.start, length: fields.length };
}

/** Values in a field of their own; if it has fewer than the shape says, the last one is repeated. */
async function numbersStorage(
  input: ProtobufInput,
  range: ProtobufRange,
  name: string,
  { dtype, type, count }: { readonly dtype: DType; readonly type: number; readonly count: number },
  pieces: ReadonlyMap<number, readonly ByteExtent[]>,
): Promise<TensorStorage> {
  const [number, { wire }] = [...NUMBER_FIELDS].find(([, { types }]) => types.includes(type)) ?? [0, { wire: 'fixed' }];
  const extents = (pieces.get(number) ?? []).filter(({ length }) => length > 0);
  const bytes = extents.reduce((sum, { length }) => sum + length, 0);
  const width = BYTES_PER_ELEMENT[dtype];
  let stored = count;
  if (wire === 'fixed') stored = bytes / width;
  else if (bytes <= MAX_COUNTED_BYTES) stored = await countVarints(input, extents);
  if (!Number.isInteger(stored)) {
    throw input.error(range.start, l10n.t('has {0} bytes, which are no whole number of {1}', bytes, dtype), name);
  }
  const plain: TensorStorage = {
    dtype,
    extents,
    ...(wire === 'varint' && extents.length > 0 ? { coding: { kind: 'protobuf', wire } } : {}),
  };
  if (stored === count) return plain;
  if (count - stored > MAX_REPEATED_ELEMENTS) {
    throw input.error(range.start, l10n.t('has {0} elements, but stores only {1}', count, stored), name);
  }
  const last = await (wire === 'fixed' ? lastFixed : lastVarint)(input, extents, width);
  const tile = { start: [0], shape: [stored], storage: plain };
  return {
    dtype,
    extents: [],
    coding: {
      kind: 'tiles',
      shape: [count],
      tiles: stored === 0 ? [] : [tile],
      ...(last === undefined ? {} : { fill: last }),
    },
  };
}

/** The bytes of the last element of those of a fixed size. */
async function lastFixed(
  input: ProtobufInput,
  extents: readonly ByteExtent[],
  width: number,
): Promise<readonly number[] | undefined> {
  const last = extents.at(-1);
  if (last === undefined || last.length < width) return undefined;
  const end = last.offset + last.length;
  return [...(await input.bytes({ start: end - width, end, depth: 0 }, width))];
}

/** The bytes of the last element of varints. */
async function lastVarint(
  input: ProtobufInput,
  extents: readonly ByteExtent[],
  width: number,
): Promise<readonly number[] | undefined> {
  const last = extents.at(-1);
  if (last === undefined) return undefined;
  const end = last.offset + last.length;
  const bytes = await input.bytes({ start: Math.max(last.offset, end - 10), end, depth: 0 }, 10);
  let value = 0n;
  for (let at = bytes.length - 1; at >= 0 && (at === bytes.length - 1 || (bytes[at] ?? 0) >= 0x80); at--) {
    value = (value << 7n) | BigInt((bytes[at] ?? 0) & 0x7f);
  }
  return Array.from({ length: width }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

/** The number of varints: each ends with a byte whose highest bit is not set. */
async function countVarints(input: ProtobufInput, extents: readonly ByteExtent[]): Promise<number> {
  let count = 0;
  for (const { offset, length } of extents) {
    const bytes = await input.bytes({ start: offset, end: offset + length, depth: 0 }, MAX_COUNTED_BYTES);
    for (const byte of bytes) if (byte < 0x80) count++;
    if ((bytes.at(-1) ?? 0) >= 0x80) throw input.error(offset, l10n.t('has a number that is cut off'));
  }
  return count;
}
