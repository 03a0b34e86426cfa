import * as tf from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import type { Operator, OperatorCall } from '../onnx-call';
import { channelsLastValue, plain, tensorValue, withChannelsLast, type Value } from '../onnx-value';
import { product } from '../../../formats/shape';

/** ε of most normalisations, where the attribute is left out. */
const EPSILON = 1e-5;

/** As at inference: (x − mean) / √(variance + ε) · scale + offset, by channel. */
function batchNormalization(call: OperatorCall): Value {
  call.ignore('momentum', 'consumed_inputs');
  call.expect('training_mode', 0);
  call.expect('spatial', 1);
  call.expect('is_test', 1);
  const value = call.input(0);
  const { length: rank } = value.shape;
  const [scale, offset, mean, variance] = [1, 2, 3, 4].map((index) => plain(call.input(index)));
  if (scale === undefined || offset === undefined || mean === undefined || variance === undefined || rank < 2) {
    throw call.refusal(l10n.t('its input has the shape [{0}]', value.shape.join(', ')));
  }
  const deviation = tf.sqrt(tf.add(variance, call.float('epsilon', EPSILON)));
  const factor = tf.div(scale, deviation);
  const shift = tf.sub(offset, tf.mul(mean, factor));
  if (rank === 4) return channelsLastValue(tf.add(tf.mul(withChannelsLast(value), factor), shift));
  const perChannel = [-1, ...Array<number>(rank - 2).fill(1)];
  const x = plain(value);
  return tensorValue(tf.add(tf.mul(x, tf.reshape(factor, perChannel)), tf.reshape(shift, perChannel)));
}

/** x less its mean over some dimensions, divided by its standard deviation over them. */
function standardised(x: tf.Tensor, axes: number[], epsilon: number): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, axes, true));
  return tf.div(centred, tf.sqrt(tf.add(tf.mean(tf.square(centred), axes, true), epsilon)));
}

/** Ba, Kiros and Hinton 2016: over all dimensions from `axis` on. */
function layerNormalization(call: OperatorCall): Value {
  call.ignore('stash_type');
  const value = call.input(0);
  const rank = value.shape.length;
  const axis = call.axis(call.integer('axis', -1), rank);
  const axes = Array.from({ length: rank - axis }, (_, index) => axis + index);
  const normal = standardised(plain(value), axes, call.float('epsilon', EPSILON));
  const scaled = tf.mul(normal, plain(call.input(1)));
  const offset = call.inputs[2];
  return tensorValue(offset === undefined ? scaled : tf.add(scaled, plain(offset)));
}

/** Zhang and Sennrich 2019: divided by the root of the mean square. */
function rmsNormalization(call: OperatorCall): Value {
  call.ignore('stash_type');
  const value = call.input(0);
  const rank = value.shape.length;
  const axis = call.axis(call.integer('axis', -1), rank);
  const axes = Array.from({ length: rank - axis }, (_, index) => axis + index);
  const x = plain(value);
  const root = tf.sqrt(tf.add(tf.mean(tf.square(x), axes, true), call.float('epsilon', EPSILON)));
  return tensorValue(tf.mul(tf.div(x, root), plain(call.input(1))));
}

/** Ulyanov et al. 2016: each channel of each sample by itself. */
function instanceNormalization(call: OperatorCall): Value {
  const value = call.input(0);
  const rank = value.shape.length;
  if (rank < 3) throw call.refusal(l10n.t('its input has the shape [{0}]', value.shape.join(', ')));
  const axes = Array.from({ length: rank - 2 }, (_, index) => index + 2);
  const normal = standardised(plain(value), axes, call.float('epsilon', EPSILON));
  const perChannel = [-1, ...axes.map(() => 1)];
  const scaled = tf.mul(normal, tf.reshape(plain(call.input(1)), perChannel));
  return tensorValue(tf.add(scaled, tf.reshape(plain(call.input(2)), perChannel)));
}

/** Wu and He 2018; scale and offset are one a group before version 21, one a channel from then on. */
function groupNormalization(call: OperatorCall): Value {
  call.ignore('stash_type');
  const value = call.input(0);
  const { shape } = value;
  const [batch = 1, channels = 1, ...places] = shape;
  const groups = call.integer('num_groups', 0);
  if (groups < 1 || channels % groups !== 0) throw call.refusalOf('num_groups', groups);
  const grouped = tf.reshape(plain(value), [batch, groups, (channels / groups) * product(places)]);
  const normal = standardised(grouped, [2], call.float('epsilon', EPSILON));
  const apply = (index: number, operation: typeof tf.mul, x: tf.Tensor): tf.Tensor => {
    const vector = call.input(index);
    const count = product(vector.shape);
    if (count !== groups && count !== channels) {
      throw call.refusal(l10n.t('its weights have the shape [{0}]', vector.shape.join(', ')));
    }
    return operation(tf.reshape(x, [batch, count, -1]), tf.reshape(plain(vector), [count, 1]));
  };
  return tensorValue(tf.reshape(apply(2, tf.add, apply(1, tf.mul, normal)), [...shape]));
}

/** What scikit-learn's StandardScaler is exported as: (x − offset) · scale, by feature. */
function scaler(call: OperatorCall): Value {
  const of = (name: string, otherwise: number): tf.Tensor => tf.tensor1d([...(call.floats(name) ?? [otherwise])]);
  const x = plain(call.input(0));
  return tensorValue(tf.mul(tf.sub(tf.cast(x, 'float32'), of('offset', 0)), of('scale', 1)));
}

/** Normalisations, composed of operations that can be differentiated again and again. */
export const NORMALISATION: Readonly<Record<string, Operator>> = {
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  RMSNormalization: rmsNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
  'ai.onnx.ml.Scaler': scaler,
};
