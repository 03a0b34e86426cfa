import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { product } from '../../formats/shape';

/** Lengths of the axes before one, of it, and of those after it, multiplied. */
function around(shape: readonly number[], axis: number): readonly [number, number, number] {
  return [product(shape.slice(0, axis)), shape[axis] ?? 1, product(shape.slice(axis + 1))];
}

function withLength(shape: readonly number[], axis: number, length: number): number[] {
  return shape.map((size, index) => (index === axis ? length : size));
}

/** Puts `step − 1` zeros between the places of an axis: its length n becomes (n − 1)·step + 1. */
export function spreadAxis(x: Tensor, axis: number, step: number): Tensor {
  if (step === 1) return x;
  const [before, length, after] = around(x.shape, axis);
  const apart = tf.pad(tf.reshape(x, [before, length, 1, after]), [
    [0, 0],
    [0, 0],
    [0, step - 1],
    [0, 0],
  ]);
  const spread = (length - 1) * step + 1;
  const joined = tf.slice(tf.reshape(apart, [before, length * step, after]), [0, 0, 0], [before, spread, after]);
  return tf.reshape(joined, withLength(x.shape, axis, spread));
}

/** Every `step`th place of an axis, from the first to the last: the transpose of {@link spreadAxis}. */
export function gatherAxis(x: Tensor, axis: number, step: number): Tensor {
  if (step === 1) return x;
  const [before, spread, after] = around(x.shape, axis);
  const length = (spread - 1) / step + 1;
  const filled = tf.pad(tf.reshape(x, [before, spread, after]), [
    [0, 0],
    [0, step - 1],
    [0, 0],
  ]);
  const first = tf.slice(tf.reshape(filled, [before, length, step, after]), [0, 0, 0, 0], [before, length, 1, after]);
  return tf.reshape(first, withLength(x.shape, axis, length));
}

/** Multiplies an axis with the transpose of a matrix [its length, new length]: Σᵢ matrix[i, j]·x[…, i, …]. */
export function contractAxis(x: Tensor, axis: number, matrix: Tensor): Tensor {
  const order = [axis, ...x.shape.map((_, index) => index).filter((index) => index !== axis)];
  const back = order.map((_, index) => order.indexOf(index));
  const [before, length, after] = around(x.shape, axis);
  const rows = tf.reshape(tf.transpose(x, order), [length, before * after]);
  const made = tf.matMul(matrix, rows, true, false);
  const newLength = matrix.shape[1] ?? 1;
  return tf.transpose(tf.reshape(made, [newLength, ...order.slice(1).map((index) => x.shape[index] ?? 1)]), back);
}
