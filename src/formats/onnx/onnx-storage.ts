import * as l10n from '@vscode/l10n';
import type { ProtobufInput } from '../containers/protobuf';
import { BYTES_PER_ELEMENT, type DType } from '../dtype';
import { elementCount } from '../shape';
import type { ByteExtent, TensorStorage } from '../storage';
import type { ExternalFiles } from './onnx-external';
import type { ConstantValue } from './onnx-graph';
import type { ProtoSparseTensor, ProtoTensor, TypedNumbers } from './onnx-tensor';
import { ONNX_TYPES, type NumberField, type OnnxType } from './onnx-types';

/** Numbers of one packed `value_ints` attribute: it lists sizes of dimensions. */
const MAX_CONSTANT_NUMBERS = 1_000_000;

/** A sparse tensor takes next to no bytes, so that nothing in the file bounds its shape; reading this many takes a minute. */
const MAX_SPARSE_ELEMENTS = 2 ** 33;

/** A tensor whose values can be found. */
export interface StoredTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly count: number;
  readonly storage: TensorStorage;
  /** Type in the words of ONNX, where `dtype` is not that. */
  readonly storedAs?: string;
}

/** Why a tensor is listed in a note only. */
export type Unstored = 'strings' | 'unknown-type' | 'without-data';

/** Finds out where the values of tensors are, and checks sizes against shapes. */
export class TensorPlacer {
  constructor(
    private readonly input: ProtobufInput,
    private readonly external: ExternalFiles,
  ) {}

  /** @throws {FormatError} if shape and bytes do not agree */
  tensor(tensor: ProtoTensor, name: string): StoredTensor | Unstored {
    const type = ONNX_TYPES.get(tensor.dataType);
    if (type?.name === 'STRING') return 'strings';
    if (type?.dtype === undefined || tensor.segment) return 'unknown-type';
    const { dtype } = type;
    const shape = tensor.dims;
    const count = this.count(shape, tensor.offset, name);
    const found = { dtype, shape, count, ...(type.packed === undefined ? {} : { storedAs: type.name }) };
    if (count === 0) return { ...found, storage: { dtype, extents: [] } };
    if (tensor.external !== undefined) {
      const bytes = storedBytes(type, dtype, count);
      const extents = [this.external.extent(tensor.external, bytes, name, tensor.offset)];
      return { ...found, storage: rawStorage(type, dtype, extents) };
    }
    if (tensor.raw !== undefined) {
      const { start, end } = tensor.raw;
      if (end === start) return 'without-data';
      const bytes = storedBytes(type, dtype, count);
      if (end - start !== bytes) {
        throw this.input.error(
          start,
          l10n.t('has {0} bytes of values where its shape takes {1}', end - start, bytes),
          name,
        );
      }
      return { ...found, storage: rawStorage(type, dtype, [{ file: 0, offset: start, length: bytes }]) };
    }
    if (tensor.numbers === undefined) return 'without-data';
    return { ...found, storage: this.typedStorage(tensor.numbers, type, dtype, count, name) };
  }

  /** @throws {FormatError} */
  sparse(sparse: ProtoSparseTensor, name: string): StoredTensor | Unstored {
    const values = this.tensor(sparse.values, name);
    if (typeof values === 'string') return values;
    const indices = this.tensor(sparse.indices, name);
    if (typeof indices === 'string') return indices;
    const count = this.count(sparse.dims, sparse.offset, name);
    if (count > MAX_SPARSE_ELEMENTS) {
      throw this.input.error(
        sparse.offset,
        l10n.t('has a sparse tensor of more than {0} elements', MAX_SPARSE_ELEMENTS),
        name,
      );
    }
    const [rows = 0, columns] = indices.shape;
    const perDimension = indices.shape.length === 2;
    const agrees =
      indices.dtype === 'int64' &&
      values.shape.length === 1 &&
      rows === values.count &&
      (perDimension ? columns === sparse.dims.length : indices.shape.length === 1) &&
      (count > 0 || values.count === 0);
    if (!agrees) {
      throw this.input.error(sparse.offset, l10n.t('has sparse values and indices that do not belong together'), name);
    }
    const { dtype } = values;
    const shape = sparse.dims;
    const coding = {
      kind: 'sparse',
      ...{ shape, count: values.count, values: values.storage, indices: indices.storage, perDimension },
    } as const;
    const storage: TensorStorage = { dtype, extents: [], ...(count === 0 ? {} : { coding }) };
    return { dtype, shape, count, storage, storedAs: l10n.t('sparse, {0} values', values.count) };
  }

