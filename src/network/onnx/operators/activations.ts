import * as tf from '@tensorflow/tfjs-core';
import type { Operator, OperatorCall } from '../onnx-call';
import { channelsLastValue, operandWithChannelsLast, plain, tensorValue, type Value } from '../onnx-value';
import { each } from './elementwise';
import { product } from '../../../formats/shape';

/** Constants of Selu (Klambauer et al. 2017, as ONNX rounds them). */
const SELU_ALPHA = 1.6732632423543772;
const SELU_GAMMA = 1.0507009873554805;

type Activation = (x: tf.Tensor, call: OperatorCall) => tf.Tensor;

/** scale · (e^min(x, 0) − 1) for x < 0, without the overflow of e^x for large x. */
function negativeExponential(x: tf.Tensor, scale: number, width = 1): tf.Tensor {
  const below = tf.minimum(x, 0);
  return tf.mul(tf.sub(tf.exp(width === 1 ? below : tf.div(below, width)), 1), scale);
}

function leaky(x: tf.Tensor, slope: number | tf.Tensor): tf.Tensor {
  return tf.sub(tf.relu(x), tf.mul(tf.relu(tf.neg(x)), slope));
}

function hardSigmoid(x: tf.Tensor, alpha: number, beta: number): tf.Tensor {
  return tf.clipByValue(tf.add(tf.mul(x, alpha), beta), 0, 1);
}

/** Hendrycks and Gimpel 2016: exact, or the approximation by tanh. */
function gelu(x: tf.Tensor, call: OperatorCall): tf.Tensor {
  const approximate = call.text('approximate', 'none');
  switch (approximate) {
    case 'none':
      return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
    case 'tanh': {
      const inner = tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI));
      return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
    }
    default:
      throw call.refusalOf('approximate', approximate);
  }
}

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  Relu: (x) => tf.relu(x),
  LeakyRelu: (x, call) => leaky(x, call.float('alpha', 0.01)),
  Elu: (x, call) => tf.add(tf.relu(x), negativeExponential(x, call.float('alpha', 1))),
  Celu: (x, call) => {
    const alpha = call.float('alpha', 1);
    return tf.add(tf.relu(x), negativeExponential(x, alpha, alpha));
  },
  Selu: (x, call) => {
    const gamma = call.float('gamma', SELU_GAMMA);
    return tf.mul(tf.add(tf.relu(x), negativeExponential(x, call.float('alpha', SELU_ALPHA))), gamma);
  },
  Sigmoid: (x) => tf.sigmoid(x),
  Tanh: (x) => tf.tanh(x),
  HardSigmoid: (x, call) => hardSigmoid(x, call.float('alpha', 0.2), call.float('beta', 0.5)),
  HardSwish: (x) => tf.mul(x, hardSigmoid(x, 1 / 6, 0.5)),
  Softplus: (x) => tf.softplus(x),
  Softsign: (x) => tf.div(x, tf.add(tf.abs(x), 1)),
  Mish: (x) => tf.mul(x, tf.tanh(tf.softplus(x))),
  Swish: (x, call) => tf.mul(x, tf.sigmoid(tf.mul(x, call.float('alpha', 1)))),
  Gelu: gelu,
  Clip: clip,
};

function clip(x: tf.Tensor, call: OperatorCall): tf.Tensor {
  const low = call.float('min', -Infinity);
  const high = call.float('max', Infinity);
  const least = call.optionalNumbers(1)?.[0] ?? low;
  const most = call.optionalNumbers(2)?.[0] ?? high;
  // Bounds may be those of the type, which stand for none.
  const hasLeast = least > -3e38;
  const hasMost = most < 3e38;
  if (hasLeast && hasMost) return tf.clipByValue(x, least, most);
  if (hasLeast) return least === 0 ? tf.relu(x) : tf.maximum(x, least);
  return hasMost ? tf.minimum(x, most) : tf.clone(x);
}

function prelu(call: OperatorCall): Value {
  const value = call.input(0);
  const slope = call.input(1);
  call.broadcast(value.shape, slope.shape);
  if (value.channelsLast === true && value.tensor !== undefined) {
    const slopes = operandWithChannelsLast(slope);
    if (slopes !== undefined) return channelsLastValue(leaky(value.tensor, slopes));
  }
  return tensorValue(leaky(plain(value), plain(slope)));
}

/** Softmax or its logarithm along one dimension; before version 13 over all dimensions from `axis` on. */
function softmax(call: OperatorCall, ofLast: (x: tf.Tensor) => tf.Tensor): Value {
  const value = call.input(0);
  const rank = value.shape.length;
  const axis = call.axis(call.integer('axis', call.opset < 13 ? 1 : -1), rank);
  const x = plain(value);
  if (axis === rank - 1) return tensorValue(ofLast(x));
  if (call.opset < 13) {
    const rows = product(value.shape.slice(0, axis));
    return tensorValue(tf.reshape(ofLast(tf.reshape(x, [rows, -1])), [...value.shape]));
  }
  const order = value.shape.map((_, dimension) => dimension);
  order[axis] = rank - 1;
  order[rank - 1] = axis;
  return tensorValue(tf.transpose(ofLast(tf.transpose(x, order)), order));
}

/** Activation functions. */
export const ACTIVATION: Readonly<Record<string, Operator>> = {
  ...Object.fromEntries(
    Object.entries(ACTIVATIONS).map(([name, apply]): [string, Operator] => [
      name,
      (call) => each(call.input(0), (x) => apply(x, call)),
    ]),
  ),
  PRelu: prelu,
  Softmax: (call) => softmax(call, (x) => tf.softmax(x)),
  LogSoftmax: (call) => softmax(call, (x) => tf.sub(x, tf.logSumExp(x, -1, true))),
};
