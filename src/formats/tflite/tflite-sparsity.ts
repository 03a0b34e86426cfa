import * as l10n from '@vscode/l10n';
import type { FlatTable } from '../containers/flatbuffer';
import { BYTES_PER_ELEMENT, type DType } from '../dtype';
import { MAX_DIMENSIONS } from '../limits';
import type { LevelsCoding, StorageLevel, TensorStorage } from '../storage';
import { INDEX_TYPES, SPARSE_DIMENSION, SPARSITY } from './tflite-schema';
import type { TfliteModel } from './tflite-model';
import { product } from '../shape';

/**
 * Values that a sparse tensor may store: their places take 8 bytes each while it is read. Sparse tensors are made for
 * phones; those of published models have under a million.
 */
export const MAX_SPARSE_VALUES = 64 * 1024 * 1024;

/**
 * Size of a dimension of a sparse tensor, which no data in the file backs: scales are assigned to indices one by one, in
 * 128 MB of memory at most. Published vocabularies have under a million entries.
 */
export const MAX_SPARSE_DIMENSION = 16 * 1024 * 1024;

const DIMENSIONS = l10n.t('dimensions');

/** Thrown with what is wrong with the description of a sparse tensor; the caller knows which tensor it is. */
export class SparsityError extends Error {}

/**
 * The coding of a sparse tensor. Dimensions, and then those of the blocks that some dimensions are cut into, are levels of
 * a tree in `traversal_order`; `block_map` says which dimension each of the blocks' cuts.
 * @param file Index of the model's file in the checkpoint.
 * @throws {SparsityError} if the lists do not fit one another; {FormatError} if a table is malformed.
 */
export async function sparseCoding(
  { buffer }: TfliteModel,
  sparsity: FlatTable,
  shape: readonly number[],
  file: number,
  values: (count: number) => TensorStorage,
): Promise<LevelsCoding> {
  const order = await sparsity.int32s(SPARSITY.traversalOrder, 2 * MAX_DIMENSIONS);
  const blockMap = await sparsity.int32s(SPARSITY.blockMap, MAX_DIMENSIONS);
  const positions = await sparsity.tables(SPARSITY.dimensions, 2 * MAX_DIMENSIONS, DIMENSIONS);
  if (shape.some((size) => size > MAX_SPARSE_DIMENSION)) {
    throw new SparsityError(l10n.t('is sparse with a dimension of more than {0}', MAX_SPARSE_DIMENSION));
  }
  const rank = shape.length;
  const depth = rank + blockMap.length;
  const isOrder = order.length === depth && isPermutation(order, 0, rank) && isPermutation(order, rank, depth);
  if (positions.length !== depth || !isOrder) throw unsound();
  const tables: FlatTable[] = [];
  for (const at of positions) tables.push(await buffer.table(at));

  const { blocks, sizes, strides } = cutIntoBlocks(shape, blockMap, (block) => {
    const table = tables[order.indexOf(rank + block)];
    return table?.int32(SPARSE_DIMENSION.denseSize) ?? 0;
  });
  const levels: StorageLevel[] = [];
  let nodes = 1;
  for (const [depthOf, table] of tables.entries()) {
    const dimension = order[depthOf] ?? 0;
    const block = blocks[dimension - rank];
    const size = block?.size ?? sizes[dimension] ?? 0;
    const stride = block?.stride ?? strides[dimension] ?? 0;
    const format = table.int8(SPARSE_DIMENSION.format);
    if (format === 0) {
      if (table.int32(SPARSE_DIMENSION.denseSize) !== size) throw unsound();
      levels.push({ size, stride });
      nodes *= size;
    } else if (format === 1 && block === undefined) {
      const segments = await indexList(table, SPARSE_DIMENSION.segmentsType, buffer.start, file);
      const indices = await indexList(table, SPARSE_DIMENSION.indicesType, buffer.start, file);
      // A segment for each node above: what the file does not hold it cannot make us allocate either.
      if (segments.count !== nodes + 1) throw unsound();
      nodes = indices.count;
      levels.push({
        size,
        stride,
        compressed: {
          segments: segments.storage,
          segmentCount: segments.count,
          indices: indices.storage,
          indexCount: indices.count,
        },
      });
    } else {
      throw unsound();
    }
    if (nodes > MAX_SPARSE_VALUES) {
      throw new SparsityError(l10n.t('is sparse with more than {0} values', MAX_SPARSE_VALUES));
    }
  }
  return { kind: 'levels', levels, count: nodes, values: values(nodes) };
}

/** Sizes and strides of the dimensions, in blocks, and of the blocks. */
function cutIntoBlocks(
  shape: readonly number[],
  blockMap: Int32Array,
  blockSize: (block: number) => number,
): { blocks: { size: number; stride: number }[]; sizes: number[]; strides: number[] } {
  const sizes = [...shape];
  const strides = shape.map((_, dimension) => product(shape.slice(dimension + 1)));
  const blocks: { size: number; stride: number }[] = [];
  for (const [block, dimension] of blockMap.entries()) {
    const whole = shape[dimension];
    const size = blockSize(block);
    const stride = strides[dimension] ?? 0;
    const isCut = blockMap.indexOf(dimension) !== block;
    if (whole === undefined || isCut || size < 1 || whole % size !== 0) throw unsound();
    blocks.push({ size, stride });
    sizes[dimension] = whole / size;
    strides[dimension] = stride * size;
  }
  return { blocks, sizes, strides };
}

/** Segments or indices of a level; the type of the union stands before the union. */
async function indexList(
  table: FlatTable,
  typeField: number,
  base: number,
  file: number,
): Promise<{ storage: TensorStorage; count: number }> {
  const dtype: DType | undefined = INDEX_TYPES[table.uint8(typeField)];
  if (dtype === undefined) throw unsound();
  const width = BYTES_PER_ELEMENT[dtype];
  const list = await table.table(typeField + 1);
  const vector = await list?.vector(0, width);
  if (vector === undefined) throw unsound();
  const length = vector.length * width;
  const extents = length === 0 ? [] : [{ file, offset: base + vector.start, length }];
  return { storage: { dtype, extents }, count: vector.length };
}

/** Whether the places from `start` on hold each of the numbers from `start` on once. */
function isPermutation(order: Int32Array, start: number, end: number): boolean {
  const part = order.slice(start, end);
  return new Set(part).size === end - start && part.every((number) => number >= start && number < end);
}

function unsound(): SparsityError {
  return new SparsityError(l10n.t('is sparse, but its lists of places do not fit its shape'));
}
