import * as tf from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import type { Operator, OperatorCall } from '../onnx-call';
import { channelsLastValue, plain, tensorValue, withChannelsLast, type Value } from '../onnx-value';
import { windowsOf, type Windows } from '../windows';

/** Conv of one and two dimensions, with groups: y[n, o] = Σ_i x[n, i] ⋆ w[o, i] + b[o]. */
function conv(call: OperatorCall): Value {
  const { image, dimensions } = imageOf(call);
  const weight = call.input(1);
  const [outputs = 0, perGroup = 0, ...kernelSize] = weight.shape;
  if (weight.shape.length !== dimensions + 2) {
    throw call.refusal(l10n.t('its weights have the shape [{0}]', weight.shape.join(', ')));
  }
  const [batch, height, width, channels] = image.shape;
  const groups = call.integer('group', 1);
  if (groups < 1 || channels !== perGroup * groups || outputs % groups !== 0) {
    throw call.refusal(l10n.t('its weights have the shape [{0}]', weight.shape.join(', ')));
  }
  const windows = windowsOf(call, [height, width], dimensions, kernelSize);
  call.checkShape([batch, ...windows.output, outputs]);
  call.observe(weight, () => image);
  const [rows, columns] = windows.kernel;
  const kernel = tf.reshape<tf.Rank.R4>(plain(weight), [outputs, perGroup, rows, columns]);
  const [top, bottom, left, right] = windows.pads;
  const padded = windows.pads.every((pad) => pad === 0)
    ? image
    : tf.pad<tf.Tensor4D>(image, [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ]);
  let result = convolved(padded, kernel, groups, windows);
  const bias = call.inputs[2];
  if (bias !== undefined) result = tf.add(result, plain(bias));
  return asImage(result, dimensions);
}

function convolved(image: tf.Tensor4D, kernel: tf.Tensor4D, groups: number, windows: Windows): tf.Tensor4D {
  const [outputs, perGroup] = kernel.shape;
  const { strides, dilations } = windows;
  const step: [number, number] = [strides[0], strides[1]];
  if (groups === 1) {
    const filter = dilated(tf.transpose(kernel, [2, 3, 1, 0]), dilations);
    return tf.conv2d(image, filter, step, 'valid');
  }
  if (perGroup === 1 && strides[0] === strides[1]) {
    // [groups × multiplier, 1, …] → […, groups, multiplier]
    const [, , rows, columns] = kernel.shape;
    const filter = tf.reshape<tf.Rank.R4>(tf.transpose(kernel, [2, 3, 0, 1]), [
      rows,
      columns,
      groups,
      outputs / groups,
    ]);
    return tf.depthwiseConv2d(image, dilated(filter, dilations), step, 'valid');
  }
  const images = tf.split<tf.Tensor4D>(image, groups, 3);
  const kernels = tf.split<tf.Tensor4D>(kernel, groups, 0);
  const parts = images.map((part, index) => convolved(part, kernels[index] ?? kernel, 1, windows));
  return tf.concat(parts, 3);
}

/** Zeros between the rows and columns of a kernel: dilated convolutions have no gradients of their own. */
function dilated(filter: tf.Tensor4D, [down, across]: readonly [number, number]): tf.Tensor4D {
  if (down === 1 && across === 1) return filter;
  const [rows, columns, inputs, outputs] = filter.shape;
  const spread = (tensor: tf.Tensor, size: number, rest: number, by: number): tf.Tensor => {
    const apart = tf.pad3d(tf.reshape(tensor, [-1, 1, rest]), [
      [0, 0],
      [0, by - 1],
      [0, 0],
    ]);
    const before = apart.shape[0] / size;
    const lines = tf.reshape(apart, [before, size * by, rest]);
    return tf.slice(lines, [0, 0, 0], [before, (size - 1) * by + 1, rest]);
  };
  const wide = spread(filter, columns, inputs * outputs, across);
  const wideColumns = (columns - 1) * across + 1;
  const tall = spread(wide, rows, wideColumns * inputs * outputs, down);
  return tf.reshape(tall, [(rows - 1) * down + 1, wideColumns, inputs, outputs]);
}

/**
 * The first input, [batch, channels, width] or [batch, channels, height, width], with its channels last; a line is an
 * image of height 1.
 */
export function imageOf(call: OperatorCall): { image: tf.Tensor4D; dimensions: number } {
  const value = call.input(0);
  const { shape } = value;
  if (shape.length === 4) return { image: withChannelsLast(value), dimensions: 2 };
  if (shape.length !== 3) throw call.refusal(l10n.t('its input has the shape [{0}]', shape.join(', ')));
  const [batch = 1, channels = 1, width = 1] = shape;
  const line = tf.transpose(plain(value) as tf.Tensor3D, [0, 2, 1]);
  return { image: tf.reshape(line, [batch, 1, width, channels]), dimensions: 1 };
}

/** The other way round. */
export function asImage(image: tf.Tensor4D, dimensions: number): Value {
  if (dimensions === 2) return channelsLastValue(image);
  const [batch, , width, channels] = image.shape;
  return tensorValue(tf.transpose(tf.reshape(image, [batch, width, channels]), [0, 2, 1]));
}

/** Convolutions. */
export const CONVOLUTION: Readonly<Record<string, Operator>> = { Conv: conv };
