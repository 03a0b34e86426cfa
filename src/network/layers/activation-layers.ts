import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { activationOf, elu, leakyRelu } from './activations';
import type { Activation, Layer, Shape } from './layer';
import type { LayerKind } from './layer-settings';

function layerOf(outputShape: Shape, activation: Activation | undefined): Layer {
  return {
    outputShape,
    variables: [],
    run([x]) {
      if (x === undefined) throw new Error('An activation has no input');
      return x;
    },
    ...(activation === undefined ? {} : { activation }),
  };
}

export const activation: LayerKind = (settings, inputs) =>
  layerOf(settings.single(inputs), activationOf(settings, 'activation'));

export const softmax: LayerKind = (settings, inputs) => {
  const shape = settings.single(inputs);
  const [given = -1, more] = settings.integers('axis', [-1]);
  if (more !== undefined) throw settings.wrong('axis');
  const axis = settings.dimension(given, shape.length) + 1;
  const isLast = axis === shape.length;
  const order = Array.from({ length: shape.length + 1 }, (_, index) => index);
  // The axis changes places with the last one.
  order[axis] = shape.length;
  order[shape.length] = axis;
  const apply = (x: Tensor): Tensor =>
    isLast ? tf.softmax(x) : tf.transpose(tf.softmax(tf.transpose(x, order)), order);
  return layerOf(shape, { name: isLast ? 'softmax' : 'softmax along another dimension', apply });
};

export const relu: LayerKind = (settings, inputs) => {
  const max = settings.optionalNumber('max_value');
  const slope = settings.number('negative_slope', 0);
  const threshold = settings.number('threshold', 0);
  if (slope !== 0 && threshold !== 0) throw settings.wrong('threshold');
  return layerOf(settings.single(inputs), {
    name: 'relu',
    apply(x) {
      const positive =
        threshold === 0
          ? slope === 0
            ? tf.relu(x)
            : leakyRelu(x, slope)
          : tf.mul(x, tf.cast(tf.greater(x, threshold), 'float32'));
      return max === undefined ? positive : tf.minimum(positive, max);
    },
  });
};

export const leakyReluLayer: LayerKind = (settings, inputs) => {
  // Keras 2 and TensorFlow.js call it alpha.
  const slope = settings.optionalNumber('negative_slope') ?? settings.number('alpha', 0.3);
  return layerOf(settings.single(inputs), { name: 'leaky_relu', apply: (x) => leakyRelu(x, slope) });
};

export const eluLayer: LayerKind = (settings, inputs) => {
  const alpha = settings.number('alpha', 1);
  return layerOf(settings.single(inputs), { name: 'elu', apply: (x) => elu(x, alpha) });
};

/** He et al., Delving Deep into Rectifiers (2015): the slopes are trained. */
export const prelu: LayerKind = (settings, inputs) => {
  const shape = settings.single(inputs);
  const shared = settings.value('shared_axes') === undefined ? [] : settings.integers('shared_axes');
  const ones = new Set(shared.map((axis) => settings.dimension(axis, shape.length)));
  const slopes = shape.map((_, dimension) => (ones.has(dimension) ? 1 : settings.known(shape, dimension)));
  return {
    outputShape: shape,
    variables: [{ name: 'alpha', shape: slopes, role: 'weight' }],
    run([x], [alpha]) {
      if (x === undefined || alpha === undefined) throw new Error('PReLU: an input is missing');
      return leakyRelu(x, alpha);
    },
  };
};
