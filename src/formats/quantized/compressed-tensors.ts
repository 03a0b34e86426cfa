import * as l10n from '@vscode/l10n';
import type { TensorEntry } from '../checkpoint';
import type { PackedCoding, TensorStorage } from '../storage';
import { blockOf, blockText } from './boxes';
import {
  floatStorage,
  matrixOf,
  partStorage,
  plainStorage,
  present,
  required,
  scaled,
  stemOf,
  unfit,
  UnfitError,
  unpacked,
  weightEntry,
  type GroupContext,
  type QuantizationMethod,
} from './parts';

type Bits = PackedCoding['bits'];

/**
 * compressed-tensors' `pack-quantized`: integers of some bits, moved to be positive, packed along the inputs as one stream
 * of bits a row; zero points are packed along the outputs.
 */
export const compressedMethod: QuantizationMethod = {
  claims: ({ name, dtype }, tensors) =>
    name.endsWith('weight_packed') && dtype === 'int32' && tensors.has(`${stemOf(name, '_packed')}_scale`),
  async decode(codes, context) {
    const { tensors } = context;
    const name = stemOf(codes.name, '_packed');
    const scales = required(tensors, `${name}_scale`);
    const [outputs, words] = matrixOf(codes, ['int32']);
    const { inputs, bits, constants } = await inputsAndBits(name, outputs, words, context);
    const shape = [outputs, inputs];
    const block = blockOf(shape, scales.shape);
    if (block === undefined || scales.shape.length !== 2) throw unfit(scales);
    const zeros = tensors.get(`${name}_zero_point`);
    const index = tensors.get(`${name}_g_idx`);
    if (index !== undefined && (index.dtype !== 'int32' || index.shape.length !== 1 || index.count !== inputs)) {
      throw unfit(index);
    }
    const table = signedTable(bits);
    const storage = scaled({
      codes: unpacked(codes, { bits, wordBytes: 4, columns: 1, table }, 'int8'),
      shape,
      block,
      scales: floatStorage(scales, scales.count),
      ...(zeros === undefined ? {} : { zeros: zeroStorage(zeros, scales, bits) }),
      ...(index === undefined ? {} : { groups: { axis: 1, index: plainStorage(index) } }),
    });
    const label = `int${bits} (compressed-tensors, ${blockText(shape, block)})`;
    return {
      weight: weightEntry(name, shape, storage, label, codes, tensors),
      consumed: [codes, scales, ...(zeros ? [zeros] : []), ...(index ? [index] : [])],
      constants: [...constants, ...present(tensors, [`${stemOf(name, 'weight')}input_scale`])],
    };
  },
};

/** The shape of the weight stands in a tensor of two integers; how wide a code is follows from it. */
async function inputsAndBits(
  name: string,
  outputs: number,
  words: number,
  { tensors, config, reader }: GroupContext,
): Promise<{ inputs: number; bits: Bits; constants: TensorEntry[] }> {
  const shapeTensor = tensors.get(`${name}_shape`);
  if (shapeTensor === undefined) {
    const { bits } = config;
    if (!isBits(bits)) throw new UnfitError(l10n.t('its codes have no known width'));
    return { inputs: (words * 32) / bits, bits, constants: [] };
  }
  const [rows, inputs] = await readIntegers(shapeTensor, reader);
  const bits = inputs === undefined ? undefined : (words * 32) / inputs;
  if (rows !== outputs || inputs === undefined) throw unfit(shapeTensor);
  // Rows that do not fill their last word, and (older versions) words with unused bits, are not decoded.
  if (!isBits(bits)) throw new UnfitError(l10n.t('its codes have no known width'));
  return { inputs, bits, constants: [shapeTensor] };
}

async function readIntegers(tensor: TensorEntry, reader: GroupContext['reader']): Promise<number[]> {
  const width = tensor.dtype === 'int64' ? 8 : tensor.dtype === 'int32' ? 4 : 0;
  if (width === 0 || tensor.count !== 2) throw unfit(tensor);
  const bytes = Buffer.from(await reader.read(tensor, 16));
  return [0, width].map((at) => (width === 8 ? Number(bytes.readBigInt64LE(at)) : bytes.readInt32LE(at)));
}

function isBits(bits: number | undefined): bits is Bits {
  return bits !== undefined && [1, 2, 3, 4, 5, 6, 8].includes(bits);
}

function signedTable(bits: Bits): readonly number[] {
  return Array.from({ length: 2 ** bits }, (_, code) => code - 2 ** (bits - 1));
}

/** Zero points of the same boxes: packed down the columns, or (written by older versions) a byte each. */
function zeroStorage(zeros: TensorEntry, scales: TensorEntry, bits: Bits): TensorStorage {
  const [rows, columns] = matrixOf(scales, [scales.dtype]);
  const [zeroRows, zeroColumns] = matrixOf(zeros, ['int32', 'int8']);
  if (zeroColumns !== columns) throw unfit(zeros);
  if (zeros.dtype === 'int8') {
    if (zeroRows !== rows) throw unfit(zeros);
    return partStorage(zeros);
  }
  if (zeroRows !== Math.ceil((rows * bits) / 32)) throw unfit(zeros);
  return unpacked(zeros, { bits, wordBytes: 4, columns, table: signedTable(bits) }, 'int8');
}
