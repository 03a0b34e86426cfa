import type { TensorRole } from '../checkpoint';
import type { NodeParameter } from '../topology';
import type { OnnxNode } from './onnx-graph';

/** What an operator takes one of its inputs for. */
export interface InputUse {
  readonly use: NodeParameter['use'];
  readonly role?: TensorRole;
  /** Dimensions along which channels run; negative ones count from the last, −1. */
  readonly outputChannels?: number;
  readonly inputChannels?: number;
}

/** Weights that an operator takes as integers, and which of its inputs say what they stand for. */
export interface QuantizedInput {
  readonly weight: number;
  readonly scale: number;
  readonly zero?: number;
  /** Dimension of the weight along which there may be several scales; negative ones count from the last, −1. */
  readonly axis: number;
  /** Two inputs whose product is the scale, in place of `scale`: those of the bias of a quantised operator. */
  readonly otherScale?: number;
}

const BIAS: InputUse = { use: 'bias', role: 'bias' };
const NORM_SCALE: InputUse = { use: 'scale', role: 'norm' };
const NORM_OFFSET: InputUse = { use: 'offset', role: 'norm' };
const MEAN: InputUse = { use: 'mean', role: 'buffer' };
const VARIANCE: InputUse = { use: 'variance', role: 'buffer' };
const CONSTANT: InputUse = { use: 'other', role: 'constant' };
const BUFFER: InputUse = { use: 'other', role: 'buffer' };
const LEARNED: InputUse = { use: 'other', role: 'other' };
const EMBEDDING: InputUse = { use: 'weight', role: 'embedding', outputChannels: -1 };
const NONE = undefined;

function weight(outputChannels: number, inputChannels: number): InputUse {
  return { use: 'weight', role: 'weight', outputChannels, inputChannels };
}

/** Kernels are [output, input, …]. */
const CONV = weight(0, 1);
/** Matrices that are multiplied from the right are […, input, output]; from the left the other way round. */
const RIGHT = weight(-1, -2);
const LEFT = weight(-2, -1);
const RECURRENT = [NONE, weight(1, 2), weight(1, 2), BIAS, CONSTANT, BUFFER, BUFFER, LEARNED];

