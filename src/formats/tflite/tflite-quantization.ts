import * as l10n from '@vscode/l10n';
import type { FlatTable } from '../containers/flatbuffer';
import { MAX_DIMENSIONS } from '../limits';
import type { TensorStorage } from '../storage';
import type { TfliteModel } from './tflite-model';
import { BLOCKWISE, DETAILS, MULTI_AXIS, QUANTIZATION } from './tflite-schema';

/** Numbers and lists of numbers by which codes become values. */
export type Quantization =
  | { readonly kind: 'tensor'; readonly scale: number; readonly scales: TensorStorage; readonly zero: number }
  | {
      readonly kind: 'boxes';
      /** Size of the box that has one scale, in each dimension. */
      readonly block: readonly number[];
      readonly scales: TensorStorage;
      readonly zeros: TensorStorage | number;
    }
  | {
      /** Scales are a tensor of the subgraph, and zeros may be another one. */
      readonly kind: 'tensors';
      readonly block: readonly number[];
      readonly scales: number;
      readonly zeros: number;
    };

/** Why the values of a tensor are not known. */
export class QuantizationError extends Error {}

/**
 * How the codes of a tensor become values: (code − zero) × scale, with one scale for the tensor, for each index of a
 * dimension, or for each block.
 * @param file Index of the model's file in the checkpoint.
 * @returns undefined if codes stand for themselves
 * @throws {QuantizationError} {FormatError} if a table is malformed
 */
export async function readQuantization(
  { buffer, dialect }: TfliteModel,
  table: FlatTable | undefined,
  shape: readonly number[],
  file: number,
): Promise<Quantization | undefined> {
  if (table === undefined) return undefined;
  const details = table.uint8(QUANTIZATION.detailsType);
  if (details !== 0) {
    const isKnown = dialect === 'tflite' && details !== DETAILS.custom;
    const union = isKnown ? await table.table(QUANTIZATION.details) : undefined;
    if (union === undefined) throw new QuantizationError(l10n.t('is quantised in a way of its own'));
    return await readBlocks(union, details, shape);
  }
  const scales = await table.vector(QUANTIZATION.scale, 4);
  const zeros = await table.vector(QUANTIZATION.zeroPoint, 8);
  if (scales === undefined || scales.length === 0) return undefined;
  const zeroCount = zeros?.length ?? 0;
  if (zeroCount > 1 && zeroCount !== scales.length) throw unsound();
  let zero = 0;
  if (zeros !== undefined && zeroCount === 1) {
    zero = Number((await buffer.view(zeros.start, 8)).getBigInt64(0, true));
    // TensorFlow Lite keeps zero points in 32 bits.
    if (Math.abs(zero) > 2 ** 31) throw unsound();
  }
  const list: TensorStorage = {
    dtype: 'float32',
    extents: [{ file, offset: buffer.start + scales.start, length: 4 * scales.length }],
  };
  if (scales.length === 1) {
    return { kind: 'tensor', scale: (await buffer.view(scales.start, 4)).getFloat32(0, true), scales: list, zero };
  }
  const dimension = table.int32(QUANTIZATION.dimension);
  if (shape[dimension] !== scales.length) throw unsound();
  return {
    kind: 'boxes',
    block: shape.map((size, index) => (index === dimension ? 1 : size)),
    scales: list,
    zeros:
      zeros === undefined || zeroCount <= 1
        ? zero
        : {
            dtype: 'int64',
            extents: [{ file, offset: buffer.start + zeros.start, length: 8 * zeroCount }],
          },
  };
}

async function readBlocks(union: FlatTable, details: number, shape: readonly number[]): Promise<Quantization> {
  if (details === DETAILS.blockwise) {
    const listed = await union.int32s(BLOCKWISE.blockShape, MAX_DIMENSIONS);
    const size = union.int32(BLOCKWISE.blockSize);
    // A size alone is one of blocks along the last dimension.
    const block = listed.length > 0 ? [...listed] : shape.map((_, index) => (index < shape.length - 1 ? 1 : size));
    if (block.length !== shape.length || block.some((length) => length < 1)) throw unsound();
    return {
      kind: 'tensors',
      block,
      scales: union.int32(BLOCKWISE.scales),
      zeros: union.int32(BLOCKWISE.zeroPoints),
    };
  }
  if (details === DETAILS.multiAxis && union.int32(MULTI_AXIS.blockSize) === 0) {
    const dimensions = await union.int32s(MULTI_AXIS.dimensions, MAX_DIMENSIONS);
    return {
      kind: 'tensors',
      block: shape.map((size, index) => (dimensions.includes(index) ? 1 : size)),
      scales: union.int32(MULTI_AXIS.scales),
      zeros: union.int32(MULTI_AXIS.zeroPoints),
    };
  }
  throw new QuantizationError(l10n.t('is quantised in a way of its own'));
}

function unsound(): QuantizationError {
  return new QuantizationError(l10n.t('is quantised by scales or zero points that do not fit its shape'));
}
