import * as tf from '@tensorflow/tfjs-core';
import type { Operator, OperatorCall } from '../onnx-call';
import { channelsLastValue, numbersValue, plain, tensorValue, type Value } from '../onnx-value';
import { product } from '../../../formats/shape';

interface Reduction {
  readonly tensor: (x: tf.Tensor, axes: number[], keep: boolean) => tf.Tensor;
  /** Of whole numbers, as sizes are. */
  readonly numbers?: (numbers: readonly number[]) => number;
}

const REDUCTIONS: Readonly<Record<string, Reduction>> = {
  ReduceMean: { tensor: (x, axes, keep) => tf.mean(x, axes, keep) },
  ReduceSum: {
    tensor: (x, axes, keep) => tf.sum(x, axes, keep),
    numbers: (numbers) => numbers.reduce((sum, number) => sum + number, 0),
  },
  ReduceProd: {
    tensor: (x, axes, keep) => tf.prod(x, axes, keep),
    numbers: (numbers) => product(numbers),
  },
  ReduceMax: { tensor: (x, axes, keep) => tf.max(x, axes, keep), numbers: (numbers) => Math.max(...numbers) },
  ReduceMin: { tensor: (x, axes, keep) => tf.min(x, axes, keep), numbers: (numbers) => Math.min(...numbers) },
  ReduceL1: { tensor: (x, axes, keep) => tf.sum(tf.abs(x), axes, keep) },
  ReduceL2: { tensor: (x, axes, keep) => tf.sqrt(tf.sum(tf.square(x), axes, keep)) },
  ReduceSumSquare: { tensor: (x, axes, keep) => tf.sum(tf.square(x), axes, keep) },
  ReduceLogSumExp: { tensor: (x, axes, keep) => tf.logSumExp(x, axes, keep) },
};

/** Where dimensions of [batch, channels, height, width] are with the channels last. */
const CHANNELS_LAST_AXES: readonly number[] = [0, 3, 1, 2];

function reduce(call: OperatorCall, { tensor, numbers: ofNumbers }: Reduction): Value {
  const value = call.input(0);
  const rank = value.shape.length;
  const given = call.numbersOf('axes', 1)?.map((axis) => call.axis(axis, rank));
  const keep = call.integer('keepdims', 1) !== 0;
  const leavesAlone = call.integer('noop_with_empty_axes', 0) !== 0;
  const none = given === undefined || given.length === 0;
  if (none && leavesAlone) return value;
  const axes = none ? value.shape.map((_, axis) => axis) : given;
  if (value.tensor === undefined && value.numbers !== undefined && rank <= 1 && ofNumbers !== undefined) {
    return numbersValue([ofNumbers(value.numbers)], keep ? value.shape.map(() => 1) : [], value.type);
  }
  if (value.channelsLast === true && value.tensor !== undefined) {
    const own = axes.map((axis) => CHANNELS_LAST_AXES[axis] ?? axis);
    if (keep) return channelsLastValue(tensor(value.tensor, own, true));
    // Without height and width, what is left is in the order of ONNX.
    if (axes.includes(2) && axes.includes(3)) return tensorValue(tensor(value.tensor, own, false));
  }
  return tensorValue(tensor(plain(value), axes, keep));
}

/** Sums, means and extremes over dimensions. */
export const REDUCTION: Readonly<Record<string, Operator>> = Object.fromEntries(
  Object.entries(REDUCTIONS).map(([name, reduction]): [string, Operator] => [name, (call) => reduce(call, reduction)]),
);
