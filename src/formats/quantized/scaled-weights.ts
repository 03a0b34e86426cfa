import type { TensorEntry } from '../checkpoint';
import { isFloatingPoint, type DType } from '../dtype';
import type { ScaledCoding, TensorStorage } from '../storage';
import { blockOf, blockText, type Block } from './boxes';
import { E2M1_VALUES } from './float4';
import {
  floatStorage,
  partStorage,
  plainStorage,
  present,
  scaled,
  seenAs,
  stemOf,
  unfit,
  unpacked,
  weightEntry,
  type DecodedWeight,
  type GroupContext,
  type QuantizationMethod,
} from './parts';

/** Boxes of 8-bit floats where neither shapes nor configuration say how large they are: DeepSeek's. */
const USUAL_BLOCK: readonly number[] = [128, 128];

/** Names of the scales of a weight `x.weight`, after `x.`; the first that exists is meant. */
const SCALES: readonly string[] = ['weight_scale_inv', 'weight_scale', 'scale_weight', 'scale_inv', 'scale'];
/** What is kept beside such weights for the values that flow through the layer. */
const ACTIVATIONS: readonly string[] = [
  'input_scale',
  'scale_input',
  'input_global_scale',
  'input_zero_point',
  'output_scale',
  'pre_quant_scale',
  'weight_scale_max',
  'weight_shape',
  'comfy_quant',
];

/** Names of the parts that may lie beside the codes. */
interface PartNames {
  readonly weight: string;
  readonly scales: readonly string[];
  readonly zeros: string;
  /** A second scale, of the scales: they are divided by it (compressed-tensors) or multiplied (ModelOpt). */
  readonly divisor: string;
  readonly factor: string;
  readonly constants: readonly string[];
}

/**
 * Weights of 8-bit floats, 8-bit integers or pairs of 4-bit floats with scales beside them, as DeepSeek, compressed-tensors
 * (float-, int-, nvfp4- and mxfp4-quantized), ModelOpt, FBGEMM, Quark and ComfyUI name them.
 */
export const scaledMethod: QuantizationMethod = {
  claims: (codes, tensors) => isCodes(codes) && present(tensors, partNames(codes.name).scales).length > 0,
  decode(codes, context) {
    const names = partNames(codes.name);
    const [scales] = present(context.tensors, names.scales);
    if (scales === undefined) throw unfit(codes);
    const isPairs = codes.dtype === 'uint8';
    const isFloat4 = isPairs || codes.storage.coding?.kind === 'packed';
    return isFloat4 ? float4(codes, scales, isPairs, names, context) : plain(codes, scales, names, context);
  },
};

function isCodes({ name, dtype, storage }: TensorEntry): boolean {
  if (dtype.startsWith('float8_')) return dtype !== 'float8_e8m0fnu';
  if (storage.coding?.kind === 'packed') return dtype === 'float32';
  return (dtype === 'int8' || dtype === 'uint8') && /(^|[._])weight(_packed)?$/.test(name);
}

function partNames(name: string): PartNames {
  const named = /(^|\.)weight(_packed)?$/.exec(name);
  // Experts in one tensor (`experts.gate_up_proj`) have no "weight" in their name.
  const stem = named === null ? `${name}_` : stemOf(name, named[0].slice(named[1]?.length ?? 0));
  const weight = named === null ? name : `${stem}weight`;
  const scales = named === null ? ['scale_inv', 'scale', 'weight_scale'] : SCALES;
  return {
    weight,
    scales: scales.map((suffix) => stem + suffix),
    zeros: `${stem}weight_zero_point`,
    divisor: `${stem}weight_global_scale`,
    factor: `${stem}weight_scale_2`,
    constants: ACTIVATIONS.map((suffix) => stem + suffix),
  };
}

