import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayerVariable, Shape } from './layer';
import type { LayerKind, LayerSettings } from './layer-settings';
import { product } from '../../formats/shape';

/** Arranges a vector (or several dimensions) along axes of a tensor, for arithmetic with it. */
function along(values: Tensor, dimensions: readonly number[], rank: number): Tensor {
  const shape = new Array<number>(rank).fill(1);
  dimensions.forEach((dimension, index) => {
    shape[dimension + 1] = values.shape[index] ?? 1;
  });
  return tf.reshape(values, shape);
}

/** γ and β, of which a layer may lack one or both. */
function affine(settings: LayerSettings, shape: Shape): LayerVariable[] {
  return [
    ...(settings.flag('scale', true) ? [{ name: 'gamma', shape, role: 'norm' as const }] : []),
    ...(settings.flag('center', true) ? [{ name: 'beta', shape, role: 'norm' as const }] : []),
  ];
}

/** As at inference: by the running statistics. Ioffe & Szegedy (2015), algorithm 2. */
export const batchNormalization: LayerKind = (settings, inputs) => {
  const shape = settings.single(inputs);
  const [given = -1, more] = settings.integers('axis', [-1]);
  if (more !== undefined) throw settings.wrong('axis');
  const axis = settings.dimension(given, shape.length);
  const size = settings.known(shape, axis);
  const epsilon = settings.number('epsilon', 1e-3);
  settings.only('renorm', [false]);
  const own = affine(settings, [size]);
  return {
    outputShape: shape,
    variables: [
      ...own,
      { name: 'moving_mean', shape: [size], role: 'buffer' },
      { name: 'moving_variance', shape: [size], role: 'buffer' },
    ],
    run([x], variables) {
      const [mean, variance] = variables.slice(own.length);
      if (x === undefined || mean === undefined || variance === undefined) throw new Error('A variable is missing');
      const vector = (values: Tensor): Tensor => along(values, [axis], x.rank);
      const normal = tf.mul(tf.sub(x, vector(mean)), vector(tf.rsqrt(tf.add(variance, epsilon))));
      return scaledAndShifted(normal, own, variables, vector);
    },
  };
};

function scaledAndShifted(
  normal: Tensor,
  own: readonly LayerVariable[],
  variables: readonly Tensor[],
  arrange: (values: Tensor) => Tensor,
): Tensor {
  return own.reduce((values, { name }, index) => {
    const variable = variables[index];
    if (variable === undefined) throw new Error(`The variable ${name} is missing`);
    return name === 'gamma' ? tf.mul(values, arrange(variable)) : tf.add(values, arrange(variable));
  }, normal);
}

/** Ba, Kiros & Hinton, Layer Normalization (2016), with the population's variance. */
export const layerNormalization: LayerKind = (settings, inputs) => {
  const shape = settings.single(inputs);
  const axes = settings.integers('axis', [-1]).map((axis) => settings.dimension(axis, shape.length));
  const dimensions = [...new Set(axes)].sort((a, b) => a - b);
  const epsilon = settings.number('epsilon', 1e-3);
  settings.only('rms_scaling', [false]);
  const own = affine(
    settings,
    dimensions.map((dimension) => settings.known(shape, dimension)),
  );
  return {
    outputShape: shape,
    variables: own,
    run([x], variables) {
      if (x === undefined) throw new Error('LayerNormalization: an input is missing');
      const reduced = dimensions.map((dimension) => dimension + 1);
      const centred = tf.sub(x, tf.mean(x, reduced, true));
      const variance = tf.mean(tf.square(centred), reduced, true);
      const normal = tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon)));
      return scaledAndShifted(normal, own, variables, (values) => along(values, dimensions, x.rank));
    },
  };
};

/** value · scale + offset, numbers of the configuration. */
export const rescaling: LayerKind = (settings, inputs) => {
  const shape = settings.single(inputs);
  const scale = settings.number('scale', 1);
  const offset = settings.number('offset', 0);
  return {
    outputShape: shape,
    variables: [],
    run([x]) {
      if (x === undefined) throw new Error('Rescaling: an input is missing');
      return tf.add(tf.mul(x, scale), offset);
    },
  };
};

/** Deviations under this count as this: `epsilon()` of Keras' backends. */
const MIN_DEVIATION = 1e-7;

/** (x − mean) / √variance, by statistics that were taken from data before training. */
export const normalization: LayerKind = (settings, inputs) => {
  const shape = settings.single(inputs);
  settings.only('invert', [false]);
  const value = settings.value('axis');
  const axes = value === null || value === undefined || (Array.isArray(value) && value.length === 0);
  const dimensions = axes ? [] : settings.integers('axis').map((axis) => settings.dimension(axis, shape.length));
  dimensions.sort((a, b) => a - b);
  const sizes = dimensions.map((dimension) => settings.known(shape, dimension));
  const given = settings.value('mean') !== undefined;
  const constants = given ? [constantOf(settings, 'mean', sizes), constantOf(settings, 'variance', sizes)] : [];
  return {
    outputShape: shape,
    variables: given
      ? []
      : [
          { name: 'mean', shape: sizes, role: 'buffer' },
          { name: 'variance', shape: sizes, role: 'buffer' },
        ],
    run([x], variables) {
      const [mean, variance] = given ? constants.map((values) => tf.tensor(values, sizes)) : variables;
      if (x === undefined || mean === undefined || variance === undefined) throw new Error('A variable is missing');
      const deviation = tf.maximum(tf.sqrt(variance), MIN_DEVIATION);
      return tf.div(tf.sub(x, along(mean, dimensions, x.rank)), along(deviation, dimensions, x.rank));
    },
  };
};

/** Numbers of the configuration, in lists in lists; one stands for all. */
function constantOf(settings: LayerSettings, name: string, shape: Shape): number[] {
  const numbers: number[] = [];
  const count = product(shape);
  const collect = (value: unknown, depth: number): void => {
    if (typeof value === 'number' && numbers.length < count) numbers.push(value);
    else if (Array.isArray(value) && depth < 8) for (const one of value) collect(one, depth + 1);
    else throw settings.wrong(name);
  };
  collect(settings.value(name), 0);
  const [only = 0] = numbers;
  if (numbers.length === 1) return new Array<number>(count).fill(only);
  if (numbers.length !== count) throw settings.wrong(name);
  return numbers;
}