/** By operator, for each input (operators of ONNX, and those of the domain com.microsoft that ONNX Runtime makes). */
const USES: ReadonlyMap<string, readonly (InputUse | undefined)[]> = new Map([
  ['Conv', [NONE, CONV, BIAS]],
  ['FusedConv', [NONE, CONV, BIAS]],
  ['NhwcFusedConv', [NONE, CONV, BIAS]],
  ['ConvInteger', [NONE, CONV, CONSTANT, CONSTANT]],
  ['QLinearConv', [NONE, CONSTANT, CONSTANT, CONV, CONSTANT, CONSTANT, CONSTANT, CONSTANT, BIAS]],
  ['DeformConv', [NONE, CONV, NONE, BIAS]],
  ['ConvTranspose', [NONE, weight(1, 0), BIAS]],
  ['MatMul', [LEFT, RIGHT]],
  ['MatMulInteger', [LEFT, RIGHT, CONSTANT, CONSTANT]],
  ['QLinearMatMul', [LEFT, CONSTANT, CONSTANT, RIGHT, CONSTANT, CONSTANT, CONSTANT, CONSTANT]],
  ['MatMulIntegerToFloat', [NONE, RIGHT, CONSTANT, CONSTANT, CONSTANT, CONSTANT, BIAS]],
  ['DynamicQuantizeMatMul', [NONE, RIGHT, CONSTANT, CONSTANT, BIAS]],
  ['MatMulNBits', [NONE, weight(0, 1), CONSTANT, CONSTANT, CONSTANT, BIAS]],
  ['QGemm', [NONE, CONSTANT, CONSTANT, RIGHT, CONSTANT, CONSTANT, BIAS, CONSTANT, CONSTANT]],
  ['QLinearAdd', [BIAS, CONSTANT, CONSTANT, BIAS, CONSTANT, CONSTANT, CONSTANT, CONSTANT]],
  ['QLinearMul', [NORM_SCALE, CONSTANT, CONSTANT, NORM_SCALE, CONSTANT, CONSTANT, CONSTANT, CONSTANT]],
  ['Gemm', [LEFT, RIGHT, BIAS]],
  ['FusedGemm', [LEFT, RIGHT, BIAS]],
  ['FusedMatMul', [LEFT, RIGHT]],
  [
    'Einsum',
    [
      { use: 'weight', role: 'weight' },
      { use: 'weight', role: 'weight' },
    ],
  ],
  ['BatchNormalization', [NONE, NORM_SCALE, NORM_OFFSET, MEAN, VARIANCE]],
  ['InstanceNormalization', [NONE, NORM_SCALE, NORM_OFFSET]],
  ['GroupNormalization', [NONE, NORM_SCALE, NORM_OFFSET]],
  ['GroupNorm', [NONE, NORM_SCALE, NORM_OFFSET]],
  ['LayerNormalization', [NONE, NORM_SCALE, NORM_OFFSET]],
  ['SimplifiedLayerNormalization', [NONE, NORM_SCALE]],
  ['RMSNormalization', [NONE, NORM_SCALE]],
  ['SkipLayerNormalization', [NONE, NONE, NORM_SCALE, NORM_OFFSET, BIAS]],
  ['SkipSimplifiedLayerNormalization', [NONE, NONE, NORM_SCALE, BIAS]],
  ['EmbedLayerNormalization', [NONE, NONE, EMBEDDING, EMBEDDING, EMBEDDING, NORM_SCALE, NORM_OFFSET, NONE]],
  ['LSTM', RECURRENT],
  ['GRU', RECURRENT],
  ['RNN', RECURRENT],
  [
    'DynamicQuantizeLSTM',
    [NONE, weight(2, 1), weight(2, 1), BIAS, CONSTANT, BUFFER, BUFFER, LEARNED, CONSTANT, CONSTANT, CONSTANT, CONSTANT],
  ],
  ['QAttention', [NONE, RIGHT, BIAS, CONSTANT, CONSTANT, NONE, CONSTANT, CONSTANT]],
  ['GatherBlockQuantized', [EMBEDDING, NONE, CONSTANT, CONSTANT]],
  ['PRelu', [NONE, LEARNED]],
  ['BiasGelu', [NONE, BIAS]],
  ['FastGelu', [NONE, BIAS]],
  ['QuickGelu', [NONE, BIAS]],
  ['STFT', [NONE, CONSTANT, BUFFER, CONSTANT]],
]);

/** Operators of these names with fewer inputs mean something else in another domain. */
const MICROSOFT_USES: ReadonlyMap<string, readonly (InputUse | undefined)[]> = new Map([
  ['Attention', [NONE, RIGHT, BIAS]],
  ['RotaryEmbedding', [NONE, CONSTANT, BUFFER, BUFFER]],
]);
const ONNX_USES: ReadonlyMap<string, readonly (InputUse | undefined)[]> = new Map([
  ['RotaryEmbedding', [NONE, BUFFER, BUFFER, CONSTANT]],
]);

