import * as tf from '@tensorflow/tfjs-core';
import { product } from '../../formats/shape';

export type ElementType = 'float' | 'int' | 'bool';

/** Integers of shapes, indices and bounds that are computed with one by one; longer lists are tensors. */
export const MAX_NUMBERS = 4096;

/** What a name in the graph stands for while the network runs: a tensor, or a few numbers that no tensor is made for. */
export interface Value {
  /** As ONNX has it. */
  readonly shape: readonly number[];
  readonly type: ElementType;
  /** In C order; set for what is computed from shapes and small constants. */
  readonly numbers?: readonly number[];
  readonly tensor?: tf.Tensor;
  /** The tensor is [batch, height, width, channels] where ONNX has [batch, channels, height, width]. */
  readonly channelsLast?: true;
  /** Index of the parameter that it is, maybe in another arrangement. */
  readonly parameter?: number;
  /** What the file stores as codes of quantised numbers; these are the numbers. */
  readonly dequantised?: true;
}

const DTYPES = { float: 'float32', int: 'int32', bool: 'bool' } as const;

/** A tensor in ONNX's own layout. */
export function tensorValue(tensor: tf.Tensor, parameter?: number): Value {
  const type = tensor.dtype === 'int32' ? 'int' : tensor.dtype === 'bool' ? 'bool' : 'float';
  return { shape: tensor.shape, type, tensor, ...(parameter === undefined ? {} : { parameter }) };
}

/** A tensor [batch, height, width, channels] that stands for one with the channels first. */
export function channelsLastValue(tensor: tf.Tensor): Value {
  const [batch = 1, height = 1, width = 1, channels = 1] = tensor.shape;
  return { ...tensorValue(tensor), shape: [batch, channels, height, width], channelsLast: true };
}

export function numbersValue(numbers: readonly number[], shape: readonly number[], type: ElementType): Value {
  return { shape, type, numbers };
}

/** The tensor in ONNX's layout. */
export function plain(value: Value): tf.Tensor {
  const { shape, type, numbers, tensor, channelsLast } = value;
  if (tensor === undefined) return tf.tensor([...(numbers ?? [])], [...shape], DTYPES[type]);
  if (channelsLast !== true) return tensor;
  // Without places or with one channel, both layouts have the same order.
  const [, channels, height, width] = shape;
  if ((height === 1 && width === 1) || channels === 1) return tf.reshape(tensor, [...shape]);
  return tf.transpose(tensor, [0, 3, 1, 2]);
}

/** The tensor of four dimensions with the channels last. */
export function withChannelsLast(value: Value): tf.Tensor4D {
  if (value.channelsLast === true && value.tensor !== undefined) return value.tensor as tf.Tensor4D;
  const [batch = 1, channels = 1, height = 1, width = 1] = value.shape;
  const tensor = plain(value);
  if ((height === 1 && width === 1) || channels === 1) return tf.reshape(tensor, [batch, height, width, channels]);
  return tf.transpose(tensor as tf.Tensor4D, [0, 2, 3, 1]);
}

/**
 * The tensor as an operand that is broadcast against one of four dimensions with its channels last; undefined if it has
 * more dimensions.
 */
export function operandWithChannelsLast(value: Value): tf.Tensor | undefined {
  const { shape } = value;
  if (value.channelsLast === true) return value.tensor;
  if (shape.length > 4) return undefined;
  const tensor = plain(value);
  if (product(shape) === 1) return tf.reshape(tensor, []);
  const padded = [...Array<number>(4 - shape.length).fill(1), ...shape];
  return withChannelsLast({ ...tensorValue(tf.reshape(tensor, padded)) });
}
