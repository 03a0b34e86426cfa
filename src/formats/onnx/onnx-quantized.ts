import * as l10n from '@vscode/l10n';
import type { ScaledCoding, TensorStorage } from '../storage';
import type { Quantization } from './onnx-record';
import type { StoredTensor } from './onnx-storage';
import { product } from '../shape';

/** The weights that codes stand for; undefined if codes, scales and zero points do not fit one another. */
export function dequantized(codes: StoredTensor, quantization: Quantization): StoredTensor | undefined {
  if (codes.count === 0) return undefined;
  return quantization.kind === 'nbits' ? packedMatrix(codes, quantization) : linear(codes, quantization);
}

function linear(codes: StoredTensor, quantization: Quantization): StoredTensor | undefined {
  const { scale, zero, otherScale, axis, block } = quantization;
  const { shape } = codes;
  const boxes = boxesOf(shape, scale.stored, axis, block);
  if (boxes === undefined) return undefined;
  const box = boxes.map((number, dimension) => {
    if (number === 1) return shape[dimension] ?? 1;
    return dimension === axis && block > 0 ? block : 1;
  });
  const isFloat = codes.dtype.startsWith('float');
  const zeros = isFloat || zero === undefined ? undefined : spread(zero.stored, boxes);
  if (zero !== undefined && !isFloat && zeros === undefined) return undefined;
  const own = spread(scale.stored, boxes);
  if (own === undefined) return undefined;
  const scales = otherScale === undefined ? own : productOf(own, otherScale.stored, boxes);
  if (scales === undefined) return undefined;
  const { storage } = codes;
  const roundedTo = resultType(quantization);
  const coding: ScaledCoding = {
    kind: 'scaled',
    codes: storage,
    ...{ shape, block: box, scales },
    ...(zeros === undefined ? {} : { zeros }),
    ...(roundedTo === undefined ? {} : { roundedTo }),
  };
  const type = codes.storedAs ?? codes.dtype;
  return {
    ...codes,
    dtype: 'float32',
    storage: { dtype: 'float32', extents: [], coding },
    storedAs: described(type, boxes, axis, block),
  };
}

/** DequantizeLinear gives what its attribute says, or numbers of the type of its scale. */
function resultType({ scale, rounds, output }: Quantization): ScaledCoding['roundedTo'] {
  if (!rounds) return undefined;
  const type = output === undefined ? scale.stored.dtype : output === 10 ? 'float16' : output === 16 ? 'bfloat16' : '';
  return type === 'float16' || type === 'bfloat16' ? type : undefined;
}

/** How many scales there are in each dimension. */
function boxesOf(
  shape: readonly number[],
  scale: StoredTensor,
  axis: number | undefined,
  block: number,
): readonly number[] | undefined {
  if (scale.count === 1) return shape.map(() => 1);
  const size = axis === undefined ? undefined : shape[axis];
  if (size === undefined) return undefined;
  if (block > 0) {
    const boxes = shape.map((length, dimension) => (dimension === axis ? Math.ceil(length / block) : length));
    return boxes.length === scale.shape.length && boxes.every((number, i) => number === scale.shape[i])
      ? boxes
      : undefined;
  }
  return scale.count === size ? shape.map((_, dimension) => (dimension === axis ? size : 1)) : undefined;
}

/** A storage that has an element a box: one that has a single element gives it for all. */
function spread({ storage, count }: StoredTensor, boxes: readonly number[]): TensorStorage | undefined {
  const wanted = product(boxes);
  if (count === wanted) return storage;
  return count === 1 ? { ...storage, strides: boxes.map(() => 0) } : undefined;
}

function productOf(scales: TensorStorage, other: StoredTensor, boxes: readonly number[]): TensorStorage | undefined {
  if (other.count !== 1 || scales.dtype !== 'float32' || other.dtype !== 'float32') return undefined;
  const coding: ScaledCoding = { kind: 'scaled', codes: scales, shape: boxes, block: boxes, scales: other.storage };
  return { dtype: 'float32', extents: [], coding };
}

/**
 * MatMulNBits of ONNX Runtime: codes of each row are packed into whole blocks, the lowest bits first; the zero point is
 * the middle of the codes where there is no tensor of them; those are packed as the codes are, in whole bytes a row.
 */
function packedMatrix(codes: StoredTensor, quantization: Quantization): StoredTensor | undefined {
  const { scale, zero, block, nBits, groups } = quantization;
  if (nBits === undefined || codes.dtype !== 'uint8' || codes.storage.coding !== undefined) return undefined;
  const { bits, rows, columns } = nBits;
  if ((bits !== 2 && bits !== 4 && bits !== 8) || !(block > 0) || !(rows > 0) || !(columns > 0)) return undefined;
  const blocks = Math.ceil(columns / block);
  const padded = blocks * block;
  const shape = [rows, columns];
  const count = rows * columns;
  if (!Number.isSafeInteger(rows * padded * bits) || codes.count * 8 !== rows * padded * bits) return undefined;
  if (scale.stored.count !== rows * blocks) return undefined;
  const zeros = zero === undefined ? 2 ** (bits - 1) : packedZeros(zero.stored, bits, rows, blocks);
  if (zeros === undefined || (groups !== undefined && groups.stored.count !== columns)) return undefined;
  const coding: ScaledCoding = {
    kind: 'scaled',
    codes: { ...codes.storage, coding: { kind: 'packed', bits, wordBytes: 1, columns: 1 } },
    shape: [rows, padded],
    block: [1, block],
    scales: scale.stored.storage,
    zeros,
    ...(groups === undefined || padded !== columns ? {} : { groups: { axis: 1, index: groups.stored.storage } }),
  };
  if (groups !== undefined && padded !== columns) return undefined;
  const strides = padded === columns ? {} : { strides: [padded, 1] };
  return {
    dtype: 'float32',
    ...{ shape, count },
    storage: { dtype: 'float32', extents: [], coding, ...strides },
    storedAs: l10n.t('{0} bits, blocks of {1}', bits, block),
  };
}

function packedZeros(zero: StoredTensor, bits: 2 | 4 | 8, rows: number, blocks: number): TensorStorage | undefined {
  if (zero.dtype !== 'uint8') return zero.count === rows * blocks ? zero.storage : undefined;
  const rowBytes = Math.ceil((blocks * bits) / 8);
  if (zero.count !== rows * rowBytes || zero.storage.coding !== undefined) return undefined;
  const perRow = (rowBytes * 8) / bits;
  return {
    ...zero.storage,
    coding: { kind: 'packed', bits, wordBytes: 1, columns: 1 },
    ...(perRow === blocks ? {} : { strides: [perRow, 1] }),
  };
}

function described(type: string, boxes: readonly number[], axis: number | undefined, block: number): string {
  if (boxes.every((number) => number === 1)) return l10n.t('{0}, one scale', type);
  return block > 0
    ? l10n.t('{0}, blocks of {1}', type, block)
    : l10n.t('{0}, scales along dimension {1}', type, axis ?? 0);
}
