import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { channelsFirst, givenShape, lastShape, toGiven, toLast } from './convolution-sizes';
import type { Layer, Shape } from './layer';
import type { LayerKind } from './layer-settings';
import { product } from '../../formats/shape';

/** A layer without variables, of one input. */
function layerOf(outputShape: Shape, act: (x: Tensor, batch: number) => Tensor): Layer {
  return {
    outputShape,
    variables: [],
    run([x]) {
      if (x === undefined) throw new Error('A layer has no input');
      const [batch = 0] = x.shape;
      return act(x, batch);
    },
  };
}

/** Layers that act in training only: dropout, noise, augmentation. */
export const identity: LayerKind = (settings, inputs) => layerOf(settings.single(inputs), (x) => x);

/** Product of sizes; −1 if one is not known. */
export function sizeOf(shape: Shape): number {
  return shape.some((size) => size < 0) ? -1 : product(shape);
}

export const flatten: LayerKind = (settings, inputs) => {
  const shape = settings.single(inputs);
  // Numbers come in the order of channels last, whatever the order of the image.
  const first = shape.length > 1 && channelsFirst(settings);
  return layerOf([sizeOf(shape)], (x, batch) => tf.reshape(toLast(x, first), [batch, x.size / Math.max(batch, 1)]));
};

export const reshape: LayerKind = (settings, inputs) => {
  const shape = settings.single(inputs);
  const target = settings.integers('target_shape');
  const size = sizeOf(shape);
  const open = target.filter((one) => one < 0).length;
  const known = target.reduce((product, one) => (one < 0 ? product : product * one), 1);
  if (open > 1 || target.some((one) => one < -1 || one === 0)) throw settings.wrong('target_shape');
  if (size >= 0 && (open === 0 ? size !== known : size % known !== 0)) throw settings.unfit(shape);
  const outputShape = target.map((one) => (one < 0 && size >= 0 ? size / known : one));
  return layerOf(outputShape, (x, batch) => tf.reshape(x, [batch, ...outputShape]));
};

export const permute: LayerKind = (settings, inputs) => {
  const shape = settings.single(inputs);
  const order = settings.integers('dims');
  const isOrder =
    order.length === shape.length && [...order].sort((a, b) => a - b).every((one, index) => one === index + 1);
  if (!isOrder) throw settings.wrong('dims');
  return layerOf(
    order.map((dimension) => shape[dimension - 1] ?? -1),
    (x) => tf.transpose(x, [0, ...order]),
  );
};

export const repeatVector: LayerKind = (settings, inputs) => {
  const [size = -1] = settings.single(inputs, 1);
  const times = settings.size('n');
  return layerOf([times, size], (x, batch) => tf.tile(tf.reshape(x, [batch, 1, x.shape[1] ?? 0]), [1, times, 1]));
};

/** Zeros around an image or a sequence. */
function zeroPadding(dimensions: 1 | 2): LayerKind {
  return (settings, inputs) => {
    const first = dimensions === 2 && channelsFirst(settings);
    const input = lastShape(settings.single(inputs, dimensions + 1), first);
    const margins = settings.margins('padding', dimensions, 1);
    const shape = input.map((size, d) => (size < 0 ? -1 : size + (margins[d]?.[0] ?? 0) + (margins[d]?.[1] ?? 0)));
    return layerOf(givenShape(shape, first), (x) =>
      toGiven(tf.pad(toLast(x, first), [[0, 0], ...margins, [0, 0]]), first),
    );
  };
}

export const zeroPadding1d = zeroPadding(1);
export const zeroPadding2d = zeroPadding(2);

/** What is left of an image or a sequence without its margins. */
function cropping(dimensions: 1 | 2): LayerKind {
  return (settings, inputs) => {
    const first = dimensions === 2 && channelsFirst(settings);
    const given = settings.single(inputs, dimensions + 1);
    const margins = settings.margins('cropping', dimensions, dimensions === 1 ? 1 : 0);
    const left = (size: number, d: number): number => size - (margins[d]?.[0] ?? 0) - (margins[d]?.[1] ?? 0);
    const shape = lastShape(given, first).map((size, d) => (size < 0 ? -1 : left(size, d)));
    if (shape.some((size) => size === 0 || size < -1)) throw settings.unfit(given);
    return layerOf(givenShape(shape, first), (x) => {
      const last = toLast(x, first);
      const [batch = 0, ...sizes] = last.shape;
      const begin = [0, ...sizes.map((_, d) => margins[d]?.[0] ?? 0)];
      return toGiven(tf.slice(last, begin, [batch, ...sizes.map(left)]), first);
    });
  };
}

export const cropping1d = cropping(1);
export const cropping2d = cropping(2);

/** Repeats each place of an image or a sequence. */
function upSampling(dimensions: 1 | 2): LayerKind {
  return (settings, inputs) => {
    const first = dimensions === 2 && channelsFirst(settings);
    const input = lastShape(settings.single(inputs, dimensions + 1), first);
    settings.only('interpolation', ['nearest']);
    const factors = settings.sizes('size', dimensions, new Array<number>(dimensions).fill(2));
    const shape = input.map((size, d) => (size < 0 ? -1 : size * (factors[d] ?? 1)));
    return layerOf(givenShape(shape, first), (x) => {
      const last = toLast(x, first);
      const larger = factors.reduce((image, factor, d) => repeated(image, d + 1, factor), last);
      return toGiven(larger, first);
    });
  };
}

export const upSampling1d = upSampling(1);
export const upSampling2d = upSampling(2);

/** Each index along a dimension several times: copies side by side, cut anew. */
function repeated(x: Tensor, axis: number, times: number): Tensor {
  if (times === 1) return x;
  const before = x.shape.slice(0, axis + 1);
  const after = x.shape.slice(axis + 1);
  const rows = tf.reshape(x, [sizeOf(before), sizeOf(after)]);
  const size = (x.shape[axis] ?? 0) * times;
  return tf.reshape(tf.concat(new Array<Tensor>(times).fill(rows), 1), [...before.slice(0, -1), size, ...after]);
}