function plain(codes: TensorEntry, scales: TensorEntry, names: PartNames, context: GroupContext): DecodedWeight {
  const { tensors, config } = context;
  const { shape } = codes;
  // Bytes beside weights are bare exponents (MXFP8).
  const isExponents = isExponent(scales.dtype);
  const usual = config.blockSize === undefined ? [USUAL_BLOCK] : [config.blockSize, USUAL_BLOCK];
  const block = blockOf(shape, scales.shape, isExponents ? [] : usual);
  if (block === undefined) throw unfit(scales);
  const zeros = tensors.get(names.zeros);
  const storage = scaled({
    codes: plainStorage(codes),
    shape,
    block,
    scales: isExponents ? exponents(scales) : floatStorage(scales, scales.count),
    ...(zeros === undefined ? {} : { zeros: zeroStorage(zeros, scales) }),
  });
  const type = codes.dtype.startsWith('float8_') ? codes.dtype : 'int8';
  const label = `${type} (${blockText(shape, block)})`;
  return {
    weight: weightEntry(names.weight, shape, storage, label, codes, tensors),
    consumed: [codes, scales, ...(zeros ? [zeros] : [])],
    constants: present(tensors, names.constants),
  };
}

function float4(
  codes: TensorEntry,
  scales: TensorEntry,
  isPairs: boolean,
  names: PartNames,
  context: GroupContext,
): DecodedWeight {
  const { tensors } = context;
  const last = codes.shape.at(-1);
  if (last === undefined) throw unfit(codes);
  const shape = isPairs ? [...codes.shape.slice(0, -1), 2 * last] : codes.shape;
  const boxes = scales.shape.at(-1) ?? 1;
  const block = blockOf(shape, scales.shape);
  // One scale for a whole tensor or channel is that of ternary and 2-bit codes, which are packed otherwise.
  if (block === undefined || scales.shape.length !== shape.length || boxes * 16 > (shape.at(-1) ?? 0))
    throw unfit(scales);
  const [size] = block.slice(-1);
  const isMicroscaled = isExponent(scales.dtype);
  if (size !== (isMicroscaled ? 32 : 16) || (!isMicroscaled && scales.dtype !== 'float8_e4m3fn')) throw unfit(scales);
  const second = isMicroscaled ? undefined : secondScale(scales, names, context);
  const storage = scaled({
    codes: isPairs
      ? unpacked(codes, { bits: 4, wordBytes: 1, columns: 1, table: E2M1_VALUES }, 'float32')
      : codes.storage,
    shape,
    block,
    scales: isMicroscaled ? exponents(scales) : (second?.storage ?? floatStorage(scales, scales.count)),
  });
  const label = isMicroscaled ? 'float4 (MXFP4, groups of 32)' : 'float4 (NVFP4, groups of 16)';
  return {
    weight: weightEntry(names.weight, shape, storage, label, codes, tensors),
    consumed: [codes, scales, ...(second ? [second.tensor] : [])],
    constants: present(tensors, names.constants),
  };
}

/** Scales that are scaled themselves. */
function secondScale(
  scales: TensorEntry,
  { divisor, factor }: PartNames,
  { tensors }: GroupContext,
): { readonly storage: TensorStorage; readonly tensor: TensorEntry } | undefined {
  const divides = tensors.get(divisor);
  const tensor = divides ?? tensors.get(factor);
  if (tensor === undefined) return undefined;
  const block: Block | undefined = blockOf(scales.shape, tensor.shape);
  if (block === undefined) throw unfit(tensor);
  const coding: Omit<ScaledCoding, 'kind'> = {
    codes: plainStorage(scales),
    shape: scales.shape,
    block,
    scales: floatStorage(tensor, tensor.count),
    ...(divides === undefined ? {} : { inverse: true }),
  };
  return { storage: scaled(coding), tensor };
}

function isExponent(dtype: DType): boolean {
  return dtype === 'uint8' || dtype === 'float8_e8m0fnu';
}

function exponents(scales: TensorEntry): TensorStorage {
  return seenAs(plainStorage(scales), 'float8_e8m0fnu');
}

function zeroStorage(zeros: TensorEntry, scales: TensorEntry): TensorStorage {
  const known = isFloatingPoint(zeros.dtype) || zeros.dtype === 'int8' || zeros.dtype === 'uint8';
  if (!known || zeros.count !== scales.count) throw unfit(zeros);
  return partStorage(zeros);
}