/** Operators that take shapes, bounds, scales and the like besides what they work on. */
const CONSTANT_TAKERS = new Set([
  ...['Reshape', 'Expand', 'Slice', 'Pad', 'Tile', 'Unsqueeze', 'Squeeze', 'Resize', 'Upsample', 'TopK', 'Clip'],
  ...['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceProd', 'ReduceL1', 'ReduceL2', 'ReduceLogSum'],
  ...['ReduceLogSumExp', 'ReduceSumSquare', 'Range', 'ConstantOfShape', 'OneHot', 'Split', 'Dropout', 'Pow', 'Mod'],
  ...['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'And', 'Or', 'Not', 'Xor', 'If', 'Loop', 'CumSum'],
  ...['Trilu', 'NonMaxSuppression', 'QuantizeLinear', 'DynamicQuantizeLinear', 'DequantizeLinear', 'DFT', 'Min', 'Max'],
  ...['MelWeightMatrix', 'CenterCropPad', 'EyeLike', 'HannWindow', 'HammingWindow', 'BlackmanWindow', 'Crop'],
]);

/** Whose output a bias may be added to. */
const LINEAR = new Set([
  ...['Conv', 'ConvTranspose', 'MatMul', 'Gemm', 'FusedConv', 'FusedMatMul', 'Einsum', 'MatMulInteger', 'ConvInteger'],
  ...['MatMulNBits', 'MatMulIntegerToFloat', 'DynamicQuantizeMatMul'],
]);

/** What a node takes its input of a number for; undefined if the operator does not tell. */
export function inputUse({ operator, domain, attributes }: OnnxNode, index: number): InputUse | undefined {
  const own = (domain === 'com.microsoft' ? MICROSOFT_USES : ONNX_USES).get(operator);
  const use = (own ?? USES.get(operator))?.[index];
  if (use === LEFT || use === RIGHT) {
    const transposed = attributes.get(index === 0 ? 'transA' : 'transB')?.[0] === 1;
    return transposed ? (use === LEFT ? RIGHT : LEFT) : use;
  }
  if (use !== undefined) return use;
  return CONSTANT_TAKERS.has(operator) && index > 0 ? CONSTANT : undefined;
}

/** What is looked up in a table is an embedding. */
export const LOOKED_UP = EMBEDDING;

export function isLinear(operator: string): boolean {
  return LINEAR.has(operator);
}

/** Operators that give on what they are given, as far as its numbers are concerned, at most in another arrangement. */
export const CARRIERS = new Set([
  ...['Identity', 'Cast', 'CastLike', 'Dropout', 'DequantizeLinear', 'QuantizeLinear', 'Transpose', 'Slice'],
  ...['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Expand'],
]);

/** Quantised weights among the inputs of an operator. */
export function quantizedInputs({ operator, attributes }: OnnxNode): readonly QuantizedInput[] {
  switch (operator) {
    case 'QLinearConv':
      return [
        { weight: 0, scale: 1, zero: 2, axis: 0 },
        { weight: 3, scale: 4, zero: 5, axis: 0 },
        { weight: 8, scale: 4, otherScale: 1, axis: 0 },
      ];
    case 'QLinearMatMul':
      return [
        { weight: 0, scale: 1, zero: 2, axis: -2 },
        { weight: 3, scale: 4, zero: 5, axis: -1 },
      ];
    case 'QLinearAdd':
    case 'QLinearMul':
      return [
        { weight: 0, scale: 1, zero: 2, axis: -1 },
        { weight: 3, scale: 4, zero: 5, axis: -1 },
      ];
    case 'QGemm':
      return [
        { weight: 0, scale: 1, zero: 2, axis: 0 },
        { weight: 3, scale: 4, zero: 5, axis: attributes.get('transB')?.[0] === 1 ? 0 : 1 },
        { weight: 6, scale: 4, otherScale: 1, axis: 0 },
      ];
    case 'MatMulIntegerToFloat':
      return [{ weight: 1, scale: 3, zero: 5, axis: -1 }];
    case 'DynamicQuantizeMatMul':
      return [{ weight: 1, scale: 2, zero: 3, axis: -1 }];
    case 'DynamicQuantizeLSTM':
      return [
        { weight: 1, scale: 8, zero: 9, axis: 0 },
        { weight: 2, scale: 10, zero: 11, axis: 0 },
      ];
    case 'QAttention':
      return [{ weight: 1, scale: 4, zero: 7, axis: -1 }];
    default:
      return [];
  }
}
