import * as l10n from '@vscode/l10n';
import { BYTES_PER_ELEMENT, type DType } from '../dtype';
import { FormatError } from '../errors';
import { elementCount } from '../shape';
import type { ByteExtent, TensorStorage } from '../storage';
import type { ModelTensor, Subgraph, TfliteModel } from './tflite-model';
import { QuantizationError, readQuantization, type Quantization } from './tflite-quantization';
import { storedType, TENSOR, type StoredType } from './tflite-schema';
import { SparsityError, sparseCoding } from './tflite-sparsity';

/** How the values of a tensor are stored. */
export interface StoredTensor {
  readonly dtype: DType;
  readonly count: number;
  readonly storage: TensorStorage;
  readonly storedAs?: string;
  /** Tensors of the subgraph that hold its scales and zero points, by index. */
  readonly scaledBy?: readonly number[];
}

/** A tensor that is not read, for a reason that concerns no other. */
export class UnreadableTensorError extends Error {}

/** Where the data of a tensor are: in the file of the model, or in another one. */
export type Locate = (tensor: ModelTensor) => ByteExtent;

const REMEDY = l10n.t('The file is damaged or incomplete: copy or download it again.');

/**
 * @param file Index of the model's file in the checkpoint; `path` is that file, for messages.
 * @throws {UnreadableTensorError} {FormatError} if the tensor's data are not what its shape says.
 */
export async function storedTensor(
  model: TfliteModel,
  subgraph: Subgraph,
  tensor: ModelTensor,
  locate: Locate,
  file: number,
  path: string,
): Promise<StoredTensor> {
  const { shape, table, name, data } = tensor;
  const type = storedType(tensor.type);
  if (data === undefined || type.dtype === undefined) {
    throw new UnreadableTensorError(l10n.t('is of {0}', type.name));
  }
  if (model.dialect === 'circle' && table.int8(TENSOR.compression) !== 0) {
    throw new UnreadableTensorError(l10n.t('is compressed'));
  }
  if (data.packing !== undefined && data.packing !== '' && data.packing !== 'unpacked') {
    throw new UnreadableTensorError(l10n.t('is packed as {0}', JSON.stringify(data.packing.slice(0, 40))));
  }
  const count = elementCount(shape);
  const fail = (reason: string): FormatError =>
    new FormatError({ file: path, tensor: name, offset: model.buffer.start + table.at, reason, remedy: REMEDY });
  if (count === undefined) throw fail(l10n.t('has the impossible shape [{0}]', shape.join(', ')));

  const sparsity = await table.table(TENSOR.sparsity);
  const extent = locate(tensor);
  const flat = (length: number): TensorStorage => {
    const bytes = bytesOf(type, type.dtype ?? 'uint8', length);
    if (bytes === extent.length) return plainStorage(type, type.dtype ?? 'uint8', bytes === 0 ? [] : [extent]);
    throw fail(l10n.t('has {0} bytes of data, its shape and type need {1}', extent.length, bytes));
  };
  try {
    const quantization =
      type.quantizable === true
        ? await readQuantization(model, await table.table(TENSOR.quantization), shape, file)
        : undefined;
    const isSparse = sparsity !== undefined && count > 0;
    const codes: TensorStorage = isSparse
      ? { dtype: type.dtype, extents: [], coding: await sparseCoding(model, sparsity, shape, file, flat) }
      : flat(count);
    const words = storedWords(type, quantization, isSparse);
    const base = { count, ...(words === undefined ? {} : { storedAs: words }) };
    if (quantization === undefined || count === 0) return { ...base, dtype: type.dtype, storage: codes };
    const storage = await quantizedStorage(quantization, codes, shape, (index) => {
      const parameters = subgraph.tensors[index];
      return parameters?.data === undefined || parameters === tensor
        ? Promise.resolve(undefined)
        : storedTensor(model, withoutDetails(subgraph), parameters, locate, file, path);
    });
    const scaledBy = quantization.kind === 'tensors' ? { scaledBy: [quantization.scales, quantization.zeros] } : {};
    return { ...base, ...scaledBy, dtype: 'float32', storage };
  } catch (error) {
    if (error instanceof QuantizationError) throw new UnreadableTensorError(error.message);
    if (error instanceof SparsityError) throw fail(error.message);
    throw error;
  }
}

/** Scales are not quantised by tensors in turn: nothing refers to itself. */
function withoutDetails(subgraph: Subgraph): Subgraph {
  return { ...subgraph, tensors: [] };
}

function bytesOf({ bits }: StoredType, dtype: DType, count: number): number {
  return bits === undefined ? count * BYTES_PER_ELEMENT[dtype] : Math.ceil((count * bits) / 8);
}

function plainStorage({ bits }: StoredType, dtype: DType, extents: readonly ByteExtent[]): TensorStorage {
  if (bits === undefined) return { dtype, extents };
  const signed = dtype === 'int8' ? { signed: true as const } : {};
  return { dtype, extents, coding: { kind: 'packed', bits, ...signed, wordBytes: 1, columns: 1 } };
}

async function quantizedStorage(
  quantization: Quantization,
  codes: TensorStorage,
  shape: readonly number[],
  read: (tensor: number) => Promise<StoredTensor | undefined>,
): Promise<TensorStorage> {
  switch (quantization.kind) {
    case 'tensor': {
      const { scale, scales, zero } = quantization;
      // TensorFlow Lite rounds scale × (code − zero) once. With codes and scales of so few bits this is exact until then.
      if (BYTES_PER_ELEMENT[codes.dtype] <= 2 && Math.abs(zero) <= 65_536) {
        return { ...codes, quantization: { scale, min: zero === 0 ? 0 : -zero * scale } };
      }
      return scaled(codes, shape, shape, scales, zero);
    }
    case 'boxes':
      return scaled(codes, shape, quantization.block, quantization.scales, quantization.zeros);
    case 'tensors': {
      const { block } = quantization;
      const boxes = shape.reduce((product, size, i) => product * Math.ceil(size / (block[i] ?? 1)), 1);
      const scales = await read(quantization.scales);
      const zeros = quantization.zeros < 0 ? undefined : await read(quantization.zeros);
      if (scales?.count !== boxes || (zeros !== undefined && zeros.count !== boxes)) {
        throw new QuantizationError(l10n.t('is quantised by scales or zero points that do not fit its shape'));
      }
      return scaled(codes, shape, block, scales.storage, zeros?.storage ?? 0);
    }
  }
}

function scaled(
  codes: TensorStorage,
  shape: readonly number[],
  block: readonly number[],
  scales: TensorStorage,
  zeros: TensorStorage | number,
): TensorStorage {
  // Biases of quantised convolutions have codes of 32 and 64 bits.
  const wide = BYTES_PER_ELEMENT[codes.dtype] > 2 ? { wide: true as const } : {};
  return { dtype: 'float32', extents: [], coding: { kind: 'scaled', codes, shape, block, scales, zeros, ...wide } };
}

/** How a tensor is stored, where its type does not say it all. */
function storedWords(
  { name, bits }: StoredType,
  quantization: Quantization | undefined,
  isSparse: boolean,
): string | undefined {
  const parts = [name];
  if (quantization?.kind === 'boxes') parts.push(l10n.t('scales per channel'));
  if (quantization?.kind === 'tensors') parts.push(l10n.t('scales per block'));
  if (isSparse) parts.push(l10n.t('sparse'));
  return parts.length > 1 || bits !== undefined || quantization !== undefined ? parts.join(', ') : undefined;
}
