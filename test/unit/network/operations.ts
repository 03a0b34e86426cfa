import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import * as reference from './float64-reference';
import type { DualArray, Window } from './float64-reference';

/** What networks of the tests are made of, once for TensorFlow.js and once for the reference in float64. */
export interface Operations<T> {
  apply(name: keyof typeof reference.FUNCTIONS, x: T): T;
  add(a: T, b: T): T;
  subtract(a: T, b: T): T;
  multiply(a: T, b: T): T;
  divide(a: T, b: T): T;
  scale(x: T, factor: number): T;
  matMul(a: T, b: T, transposeB?: boolean): T;
  conv2d(x: T, filter: T, window: Window): T;
  /** What graphs of trained models are made of: activation(x·w + b) as one operation. */
  fusedDense(x: T, matrix: T, bias: T, activation: 'linear' | 'relu'): T;
  fusedConv2d(x: T, filter: T, bias: T, activation: 'linear' | 'relu'): T;
  depthwise(x: T, filter: T, window: Window): T;
  maxPool(x: T, size: number, window: Window): T;
  avgPool(x: T, size: number, window: Window): T;
  /** Reductions keep the axes with length 1. */
  sum(x: T, axes: readonly number[]): T;
  mean(x: T, axes: readonly number[]): T;
  max(x: T, axes: readonly number[]): T;
  softmax(x: T): T;
  logSoftmax(x: T): T;
  prelu(x: T, alpha: T): T;
  reshape(x: T, shape: readonly number[]): T;
  transpose(x: T, axes: readonly number[]): T;
  /** `size` places of an axis. */
  slice(x: T, axis: number, begin: number, size: number): T;
  /** Every `step`th of an axis; backwards if negative. */
  strided(x: T, axis: number, step: number): T;
  concat(parts: readonly T[], axis: number): T;
  pad(x: T, padding: readonly (readonly [number, number])[]): T;
  tile(x: T, times: readonly number[]): T;
  gather(x: T, indices: readonly number[], axis: number): T;
  split(x: T, count: number, axis: number): readonly T[];
  unstack(x: T, axis: number): readonly T[];
}

const HALF = 0.5;

/** The Gaussian error linear unit (Hendrycks & Gimpel, arXiv 1606.08415): with erf, and its approximation with tanh. */
function gelu(x: Tensor, approximate: boolean): Tensor {
  const inner = approximate
    ? tf.tanh(tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.pow(x, 3)))))
    : tf.erf(tf.div(x, Math.SQRT2));
  return tf.mul(tf.mul(HALF, x), tf.add(1, inner));
}

const TENSOR_FUNCTIONS: Record<keyof typeof reference.FUNCTIONS, (x: Tensor) => Tensor> = {
  relu: tf.relu,
  relu6: tf.relu6,
  leakyRelu: (x) => tf.leakyRelu(x, 0.2),
  abs: tf.abs,
  elu: tf.elu,
  selu: tf.selu,
  tanh: tf.tanh,
  sigmoid: tf.sigmoid,
  softplus: tf.softplus,
  swish: (x) => tf.mul(x, tf.sigmoid(x)),
  hardSigmoid: (x) => tf.clipByValue(tf.add(tf.mul(x, 0.2), HALF), 0, 1),
  hardSwish: (x) => tf.div(tf.mul(x, tf.relu6(tf.add(x, 3))), 6),
  exp: tf.exp,
  square: tf.square,
  sqrt: tf.sqrt,
  rsqrt: tf.rsqrt,
  log: tf.log,
  reciprocal: tf.reciprocal,
  cube: (x) => tf.pow(x, 3),
  clip: (x) => tf.clipByValue(x, -HALF, HALF),
  negative: tf.neg,
  geluErf: (x) => gelu(x, false),
  geluTanh: (x) => gelu(x, true),
};

export const TENSORS: Operations<Tensor> = {
  apply: (name, x) => TENSOR_FUNCTIONS[name](x),
  add: tf.add,
  subtract: tf.sub,
  multiply: tf.mul,
  divide: tf.div,
  scale: (x, factor) => tf.mul(x, factor),
  matMul: (a, b, transposeB = false) => tf.matMul(a, b, false, transposeB),
  conv2d: (x, filter, { stride = 1, dilation = 1, pad }) =>
    tf.conv2d(x as Tensor4D, filter as Tensor4D, stride, pad, 'NHWC', dilation),
  fusedDense: (a, b, bias, activation) => tf.fused.matMul({ a, b, bias, activation }),
  fusedConv2d: (x, filter, bias, activation) =>
    tf.fused.conv2d({ x: x as Tensor4D, filter: filter as Tensor4D, strides: 1, pad: 'same', bias, activation }),
  depthwise: (x, filter, { stride = 1, dilation = 1, pad }) =>
    tf.depthwiseConv2d(x as Tensor4D, filter as Tensor4D, stride, pad, 'NHWC', dilation),
  maxPool: (x, size, { stride = 1, pad }) => tf.maxPool(x as Tensor4D, size, stride, pad),
  avgPool: (x, size, { stride = 1, pad }) => tf.avgPool(x as Tensor4D, size, stride, pad),
  sum: (x, axes) => tf.sum(x, [...axes], true),
  mean: (x, axes) => tf.mean(x, [...axes], true),
  max: (x, axes) => tf.max(x, [...axes], true),
  softmax: (x) => tf.softmax(x),
  logSoftmax: (x) => tf.logSoftmax(x),
  prelu: (x, alpha) => tf.prelu(x, alpha),
  reshape: (x, shape) => tf.reshape(x, [...shape]),
  transpose: (x, axes) => tf.transpose(x, [...axes]),
  slice: (x, axis, begin, size) =>
    tf.slice(
      x,
      x.shape.map((_, index) => (index === axis ? begin : 0)),
      x.shape.map((whole, index) => (index === axis ? size : whole)),
    ),
  strided: (x, axis, step) =>
    tf.stridedSlice(
      x,
      x.shape.map((size, index) => (index === axis && step < 0 ? size - 1 : 0)),
      x.shape.map((size, index) => (index === axis && step < 0 ? -size - 1 : size)),
      x.shape.map((_, index) => (index === axis ? step : 1)),
    ),
  concat: (parts, axis) => tf.concat([...parts], axis),
  pad: (x, padding) => tf.pad(x, padding as [number, number][]),
  tile: (x, times) => tf.tile(x, [...times]),
  gather: (x, indices, axis) => tf.gather(x, tf.tensor1d([...indices], 'int32'), axis),
  split: (x, count, axis) => tf.split(x, count, axis),
  unstack: (x, axis) => tf.unstack(x, axis),
};

