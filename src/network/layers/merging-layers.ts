import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import type { Shape } from './layer';
import type { LayerKind, LayerSettings } from './layer-settings';

/** Layers that combine their inputs number by number; sizes of 1 are repeated. */
function elementwise(
  combine: (a: Tensor, b: Tensor) => Tensor,
  finish?: (sum: Tensor, count: number) => Tensor,
): LayerKind {
  return (settings, inputs) => {
    if (inputs.length < 2) throw settings.refused(l10n.t('takes one input only'));
    const outputShape = inputs.slice(1).reduce((shape, next) => broadcast(settings, shape, next), inputs[0]);
    return {
      outputShape,
      variables: [],
      run(values) {
        const result = values.reduce((a, b) => combine(a, b));
        return finish === undefined ? result : finish(result, values.length);
      },
    };
  };
}

function broadcast(settings: LayerSettings, a: Shape, b: Shape): Shape {
  // Fewer dimensions would be set against the batch: Keras arranges them in its own way.
  if (a.length !== b.length) throw settings.unfit(b);
  return a.map((size, dimension) => {
    const other = b[dimension] ?? -1;
    if (size === other || other === 1) return size;
    if (size === 1) return other;
    if (size < 0 || other < 0) return Math.max(size, other);
    throw settings.unfit(b);
  });
}

export const add = elementwise((a, b) => tf.add(a, b));
export const multiply = elementwise((a, b) => tf.mul(a, b));
export const maximum = elementwise((a, b) => tf.maximum(a, b));
export const minimum = elementwise((a, b) => tf.minimum(a, b));
export const average = elementwise(
  (a, b) => tf.add(a, b),
  (sum, count) => tf.div(sum, count),
);
const difference = elementwise((a, b) => tf.sub(a, b));

export const subtract: LayerKind = (settings, inputs) => {
  if (inputs.length !== 2) throw settings.refused(l10n.t('takes {0} inputs', inputs.length));
  return difference(settings, inputs);
};

export const concatenate: LayerKind = (settings, inputs) => {
  const [shape, ...others] = inputs;
  const rank = shape.length;
  const axis = settings.dimension(settings.number('axis', -1), rank);
  const sizes = [...shape];
  for (const other of others) {
    const fits = other.length === rank && other.every((size, d) => d === axis || size === shape[d] || size < 0);
    if (!fits) throw settings.unfit(other);
    const [own = -1, added = -1] = [sizes[axis], other[axis]];
    sizes[axis] = own < 0 || added < 0 ? -1 : own + added;
  }
  return { outputShape: sizes, variables: [], run: (values) => tf.concat([...values], axis + 1) };
};

/** Sums of products along one dimension of each of two inputs. */
export const dot: LayerKind = (settings, inputs) => {
  const [a, b] = inputs;
  if (b === undefined || inputs.length !== 2) throw settings.refused(l10n.t('takes {0} inputs', inputs.length));
  const axes = settings.integers('axes');
  const [axisA, axisB] = axes.length === 1 ? [axes[0], axes[0]] : axes;
  if (axisA === undefined || axisB === undefined || axes.length > 2) throw settings.wrong('axes');
  for (const shape of inputs) if (shape.length < 1 || shape.length > 2) throw settings.unfit(shape);
  const [alongA, alongB] = [settings.dimension(axisA, a.length), settings.dimension(axisB, b.length)];
  if (a[alongA] !== b[alongB]) throw settings.unfit(b);
  const normalize = settings.flag('normalize', false);
  const rest = [...a.filter((_, d) => d !== alongA), ...b.filter((_, d) => d !== alongB)];
  const outputShape = rest.length === 0 ? [1] : rest;
  return {
    outputShape,
    variables: [],
    run([x, y]) {
      if (x === undefined || y === undefined) throw new Error('Dot: an input is missing');
      const [left, right] = normalize ? [unit(x, alongA + 1), unit(y, alongB + 1)] : [x, y];
      const product = tf.matMul(asMatrices(left, alongA + 1), asMatrices(right, alongB + 1), false, true);
      const [batch = 0, rows = 1, columns = 1] = product.shape;
      const sizes = [...(a.length === 2 ? [rows] : []), ...(b.length === 2 ? [columns] : [])];
      return tf.reshape(product, [batch, ...(sizes.length === 0 ? [1] : sizes)]);
    },
  };
};

/** Of length 1 along an axis, as Keras does it: lengths under √10⁻¹² count as that (Keras 3: backend `l2_normalize`). */
function unit(x: Tensor, axis: number): Tensor {
  return tf.mul(x, tf.rsqrt(tf.maximum(tf.sum(tf.square(x), axis, true), 1e-12)));
}

/** Brings an axis to the end of [batch, rows, length]. */
function asMatrices(x: Tensor, axis: number): tf.Tensor3D {
  if (x.rank === 2) return tf.expandDims(x, 1);
  return (axis === 2 ? x : tf.transpose(x, [0, 2, 1])) as tf.Tensor3D;
}
