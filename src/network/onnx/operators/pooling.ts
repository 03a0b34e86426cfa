import * as tf from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import type { Operator, OperatorCall } from '../onnx-call';
import { channelsLastValue, plain, tensorValue, withChannelsLast, type Value } from '../onnx-value';
import { windowsOf, type Windows } from '../windows';
import { asImage, imageOf } from './convolution';

/** Less than all that a network computes, and finite, so that no derivative makes a NaN of it. */
const LOWEST = -3.4e38;

/** The size of the windows has to be the same along both dimensions for no operation at hand. */
function pool(call: OperatorCall, kind: 'max' | 'average'): Value {
  const { image, dimensions } = imageOf(call);
  const [batch, height, width, channels] = image.shape;
  const windows = windowsOf(call, [height, width], dimensions, undefined);
  call.ignore('storage_order');
  const { kernel, strides, dilations, output, pads } = windows;
  if (dilations.some((dilation) => dilation !== 1)) throw call.refusalOf('dilations', `[${dilations.join(', ')}]`);
  call.checkShape([batch, ...output, channels]);
  const size: [number, number] = [kernel[0], kernel[1]];
  const step: [number, number] = [strides[0], strides[1]];
  if (kind === 'max') {
    const padded = padTo(image, windows, LOWEST);
    return asImage(tf.maxPool(padded, size, step, 'valid'), dimensions);
  }
  const countsPadding = call.integer('count_include_pad', 0) !== 0;
  const padded = padTo(image, windows, 0);
  const means = tf.avgPool(padded, size, step, 'valid');
  if (padded === image || (countsPadding && windows.beyond.every((places) => places === 0))) {
    return asImage(means, dimensions);
  }
  // The mean over what is counted: avgPool has divided by the whole size of the window.
  const rows = counted(windows, 0, height, countsPadding ? [pads[0], pads[1]] : [0, 0]);
  const columns = counted(windows, 1, width, countsPadding ? [pads[2], pads[3]] : [0, 0]);
  const ofRows = rows.map((places) => kernel[0] / places);
  const ofColumns = columns.map((places) => kernel[1] / places);
  const rowwise = tf.mul(means, tf.tensor4d(ofRows, [1, output[0], 1, 1]));
  return asImage(tf.mul(rowwise, tf.tensor4d(ofColumns, [1, 1, output[1], 1])), dimensions);
}

/** How many places of each window along a dimension are counted: those of the image and `counts` beside it. */
function counted(
  { kernel, strides, output, pads }: Windows,
  at: 0 | 1,
  size: number,
  [before, after]: readonly [number, number],
): number[] {
  return Array.from({ length: output[at] }, (_, index) => {
    const start = index * strides[at] - pads[(2 * at) as 0 | 2];
    const end = start + kernel[at];
    return Math.min(end, size + after) - Math.max(start, -before);
  });
}

function padTo(image: tf.Tensor4D, { pads, beyond, kernel, strides, output }: Windows, value: number): tf.Tensor4D {
  const [top, bottom, left, right] = pads;
  const [batch, height, width, channels] = image.shape;
  const below = bottom + beyond[0];
  const beside = right + beyond[1];
  const padded =
    top + below + left + beside === 0
      ? image
      : tf.pad4d(
          image,
          [
            [0, 0],
            [top, below],
            [left, beside],
            [0, 0],
          ],
          value,
        );
  // Rows and columns that no window reaches would only be in the way of gradients.
  const rows = (output[0] - 1) * strides[0] + kernel[0];
  const columns = (output[1] - 1) * strides[1] + kernel[1];
  if (rows === top + height + below && columns === left + width + beside) return padded;
  return tf.slice4d(padded, [0, 0, 0, 0], [batch, rows, columns, channels]);
}

/** The mean or the greatest number of each channel, all other dimensions with size 1. */
function globalPool(call: OperatorCall, over: (x: tf.Tensor, axes: number[]) => tf.Tensor): Value {
  const value = call.input(0);
  const rank = value.shape.length;
  if (rank < 3) throw call.refusal(l10n.t('its input has the shape [{0}]', value.shape.join(', ')));
  if (rank === 4) return channelsLastValue(over(withChannelsLast(value), [1, 2]));
  const axes = Array.from({ length: rank - 2 }, (_, index) => index + 2);
  return tensorValue(over(plain(value), axes));
}

/** Local response normalisation: x / (bias + alpha/size · Σ x²)^beta, the sum over `size` channels around each. */
function lrn(call: OperatorCall): Value {
  const { image, dimensions } = imageOf(call);
  const size = call.integer('size', 1);
  const alpha = call.float('alpha', 1e-4);
  const beta = call.float('beta', 0.75);
  const bias = call.float('bias', 1);
  if (size < 1 || size > 1024) throw call.refusalOf('size', size);
  const before = Math.floor((size - 1) / 2);
  const [batch, height, width, channels] = image.shape;
  const squares = tf.pad4d(tf.square(image), [
    [0, 0],
    [0, 0],
    [0, 0],
    [before, size - 1 - before],
  ]);
  const shifted = Array.from({ length: size }, (_, from) =>
    tf.slice4d(squares, [0, 0, 0, from], [batch, height, width, channels]),
  );
  const sum = tf.addN(shifted);
  const scale = tf.pow(tf.add(tf.mul(sum, alpha / size), bias), tf.scalar(-beta));
  return asImage(tf.mul(image, scale), dimensions);
}

/** Poolings, and the normalisation over neighbouring channels. */
export const POOLING: Readonly<Record<string, Operator>> = {
  MaxPool: (call) => pool(call, 'max'),
  AveragePool: (call) => pool(call, 'average'),
  GlobalAveragePool: (call) => globalPool(call, (x, axes) => tf.mean(x, axes, true)),
  GlobalMaxPool: (call) => globalPool(call, (x, axes) => tf.max(x, axes, true)),
  LRN: lrn,
};