function swapped(count: number): number[] {
  const axes = Array.from({ length: count }, (_, axis) => axis);
  return [...axes.slice(0, -2), count - 1, count - 2];
}

const { FUNCTIONS } = reference;

export const REFERENCE: Operations<DualArray> = {
  apply: (name, x) => reference.map(x, FUNCTIONS[name]),
  add: reference.add,
  subtract: (a, b) => reference.add(a, reference.map(b, FUNCTIONS.negative)),
  multiply: reference.multiply,
  divide: (a, b) => reference.multiply(a, reference.map(b, FUNCTIONS.reciprocal)),
  scale: (x, factor) => reference.map(x, (value) => [factor * value, factor, 0]),
  matMul: (a, b, transposeB = false) =>
    reference.matMul(a, transposeB ? REFERENCE.transpose(b, swapped(b.shape.length)) : b),
  conv2d: reference.conv2d,
  fusedDense: (x, matrix, bias, activation) => {
    const sum = reference.add(reference.matMul(x, matrix), bias);
    return activation === 'relu' ? reference.map(sum, FUNCTIONS.relu) : sum;
  },
  fusedConv2d: (x, filter, bias, activation) => {
    const sum = reference.add(reference.conv2d(x, filter, { pad: 'same' }), bias);
    return activation === 'relu' ? reference.map(sum, FUNCTIONS.relu) : sum;
  },
  depthwise: reference.depthwise,
  maxPool: reference.maxPool,
  avgPool: reference.avgPool,
  sum: reference.sum,
  mean: reference.mean,
  max: reference.max,
  softmax: (x) => reference.map(reference.logSoftmax(x), FUNCTIONS.exp),
  logSoftmax: reference.logSoftmax,
  prelu: (x, alpha) => {
    const positive = reference.map(x, FUNCTIONS.relu);
    return REFERENCE.add(positive, reference.multiply(alpha, REFERENCE.subtract(x, positive)));
  },
  reshape: reference.reshape,
  transpose: (x, axes) =>
    reference.move(
      x,
      axes.map((axis) => x.shape[axis]!),
      (position) => x.shape.map((_, axis) => position[axes.indexOf(axis)]!),
    ),
  slice: (x, axis, begin, size) =>
    reference.move(
      x,
      x.shape.map((whole, index) => (index === axis ? size : whole)),
      (position) => position.map((p, index) => (index === axis ? p + begin : p)),
    ),
  strided: (x, axis, step) => {
    const shape = x.shape.map((size, index) => (index === axis ? Math.ceil(size / Math.abs(step)) : size));
    const first = step < 0 ? x.shape[axis]! - 1 : 0;
    return reference.move(x, shape, (position) => position.map((p, index) => (index === axis ? first + p * step : p)));
  },
  concat: (parts, axis) => {
    const lengths = parts.map(({ shape }) => shape[axis]!);
    const shape = parts[0]!.shape.map((size, index) =>
      index === axis ? lengths.reduce((sum, length) => sum + length, 0) : size,
    );
    return reference.pick(shape, (position) => {
      let [part, place] = [0, position[axis]!];
      while (place >= lengths[part]!) place -= lengths[part++]!;
      return [parts[part]!, position.map((p, index) => (index === axis ? place : p))];
    });
  },
  pad: (x, padding) =>
    reference.move(
      x,
      x.shape.map((size, axis) => size + padding[axis]![0] + padding[axis]![1]),
      (position) => {
        const source = position.map((p, axis) => p - padding[axis]![0]);
        return source.every((p, axis) => p >= 0 && p < x.shape[axis]!) ? source : undefined;
      },
    ),
  tile: (x, times) =>
    reference.move(
      x,
      x.shape.map((size, axis) => size * times[axis]!),
      (position) => position.map((p, axis) => p % x.shape[axis]!),
    ),
  gather: (x, indices, axis) =>
    reference.move(
      x,
      x.shape.map((size, index) => (index === axis ? indices.length : size)),
      (position) => position.map((p, index) => (index === axis ? indices[p]! : p)),
    ),
  split: (x, count, axis) => {
    const length = x.shape[axis]! / count;
    return Array.from({ length: count }, (_, part) => REFERENCE.slice(x, axis, part * length, length));
  },
  unstack: (x, axis) =>
    REFERENCE.split(x, x.shape[axis]!, axis).map((part) =>
      reference.reshape(
        part,
        x.shape.filter((_, index) => index !== axis),
      ),
    ),
};
