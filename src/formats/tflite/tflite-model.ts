import * as l10n from '@vscode/l10n';
import type { FlatBuffer } from '../containers/flatbuffer';
import { type FlatTable, type FlatVector } from '../containers/flatbuffer';
import { MAX_DIMENSIONS, MAX_FILES, MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import {
  BATCH_MATMUL_OPTIONS,
  BUFFER,
  CUSTOM_OPERATOR,
  EXTERNAL_BUFFER,
  EXTERNAL_BUFFER_GROUP,
  MODEL,
  OPERATOR,
  OPERATOR_CODE,
  operatorName,
  SUBGRAPH,
  TENSOR,
} from './tflite-schema';

/** Operators, as nearly each makes one tensor. */
const MAX_OPERATORS = MAX_TENSORS;

/** Bodies of loops and signatures each have one; published models have under 100. */
const MAX_SUBGRAPHS = 10_000;

/** Inputs of one operator: a concatenation may have some hundreds. */
const MAX_OPERANDS = 100_000;

/** Tables that are read between two prefetches. */
const BATCH = 2048;

const BUFFERS = l10n.t('buffers');
const EXTERNAL_BUFFERS = l10n.t('external buffers');
const BUFFER_GROUPS = l10n.t('files');
const OPERATOR_CODES = l10n.t('operator codes');
const OPERATORS = l10n.t('operators');
const SUBGRAPHS = l10n.t('subgraphs');
const TENSORS = l10n.t('tensors');

/** Bytes of a tensor: in the file of the model, or in another one. */
export interface TensorData {
  /** Name of the other file. */
  readonly file?: string;
  /** From the start of the model, or of the other file. */
  readonly start: number;
  readonly length: number;
  /** How the bytes of another file are laid out. */
  readonly packing?: string;
}

/** A tensor of a subgraph: a constant if it has data, else a value that is computed. */
export interface ModelTensor {
  readonly name: string;
  readonly table: FlatTable;
  /** Of constants; values that are computed have shapes that only the runtime knows. */
  readonly shape: readonly number[];
  readonly type: number;
  readonly data: TensorData | undefined;
}

export interface ModelOperator {
  readonly operator: string;
  /** Indices of tensors of the subgraph; −1 for those that are left out. */
  readonly inputs: Int32Array;
  readonly outputs: Int32Array;
  /** Of BATCH_MATMUL: whether the second factor is stored transposed. */
  readonly adjointRight: boolean;
}

export interface Subgraph {
  readonly name: string;
  readonly tensors: readonly ModelTensor[];
  readonly operators: readonly ModelOperator[];
  readonly inputs: Int32Array;
  readonly outputs: Int32Array;
}

export interface TfliteModel {
  readonly dialect: 'tflite' | 'circle';
  readonly buffer: FlatBuffer;
  readonly subgraphs: readonly Subgraph[];
}

/** Which of the two formats the first bytes of a file are of. */
export function tfliteDialect(head: Uint8Array): TfliteModel['dialect'] | undefined {
  const identifier = Buffer.from(head.subarray(4, 8)).toString('latin1');
  return identifier === 'TFL3' ? 'tflite' : identifier === 'CIR0' ? 'circle' : undefined;
}

/** Reads the tables of a model, but no weights. @throws {FormatError} */
export async function readModel(buffer: FlatBuffer, dialect: TfliteModel['dialect']): Promise<TfliteModel> {
  const model = await buffer.root();
  const codes = await readOperatorCodes(buffer, model);
  const buffers = new ModelBuffers(
    buffer,
    await model.tables(MODEL.buffers, MAX_TENSORS, BUFFERS),
    await readExternalBuffers(buffer, model, dialect),
  );
  const subgraphs: Subgraph[] = [];
  let tensors = 0;
  let operators = 0;
  for (const at of await model.tables(MODEL.subgraphs, MAX_SUBGRAPHS, SUBGRAPHS)) {
    const table = await buffer.table(at);
    const tensorTables = await table.tables(SUBGRAPH.tensors, MAX_TENSORS - tensors, TENSORS);
    const operatorTables = await table.tables(SUBGRAPH.operators, MAX_OPERATORS - operators, OPERATORS);
    tensors += tensorTables.length;
    operators += operatorTables.length;
    subgraphs.push({
      name: await table.string(SUBGRAPH.name, MAX_NAME_LENGTH),
      tensors: await readTensors(buffer, tensorTables, buffers, dialect),
      operators: await readOperators(buffer, operatorTables, codes),
      inputs: await table.int32s(SUBGRAPH.inputs, MAX_OPERANDS),
      outputs: await table.int32s(SUBGRAPH.outputs, MAX_OPERANDS),
    });
  }
  return { dialect, buffer, subgraphs };
}

/** Tables one after the other; their pages are read many at a time. */
async function* eachTable(buffer: FlatBuffer, positions: readonly number[]): AsyncGenerator<FlatTable> {
  for (let first = 0; first < positions.length; first += BATCH) {
    const batch = positions.slice(first, first + BATCH);
    await buffer.prefetch(batch);
    for (const at of batch) yield await buffer.table(at);
  }
}

async function readTensors(
  buffer: FlatBuffer,
  positions: readonly number[],
  buffers: ModelBuffers,
  dialect: TfliteModel['dialect'],
): Promise<ModelTensor[]> {
  const tables: FlatTable[] = [];
  for await (const table of eachTable(buffer, positions)) tables.push(table);
  await buffers.prefetch(tables.map((table) => table.uint32(TENSOR.buffer)));
  const tensors: ModelTensor[] = [];
  for (const table of tables) {
    const index = table.uint32(TENSOR.buffer);
    const external = dialect === 'tflite' ? table.uint32(TENSOR.externalBuffer) : 0;
    const found = external === 0 ? await buffers.get(index, table) : buffers.external(external, table);
    // Without data it is a value that is computed, or a sparse tensor without any value but zero.
    const data = found?.length === 0 && !table.has(TENSOR.sparsity) ? undefined : found;
    tensors.push({
      name: await table.string(TENSOR.name, MAX_NAME_LENGTH),
      table,
      shape: data === undefined ? [] : [...(await table.int32s(TENSOR.shape, MAX_DIMENSIONS))],
      type: table.int8(TENSOR.type),
      data,
    });
  }
  return tensors;
}

async function readOperators(
  buffer: FlatBuffer,
  positions: readonly number[],
  codes: readonly string[],
): Promise<ModelOperator[]> {
  const operators: ModelOperator[] = [];
  for await (const table of eachTable(buffer, positions)) {
    const options =
      table.uint8(OPERATOR.optionsType) === BATCH_MATMUL_OPTIONS.unionType
        ? await table.table(OPERATOR.options)
        : undefined;
    operators.push({
      operator: codes[table.uint32(OPERATOR.code)] ?? CUSTOM_OPERATOR,
      inputs: await table.int32s(OPERATOR.inputs, MAX_OPERANDS),
      outputs: await table.int32s(OPERATOR.outputs, MAX_OPERANDS),
      adjointRight: options !== undefined && options.uint8(BATCH_MATMUL_OPTIONS.adjointRight) !== 0,
    });
  }
  return operators;
}

async function readOperatorCodes(buffer: FlatBuffer, model: FlatTable): Promise<string[]> {
  const names: string[] = [];
  for await (const table of eachTable(buffer, await model.tables(MODEL.operatorCodes, MAX_OPERATORS, OPERATOR_CODES))) {
    // Numbers had a byte once; the larger of both fields is meant, and Circle's own are negative in the new one.
    const code = table.int32(OPERATOR_CODE.code);
    const name = operatorName(code < 0 ? code : Math.max(code, table.int8(OPERATOR_CODE.shortCode)));
    const custom = name === CUSTOM_OPERATOR ? await table.string(OPERATOR_CODE.customCode, MAX_NAME_LENGTH) : '';
    names.push(custom === '' ? name : custom);
  }
  return names;
}

/** By their identifier. */
async function readExternalBuffers(
  buffer: FlatBuffer,
  model: FlatTable,
  dialect: TfliteModel['dialect'],
): Promise<ReadonlyMap<number, TensorData>> {
  const buffers = new Map<number, TensorData>();
  if (dialect === 'circle') return buffers;
  const groups: string[] = [];
  for (const at of await model.tables(MODEL.bufferGroups, MAX_FILES, BUFFER_GROUPS)) {
    groups.push(await (await buffer.table(at)).string(EXTERNAL_BUFFER_GROUP.name, MAX_NAME_LENGTH));
  }
  const positions = await model.tables(MODEL.externalBuffers, MAX_TENSORS, EXTERNAL_BUFFERS);
  for await (const table of eachTable(buffer, positions)) {
    const id = table.uint32(EXTERNAL_BUFFER.id);
    const file = groups[table.uint32(EXTERNAL_BUFFER.group)];
    if (file === undefined || buffers.has(id)) {
      throw buffer.error(
        table.at,
        file === undefined
          ? l10n.t('has an external buffer in a file that it does not name')
          : l10n.t('has two external buffers with the number {0}', id),
      );
    }
    buffers.set(id, {
      file,
      start: table.uint64(EXTERNAL_BUFFER.offset),
      length: table.uint64(EXTERNAL_BUFFER.length),
      packing: await table.string(EXTERNAL_BUFFER.packing, MAX_NAME_LENGTH),
    });
  }
  return buffers;
}

/** The buffers of a model, each read when a tensor refers to it: others hold metadata. */
class ModelBuffers {
  private readonly known = new Map<number, TensorData | undefined>();

  constructor(
    private readonly buffer: FlatBuffer,
    private readonly positions: readonly number[],
    private readonly externals: ReadonlyMap<number, TensorData>,
  ) {}

  async prefetch(indices: readonly number[]): Promise<void> {
    const wanted = indices.filter((index) => !this.known.has(index)).map((index) => this.positions[index] ?? -1);
    await this.buffer.prefetch(wanted);
  }

  /** Data of a buffer; undefined if it has none. */
  async get(index: number, tensor: FlatTable): Promise<TensorData | undefined> {
    if (this.known.has(index)) return this.known.get(index);
    const at = this.positions[index];
    if (at === undefined) {
      // The first buffer is the one of tensors without data; a model without any needs none.
      if (index === 0) return undefined;
      throw this.buffer.error(tensor.at, l10n.t('has a tensor in buffer {0}, which does not exist', index));
    }
    const data = await this.read(await this.buffer.table(at));
    this.known.set(index, data);
    return data;
  }

  external(id: number, tensor: FlatTable): TensorData {
    const data = this.externals.get(id);
    if (data !== undefined) return data;
    throw this.buffer.error(tensor.at, l10n.t('has a tensor in buffer {0}, which does not exist', id));
  }

  private async read(table: FlatTable): Promise<TensorData | undefined> {
    const vector: FlatVector | undefined = await table.vector(BUFFER.data, 1);
    if (vector !== undefined && vector.length > 0) return vector;
    // Models of more than 2 GB have their data behind the flatbuffer. Offsets of 0 and 1 stand for none.
    const start = table.uint64(BUFFER.offset);
    const length = table.uint64(BUFFER.size);
    if (start <= 1) return vector;
    if (start + length > this.buffer.size) {
      throw this.buffer.error(
        table.at,
        l10n.t('has data in bytes {0} to {1}; it has {2}', start, start + length, this.buffer.size),
      );
    }
    return { start, length };
  }
}