  /** @throws {FormatError} */
  async constant(constant: ConstantValue, name: string): Promise<StoredTensor | Unstored> {
    switch (constant.kind) {
      case 'tensor':
        return this.tensor(constant.tensor, name);
      case 'sparse':
        return this.sparse(constant.sparse, name);
      case 'string':
        return 'strings';
      case 'numbers': {
        const { scalar, numbers } = constant;
        const isFloat = numbers.field === 2 || numbers.field === 7;
        const type: OnnxType = isFloat ? FLOAT_ATTRIBUTE : INT_ATTRIBUTE;
        const dtype = isFloat ? 'float32' : 'int64';
        const count = scalar ? 1 : await this.countNumbers(numbers, isFloat);
        const storage = this.typedStorage(numbers, type, dtype, count, name);
        return { dtype, shape: scalar ? [] : [count], count, storage };
      }
    }
  }

  private async countNumbers({ runs, count }: TypedNumbers, isFloat: boolean): Promise<number> {
    if (count !== undefined) return count;
    if (isFloat) return Math.floor(runs.reduce((bytes, { start, end }) => bytes + end - start, 0) / 4);
    let counted = 0;
    for (const run of runs) {
      counted += (await this.input.packedInt64({ ...run, depth: 0 }, MAX_CONSTANT_NUMBERS - counted)).length;
    }
    return counted;
  }

  private count(shape: readonly number[], offset: number, name: string): number {
    const count = elementCount(shape);
    // 16 bytes are the most that an element has.
    if (count !== undefined && Number.isSafeInteger(count * 16)) return count;
    const shown = `[${shape.slice(0, 8).join(', ')}${shape.length > 8 ? ', …' : ''}]`;
    throw this.input.error(offset, l10n.t('has the impossible shape {0}', shown), name);
  }

  private typedStorage(
    numbers: TypedNumbers,
    type: OnnxType,
    dtype: DType,
    count: number,
    name: string,
  ): TensorStorage {
    const expected = type.numbers;
    const offset = numbers.runs[0]?.start ?? 0;
    if (expected === undefined || (expected.field !== numbers.field && expected.field !== 0)) {
      throw this.input.error(offset, l10n.t('has values in a field that is not for its type, {0}', type.name), name);
    }
    const stored = numberCount(type, expected, count);
    const bytes = numbers.runs.reduce((total, { start, end }) => total + end - start, 0);
    if (!holds(numbers, expected, stored, bytes)) {
      throw this.input.error(offset, l10n.t('has another number of values than its shape says'), name);
    }
    const extents = numbers.runs.map(({ start, end }) => ({ file: 0, offset: start, length: end - start }));
    const { wire } = expected;
    if (numbers.packed && wire !== 'varint') return { dtype, extents };
    const coding = { kind: 'protobuf', wire, ...(numbers.packed ? {} : { tagged: true as const }) } as const;
    if (type.packed === undefined) return { dtype, extents, coding };
    const words: TensorStorage = { dtype: 'uint8', extents, coding };
    return { dtype, extents: [], coding: { ...packedCoding(type, stored === count), words } };
  }
}

const FLOAT_ATTRIBUTE: OnnxType = { name: 'FLOAT', numbers: { field: 0, wire: 'fixed32', perElement: 1 } };
const INT_ATTRIBUTE: OnnxType = { name: 'INT64', numbers: { field: 0, wire: 'varint', perElement: 1 } };

/** Bytes of `count` elements as raw data. */
function storedBytes(type: OnnxType, dtype: DType, count: number): number {
  return type.packed === undefined ? count * BYTES_PER_ELEMENT[dtype] : Math.ceil((count * type.packed.bits) / 8);
}

/** How many numbers of a typed field make `count` elements: types of 6 bits have one each, those of 4 and 2 share. */
function numberCount(type: OnnxType, field: NumberField, count: number): number {
  if (type.packed === undefined) return count * field.perElement;
  return type.packed.bits === 6 ? count : Math.ceil((count * type.packed.bits) / 8);
}

/** Whether so many bytes can be so many numbers. */
function holds({ packed, count }: TypedNumbers, { wire }: NumberField, numbers: number, bytes: number): boolean {
  if (!packed) return count === numbers;
  switch (wire) {
    case 'varint':
      return bytes >= numbers && bytes <= 10 * numbers;
    case 'fixed32':
      return bytes === 4 * numbers;
    case 'fixed64':
      return bytes === 8 * numbers;
  }
}

function rawStorage(type: OnnxType, dtype: DType, extents: readonly ByteExtent[]): TensorStorage {
  return { dtype, extents, ...(type.packed === undefined ? {} : { coding: packedCoding(type, false) }) };
}

/** @param single Each byte holds one element, in its low bits. */
function packedCoding({ packed }: OnnxType, single: boolean): Extract<TensorStorage['coding'], { kind: 'packed' }> {
  const { bits, signed, table } = packed ?? { bits: 4 };
  const wide = single && bits === 6;
  return {
    kind: 'packed',
    bits: wide ? 8 : bits,
    wordBytes: 1,
    columns: 1,
    ...(signed === undefined ? {} : { signed }),
    ...(table === undefined ? {} : { table: wide ? [...table, ...table, ...table, ...table] : table }),
  };
}
