import type { TensorRole } from '../checkpoint';
import type { NodeParameter } from '../topology';
import { product } from '../shape';

/** What an operator takes at one of its inputs, if that is a constant. */
export interface Operand {
  readonly use: NodeParameter['use'];
  readonly role: TensorRole;
  /** Dimensions of the operator's output and input channels; −1 is the last one. */
  readonly outputChannels?: number;
  readonly inputChannels?: number;
}

const BIAS: Operand = { use: 'bias', role: 'bias', outputChannels: 0 };
/** Output channels, height, width, input channels. */
const OHWI: Operand = { use: 'weight', role: 'weight', outputChannels: 0, inputChannels: 3 };
/** A matrix: output channels, input channels. */
const MATRIX: Operand = { use: 'weight', role: 'weight', outputChannels: 0, inputChannels: 1 };
const NORM: Operand = { use: 'scale', role: 'norm', outputChannels: 0 };
const EMBEDDING: Operand = { use: 'weight', role: 'embedding', outputChannels: -1 };
/** One number a unit: peephole connections and filters in time. */
const VECTOR: Operand = { use: 'weight', role: 'weight', outputChannels: 0 };

/** Inputs by number; those that are not listed have no role by their place. */
type Operands = ReadonlyMap<number, Operand>;

function operands(...ranges: readonly (readonly [first: number, last: number, operand: Operand])[]): Operands {
  const map = new Map<number, Operand>();
  for (const [first, last, operand] of ranges) {
    for (let input = first; input <= last; input++) map.set(input, operand);
  }
  return map;
}

const CONVOLUTION = operands([1, 1, OHWI], [2, 2, BIAS]);
const RECURRENT = operands([1, 2, MATRIX], [3, 3, BIAS]);
/** Gates' matrices for input and state, peepholes, biases, projection with its bias, and scales of layer normalisation. */
const LSTM = operands(
  [1, 8, MATRIX],
  [9, 11, VECTOR],
  [12, 15, BIAS],
  [16, 16, MATRIX],
  [17, 17, BIAS],
  [20, 23, NORM],
);

/** As the kernels of TensorFlow Lite take their inputs. */
const OPERANDS: ReadonlyMap<string, Operands> = new Map([
  ['CONV_2D', CONVOLUTION],
  ['Convolution2DTransposeBias', CONVOLUTION],
  ['DEPTHWISE_CONV_2D', operands([1, 1, { use: 'weight', role: 'weight', outputChannels: 3 }], [2, 2, BIAS])],
  ['TRANSPOSE_CONV', operands([1, 1, OHWI], [3, 3, BIAS])],
  ['CONV_3D', operands([1, 1, { use: 'weight', role: 'weight', outputChannels: 4, inputChannels: 3 }], [2, 2, BIAS])],
  [
    'CONV_3D_TRANSPOSE',
    operands([1, 1, { use: 'weight', role: 'weight', outputChannels: 3, inputChannels: 4 }], [3, 3, BIAS]),
  ],
  ['FULLY_CONNECTED', operands([1, 1, MATRIX], [2, 2, BIAS])],
  ['EMBEDDING_LOOKUP', operands([1, 1, EMBEDDING])],
  ['EMBEDDING_LOOKUP_SPARSE', operands([4, 4, EMBEDDING])],
  ['RNN', RECURRENT],
  ['UNIDIRECTIONAL_SEQUENCE_RNN', RECURRENT],
  ['BIDIRECTIONAL_SEQUENCE_RNN', operands([1, 2, MATRIX], [3, 3, BIAS], [5, 6, MATRIX], [7, 7, BIAS])],
  ['LSTM', LSTM],
  ['UNIDIRECTIONAL_SEQUENCE_LSTM', LSTM],
  [
    'BIDIRECTIONAL_SEQUENCE_LSTM',
    operands(
      ...([
        [1, 8, MATRIX],
        [9, 11, VECTOR],
        [12, 15, BIAS],
        [16, 16, MATRIX],
        [17, 17, BIAS],
      ] as const),
      ...([
        [18, 25, MATRIX],
        [26, 28, VECTOR],
        [29, 32, BIAS],
        [33, 33, MATRIX],
        [34, 34, BIAS],
      ] as const),
    ),
  ],
  ['SVDF', operands([1, 1, MATRIX], [2, 2, VECTOR], [3, 3, BIAS])],
  ['PRELU', operands([1, 1, { use: 'other', role: 'other', outputChannels: -1 }])],
]);

/** Arithmetic with a constant vector: what is left of a bias or of a normalisation that could not be folded. */
const ARITHMETIC: ReadonlyMap<string, Operand> = new Map([
  ['ADD', { use: 'bias', role: 'bias', outputChannels: -1 }],
  ['SUB', { use: 'bias', role: 'bias', outputChannels: -1 }],
  ['MUL', { use: 'scale', role: 'norm', outputChannels: -1 }],
  ['DIV', { use: 'scale', role: 'norm', outputChannels: -1 }],
]);

/** Operators that only change how a constant is stored: their output stands for their input. */
export const STORAGE_OPERATORS: ReadonlySet<string> = new Set(['DEQUANTIZE', 'DENSIFY', 'QUANTIZE', 'CAST']);

/**
 * What a constant is for an operator, or undefined if its place does not tell.
 * @param isReal Whether its values are real numbers, also such that are stored quantised.
 */
export function operandOf(
  operator: string,
  input: number,
  shape: readonly number[],
  isReal: boolean,
  adjointRight: boolean,
): Operand | undefined {
  if (!isReal) return undefined;
  const known = OPERANDS.get(operator)?.get(input);
  if (known !== undefined) return known;
  const count = product(shape);
  if (operator === 'GATHER' && input === 0 && shape.length >= 2) return EMBEDDING;
  if (operator === 'BATCH_MATMUL' && shape.length >= 2) return matrixOperand(input, shape.length, adjointRight);
  const isVector = count > 1 && shape.at(-1) === count;
  return isVector ? ARITHMETIC.get(operator) : undefined;
}

/** Of `a × b`, the constant is as a rule `b`: rows are input channels, unless it is stored transposed. */
function matrixOperand(input: number, rank: number, adjointRight: boolean): Operand {
  if (input !== 1) return { use: 'weight', role: 'weight' };
  const [outputChannels, inputChannels] = adjointRight ? [rank - 2, rank - 1] : [rank - 1, rank - 2];
  return { use: 'weight', role: 'weight', outputChannels, inputChannels };
}
