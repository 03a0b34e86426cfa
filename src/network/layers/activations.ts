import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Activation } from './layer';
import type { LayerSettings } from './layer-settings';

/** Slope and scale of SELU: Klambauer et al., Self-Normalizing Neural Networks (2017), equation 2. */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/**
 * By name, where Keras 2 and 3 agree. They are made of operations whose gradients save inputs, not outputs, wherever
 * there are such: gradients of gradients are right then.
 */
const ACTIVATIONS: ReadonlyMap<string, (x: Tensor) => Tensor> = new Map<string, (x: Tensor) => Tensor>([
  ['linear', (x) => x],
  ['relu', (x) => tf.relu(x)],
  ['relu6', (x) => tf.minimum(tf.relu(x), 6)],
  ['tanh', (x) => tf.tanh(x)],
  ['sigmoid', (x) => tf.sigmoid(x)],
  ['softmax', (x) => tf.softmax(x)],
  ['log_softmax', (x) => tf.logSoftmax(x)],
  ['softplus', (x) => tf.softplus(x)],
  ['softsign', (x) => tf.div(x, tf.add(tf.abs(x), 1))],
  ['elu', (x) => elu(x, 1)],
  ['selu', (x) => tf.mul(elu(x, SELU_ALPHA), SELU_SCALE)],
  // Hendrycks & Gimpel, Gaussian Error Linear Units (2016): x Φ(x).
  ['gelu', (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1))],
  ['swish', silu],
  ['silu', silu],
  ['mish', (x) => tf.mul(x, tf.tanh(tf.softplus(x)))],
  ['exponential', (x) => tf.exp(x)],
  ['leaky_relu', (x) => leakyRelu(x, 0.2)],
  ['hard_silu', (x) => tf.mul(x, hardSigmoid3(x))],
  ['hard_swish', (x) => tf.mul(x, hardSigmoid3(x))],
]);

function silu(x: Tensor): Tensor {
  return tf.mul(x, tf.sigmoid(x));
}

/** x where it is positive, α (eˣ − 1) elsewhere. */
export function elu(x: Tensor, alpha: number): Tensor {
  return tf.add(tf.relu(x), tf.mul(tf.expm1(tf.minimum(x, 0)), alpha));
}

/** x where it is positive, slope · x elsewhere. @param slope A number, or numbers that fit the shape of x. */
export function leakyRelu(x: Tensor, slope: number | Tensor): Tensor {
  return tf.sub(tf.relu(x), tf.mul(tf.relu(tf.neg(x)), slope));
}

/** Of Keras 2: 0.2 x + 0.5, between 0 and 1. */
function hardSigmoid2(x: Tensor): Tensor {
  return clipped(tf.add(tf.mul(x, 0.2), 0.5), 1);
}

/** Of Keras 3: (x + 3) / 6, between 0 and 1. */
function hardSigmoid3(x: Tensor): Tensor {
  return tf.div(clipped(tf.add(x, 3), 6), 6);
}

function clipped(x: Tensor, max: number): Tensor {
  return tf.minimum(tf.relu(x), max);
}

/**
 * The activation that an argument of a layer names; undefined for none.
 * @throws {FormatError} if it is not one of Keras' own
 */
export function activationOf(settings: LayerSettings, argument: string, otherwise?: string): Activation | undefined {
  const name = nameOf(settings.value(argument)) ?? (settings.value(argument) === undefined ? otherwise : undefined);
  if (name === undefined) {
    if (settings.value(argument) === undefined) return undefined;
    throw settings.wrong(argument);
  }
  if (name === 'linear') return undefined;
  const own = name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
  if (own === 'hard_sigmoid') return { name: own, apply: settings.kerasMajor >= 3 ? hardSigmoid3 : hardSigmoid2 };
  const apply = ACTIVATIONS.get(own);
  if (apply === undefined) throw settings.wrong(argument);
  return { name: own, apply };
}

/** `relu`, or how Keras 3 serialises functions: `{class_name: "function", config: "relu", …}`. */
function nameOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const { class_name: className, config, registered_name: registered } = value as Readonly<Record<string, unknown>>;
  if (typeof registered === 'string' && registered.includes('>')) return undefined;
  if (className === 'function') return typeof config === 'string' ? config : undefined;
  // Old files have the activation's name as its class, without arguments.
  const bare = typeof config !== 'object' || config === null || Object.keys(config).length === 0;
  return typeof className === 'string' && bare ? className : undefined;
}
