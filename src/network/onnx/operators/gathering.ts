import * as tf from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import type { Operator, OperatorCall } from '../onnx-call';
import { MAX_NUMBERS, plain, tensorValue, type Value } from '../onnx-value';
import { along, pickedNumbers, reshaped } from './shapes';
import { product } from '../../../formats/shape';

function gather(call: OperatorCall): Value {
  const value = call.input(0);
  const indices = call.input(1);
  const { shape } = value;
  const axis = call.axis(call.integer('axis', 0), shape.length);
  const size = shape[axis] ?? 0;
  const result = [...shape.slice(0, axis), ...indices.shape, ...shape.slice(axis + 1)];
  call.checkShape(result);
  const places = indices.numbers?.map((index) => call.axis(index, size));
  if (places !== undefined) {
    if (value.tensor === undefined && product(result) <= MAX_NUMBERS) {
      return { ...pickedNumbers(value, axis, places), shape: result };
    }
    const [first = 0] = places;
    if (value.tensor !== undefined && places.every((place, index) => place === first + index)) {
      return reshaped(call, along(call, value, axis, first, places.length), result);
    }
    const picked = tf.gather(plain(value), tf.tensor1d(places, 'int32'), axis);
    return tensorValue(tf.reshape(picked, result));
  }
  const places32 = tf.cast(plain(indices), 'int32');
  const fromFront = tf.where(tf.less(places32, 0), tf.add(places32, tf.scalar(size, 'int32')), places32);
  return tensorValue(tf.gather(plain(value), tf.cast(fromFront, 'int32'), axis));
}

/** Parts of a tensor by their places in its first dimensions, which are the last dimension of the indices. */
function gatherNd(call: OperatorCall): Value {
  call.expect('batch_dims', 0);
  const value = call.input(0);
  const indices = call.input(1);
  const depth = indices.shape.at(-1) ?? 0;
  const { shape } = value;
  if (depth < 1 || depth > shape.length) {
    throw call.refusal(l10n.t('the shape [{0}] cannot become [{1}]', shape.join(', '), indices.shape.join(', ')));
  }
  const sizes = shape.slice(0, depth);
  const rest = shape.slice(depth);
  const result = [...indices.shape.slice(0, -1), ...rest];
  call.checkShape(result);
  const rows: Value = { ...value, shape: [product(sizes), ...rest] };
  const flat = value.tensor === undefined ? rows : tensorValue(tf.reshape(plain(value), [...rows.shape]));
  if (indices.numbers !== undefined) {
    const { numbers } = indices;
    const places = Array.from({ length: numbers.length / depth }, (_, row) =>
      sizes.reduce((place, size, at) => place * size + call.axis(numbers[row * depth + at] ?? 0, size), 0),
    );
    if (value.tensor === undefined && product(result) <= MAX_NUMBERS) {
      return { ...pickedNumbers(flat, 0, places), shape: result };
    }
    return tensorValue(tf.reshape(tf.gather(plain(flat), tf.tensor1d(places, 'int32')), result));
  }
  const columns = tf.unstack(tf.reshape(tf.cast(plain(indices), 'int32'), [-1, depth]), 1);
  const places = sizes.reduce<tf.Tensor>(
    (place, size, at) => {
      const own = columns[at] ?? tf.scalar(0, 'int32');
      const fromFront = tf.where(tf.less(own, 0), tf.add(own, tf.scalar(size, 'int32')), own);
      return tf.add(tf.mul(place, tf.scalar(size, 'int32')), fromFront);
    },
    tf.scalar(0, 'int32'),
  );
  return tensorValue(tf.reshape(tf.gather(plain(flat), tf.cast(places, 'int32') as tf.Tensor1D), result));
}

/** Operators that take what is at some places. */
export const GATHERING: Readonly<Record<string, Operator>> = { Gather: gather, GatherND: gatherNd };
