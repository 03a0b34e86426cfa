import * as tf from '@tensorflow/tfjs-core';
import {
  asImage,
  asSequence,
  channelsFirst,
  givenShape,
  lastShape,
  placesOf,
  toGiven,
  toLast,
} from './convolution-sizes';
import type { LayerKind } from './layer-settings';

type Pool = 'max' | 'average';

function pool(
  kind: Pool,
  images: tf.Tensor4D,
  size: readonly [number, number],
  strides: readonly [number, number],
  padding: 'valid' | 'same',
): tf.Tensor4D {
  if (kind === 'max') return tf.maxPool(images, [...size], [...strides], padding);
  if (padding === 'valid') return tf.avgPool(images, [...size], [...strides], padding);
  // TensorFlow.js' gradient of an average over places outside the image divides by their number, too, unlike the
  // average itself; so the average of an image with zeros around it, relative to that of an image of ones.
  const [, height, width] = images.shape;
  const margins = [[0, 0], margin(height, size[0], strides[0]), margin(width, size[1], strides[1]), [0, 0]] as const;
  const mean = (of: tf.Tensor4D): tf.Tensor4D =>
    tf.avgPool(
      tf.pad(
        of,
        margins.map(([start, end]) => [start, end]),
      ),
      [...size],
      [...strides],
      'valid',
    );
  return tf.div(mean(images), mean(tf.ones([1, height, width, 1])));
}

/** Places before and after a dimension that windows reach outside of it, as TensorFlow arranges them. */
function margin(length: number, size: number, stride: number): [number, number] {
  const total = Math.max((Math.ceil(length / stride) - 1) * stride + size - length, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

function pooling(kind: Pool, dimensions: 1 | 2): LayerKind {
  return (settings, inputs) => {
    const first = channelsFirst(settings);
    const input = lastShape(settings.single(inputs, dimensions + 1), first);
    const size = settings.sizes('pool_size', dimensions, new Array<number>(dimensions).fill(2));
    const strides = settings.sizes('strides', dimensions, size);
    const padding = settings.word('padding', ['valid', 'same'], 'valid');
    const places = placesOf(settings, input.slice(0, -1), size, strides, padding);
    return {
      outputShape: givenShape([...places, input.at(-1) ?? -1], first),
      variables: [],
      run([x]) {
        if (x === undefined) throw new Error('Pooling: an input is missing');
        const last = toLast(x, first);
        const images = dimensions === 1 ? asImage(last) : (last as tf.Tensor4D);
        const [height = 1, width = 1] = size;
        const [down = 1, right = 1] = strides;
        const result = pool(kind, images, [height, width], [down, right], padding);
        return toGiven(dimensions === 1 ? asSequence(result) : result, first);
      },
    };
  };
}

export const maxPooling1d = pooling('max', 1);
export const maxPooling2d = pooling('max', 2);
export const averagePooling1d = pooling('average', 1);
export const averagePooling2d = pooling('average', 2);

/** One number a channel: the mean or the largest of all places. */
function globalPooling(kind: Pool, dimensions: 1 | 2): LayerKind {
  return (settings, inputs) => {
    const first = channelsFirst(settings);
    const input = lastShape(settings.single(inputs, dimensions + 1), first);
    const channels = input.at(-1) ?? -1;
    const keeps = settings.flag('keepdims', false);
    const kept = new Array<number>(dimensions).fill(1);
    return {
      outputShape: keeps ? givenShape([...kept, channels], first) : [channels],
      variables: [],
      run([x]) {
        if (x === undefined) throw new Error('Pooling: an input is missing');
        const last = toLast(x, first);
        const places = Array.from({ length: dimensions }, (_, index) => index + 1);
        if (kind === 'average') {
          const mean = tf.mean(last, places, keeps);
          return keeps ? toGiven(mean, first) : mean;
        }
        // A pool over the whole image, for there are gradients of the gradients of pools.
        const images = dimensions === 1 ? asImage(last) : (last as tf.Tensor4D);
        const [batch, height, width, depth] = images.shape;
        const most = tf.maxPool(images, [height, width], 1, 'valid');
        return keeps ? toGiven(tf.reshape(most, [batch, ...kept, depth]), first) : tf.reshape(most, [batch, depth]);
      },
    };
  };
}

export const globalMaxPooling1d = globalPooling('max', 1);
export const globalMaxPooling2d = globalPooling('max', 2);
export const globalAveragePooling1d = globalPooling('average', 1);
export const globalAveragePooling2d = globalPooling('average', 2);
