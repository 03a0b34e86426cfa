import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Shape } from './layer';
import type { LayerSettings } from './layer-settings';

export type Padding = 'valid' | 'same' | 'causal';

/** Places that a window of `size` is put to along a dimension; −1 if that is not known. */
export function places(length: number, size: number, stride: number, padding: Padding): number {
  if (length < 0) return -1;
  return Math.ceil((padding === 'valid' ? length - size + 1 : length) / stride);
}

/** Shape of the places along all dimensions of an image. @throws {FormatError} if the window is larger than the image */
export function placesOf(
  settings: LayerSettings,
  image: Shape,
  sizes: readonly number[],
  strides: readonly number[],
  padding: Padding,
): number[] {
  return image.map((length, dimension) => {
    const count = places(length, sizes[dimension] ?? 1, strides[dimension] ?? 1, padding);
    if (count === 0 || count < -1) throw settings.unfit(image);
    return count;
  });
}

/** Whether channels come before the places, unlike in TensorFlow.js' operations. */
export function channelsFirst(settings: LayerSettings): boolean {
  return settings.word('data_format', ['channels_last', 'channels_first'], 'channels_last') === 'channels_first';
}

/** The shape of an image with its channels last. */
export function lastShape(shape: Shape, first: boolean): Shape {
  return first ? [...shape.slice(1), shape[0] ?? -1] : shape;
}

/** The reverse of {@link lastShape}. */
export function givenShape(shape: Shape, first: boolean): Shape {
  return first ? [shape.at(-1) ?? -1, ...shape.slice(0, -1)] : shape;
}

/** Brings the channels of a batch of images to the end. */
export function toLast(x: Tensor, first: boolean): Tensor {
  if (!first) return x;
  const places = Array.from({ length: x.rank - 2 }, (_, index) => index + 2);
  return tf.transpose(x, [0, ...places, 1]);
}

/** The reverse of {@link toLast}. */
export function toGiven(x: Tensor, first: boolean): Tensor {
  if (!first) return x;
  const places = Array.from({ length: x.rank - 2 }, (_, index) => index + 1);
  return tf.transpose(x, [0, x.rank - 1, ...places]);
}

/** [batch, length, channels] as an image of one column, [batch, length, 1, channels]. */
export function asImage(x: Tensor): tf.Tensor4D {
  const [batch = 0, length = 0, channels = 0] = x.shape;
  return tf.reshape(x, [batch, length, 1, channels]);
}

/** The reverse of {@link asImage}. */
export function asSequence(x: Tensor): Tensor {
  const [batch = 0, length = 0, , channels = 0] = x.shape;
  return tf.reshape(x, [batch, length, channels]);
}
