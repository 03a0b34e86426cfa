import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { activationOf } from './activations';
import {
  asImage,
  asSequence,
  channelsFirst,
  givenShape,
  lastShape,
  placesOf,
  toGiven,
  toLast,
  type Padding,
} from './convolution-sizes';
import { bias } from './dense-layers';
import type { Layer, LayerVariable, Shape } from './layer';
import type { LayerKind, LayerSettings } from './layer-settings';

/** What all convolutions are told. Those along one dimension are run as images of one column. */
interface Window {
  readonly first: boolean;
  /** Shape of the input with its channels last. */
  readonly input: Shape;
  readonly channels: number;
  /** Of the kernel, two numbers. */
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly padding: Padding;
  /** Number of places along each dimension of the output. */
  readonly places: readonly number[];
  readonly dimensions: 1 | 2;
}

function windowOf(settings: LayerSettings, inputs: readonly [Shape, ...Shape[]], dimensions: 1 | 2): Window {
  const first = channelsFirst(settings);
  const input = lastShape(settings.single(inputs, dimensions + 1), first);
  const ones = new Array<number>(dimensions).fill(1);
  const size = settings.sizes('kernel_size', dimensions);
  const strides = settings.sizes('strides', dimensions, ones);
  const dilations = settings.sizes('dilation_rate', dimensions, ones);
  const words: readonly Padding[] = dimensions === 1 ? ['valid', 'same', 'causal'] : ['valid', 'same'];
  const padding = settings.word('padding', words, 'valid');
  const spans = size.map((length, index) => (length - 1) * (dilations[index] ?? 1) + 1);
  return {
    first,
    input,
    channels: settings.known(input, dimensions),
    size: pair(size),
    strides: pair(strides),
    dilations: pair(dilations),
    padding,
    places: placesOf(settings, input.slice(0, -1), spans, strides, padding),
    dimensions,
  };
}

function pair([height = 1, width = 1]: readonly number[]): [number, number] {
  return [height, width];
}

/** The input as the operations take it: [batch, height, width, channels]. */
function imagesOf(x: Tensor, { first, dimensions, padding, size, dilations }: Window): tf.Tensor4D {
  const last = toLast(x, first);
  if (dimensions === 2) return last as tf.Tensor4D;
  const before = (size[0] - 1) * dilations[0];
  return asImage(padding === 'causal' ? tf.pad(last, [[0, 0], [before, 0], [0, 0]]) : last); // prettier-ignore
}

function resultOf(image: Tensor, { first, dimensions }: Window): Tensor {
  return toGiven(dimensions === 1 ? asSequence(image) : image, first);
}

/** Causal sequences have been padded already. */
function operationPadding({ padding }: Window): 'valid' | 'same' {
  return padding === 'same' ? 'same' : 'valid';
}

/**
 * The kernel with zeros between its elements: TensorFlow.js has no gradients of dilated convolutions, and the same
 * convolution with such a kernel does.
 */
function dilated(kernel: tf.Tensor4D, [vertical, horizontal]: readonly [number, number]): tf.Tensor4D {
  if (vertical === 1 && horizontal === 1) return kernel;
  const [height, width, inputs, outputs] = kernel.shape;
  const tall = spread(tf.reshape(kernel, [height, width * inputs * outputs]), vertical);
  const rows = (height - 1) * vertical + 1;
  const byColumn = tf.reshape(tf.transpose(tf.reshape(tall, [rows, width, inputs * outputs]), [1, 0, 2]), [width, -1]);
  const wide = spread(byColumn, horizontal);
  const columns = (width - 1) * horizontal + 1;
  const turned = tf.transpose(tf.reshape(wide, [columns, rows, inputs * outputs]), [1, 0, 2]);
  return tf.reshape(turned, [rows, columns, inputs, outputs]);
}

/** Rows of a matrix with `by − 1` rows of zeros between each two. */
function spread(matrix: Tensor, by: number): Tensor {
  if (by === 1) return matrix;
  const [rows = 0, columns = 0] = matrix.shape;
  const padded = tf.reshape(tf.pad(matrix, [[0, 0], [0, (by - 1) * columns]]), [rows * by, columns]); // prettier-ignore
  return tf.slice(padded, [0, 0], [(rows - 1) * by + 1, columns]);
}

/** A kernel of a sequence as one of images. */
function imageKernel(kernel: Tensor, { dimensions }: Window): tf.Tensor4D {
  if (dimensions === 2) return kernel as tf.Tensor4D;
  const [length = 0, inputs = 0, outputs = 0] = kernel.shape;
  return tf.reshape(kernel, [length, 1, inputs, outputs]);
}

function kernelShape({ dimensions, size }: Window, inputs: number, outputs: number): Shape {
  return [...size.slice(0, dimensions), inputs, outputs];
}

function withActivation(settings: LayerSettings, layer: Layer): Layer {
  const activation = activationOf(settings, 'activation');
  return activation === undefined ? layer : { ...layer, activation };
}

function plainConvolution(dimensions: 1 | 2): LayerKind {
  return (settings, inputs) => {
    const window = windowOf(settings, inputs, dimensions);
    const { channels, places, first, strides } = window;
    const filters = settings.size('filters');
    const groups = settings.size('groups', 1);
    settings.only('lora_rank', []);
    if (channels % groups !== 0 || filters % groups !== 0) throw settings.wrong('groups');
    const hasBias = settings.flag('use_bias', true);
    const convolve = (x: tf.Tensor4D, kernel: tf.Tensor4D): tf.Tensor4D =>
      tf.conv2d(x, kernel, [...strides], operationPadding(window));
    return withActivation(settings, {
      outputShape: givenShape([...places, filters], first),
      variables: [
        {
          name: 'kernel',
          shape: kernelShape(window, channels / groups, filters),
          role: 'weight',
          outputDimension: dimensions + 1,
          // Inputs of a convolution in groups are several channels each.
          ...(groups === 1 ? { inputDimension: dimensions } : {}),
        },
        ...(hasBias ? [bias(filters)] : []),
      ],
      run([x], [kernel, offset], observe) {
        if (x === undefined || kernel === undefined) throw new Error('Convolution: an input is missing');
        const images = imagesOf(x, window);
        if (groups === 1) observe?.(0, images);
        const filter = dilated(imageKernel(kernel, window), window.dilations);
        const filterParts: readonly tf.Tensor4D[] = groups === 1 ? [filter] : tf.split(filter, groups, 3);
        const imageParts: readonly tf.Tensor4D[] = groups === 1 ? [images] : tf.split(images, groups, 3);
        const parts = imageParts.map((part, index) => {
          const own = filterParts[index];
          if (own === undefined) throw new Error('Convolution: a group has no filters');
          return convolve(part, own);
        });
        const [only] = parts;
        const result: Tensor = parts.length === 1 && only !== undefined ? only : tf.concat(parts, 3);
        return resultOf(offset === undefined ? result : tf.add(result, offset), window);
      },
    });
  };
}

export const conv1d = plainConvolution(1);
export const conv2d = plainConvolution(2);

/** Each channel has filters of its own; channel c's outputs are c · multiplier, … */
export const depthwiseConv2d: LayerKind = (settings, inputs) => {
  const window = windowOf(settings, inputs, 2);
  const { channels, places, first } = window;
  const multiplier = settings.size('depth_multiplier', 1);
  const hasBias = settings.flag('use_bias', true);
  return withActivation(settings, {
    outputShape: givenShape([...places, channels * multiplier], first),
    variables: [depthwiseVariable(window, multiplier), ...(hasBias ? [bias(channels * multiplier)] : [])],
    run([x], [kernel, offset], observe) {
      if (x === undefined || kernel === undefined) throw new Error('Depthwise convolution: an input is missing');
      const images = imagesOf(x, window);
      observe?.(0, images);
      const result = depthwise(images, kernel, window);
      return resultOf(offset === undefined ? result : tf.add(result, offset), window);
    },
  });
};

function depthwiseVariable(window: Window, multiplier: number): LayerVariable {
  const { dimensions, channels } = window;
  return {
    name: 'depthwise_kernel',
    shape: kernelShape(window, channels, multiplier),
    role: 'weight',
    inputDimension: dimensions,
    ...(multiplier === 1 ? { outputDimension: dimensions } : {}),
  };
}

function depthwise(images: tf.Tensor4D, kernel: Tensor, window: Window): tf.Tensor4D {
  const filter = dilated(imageKernel(kernel, window), window.dilations);
  return tf.depthwiseConv2d(images, filter, [...window.strides], operationPadding(window));
}

/** A depthwise convolution, and one of single places over its outputs. */
function separableConvolution(dimensions: 1 | 2): LayerKind {
  return (settings, inputs) => {
    const window = windowOf(settings, inputs, dimensions);
    const { channels, places, first } = window;
    const filters = settings.size('filters');
    const multiplier = settings.size('depth_multiplier', 1);
    const between = channels * multiplier;
    const hasBias = settings.flag('use_bias', true);
    const ones = new Array<number>(dimensions).fill(1);
    return withActivation(settings, {
      outputShape: givenShape([...places, filters], first),
      variables: [
        depthwiseVariable(window, multiplier),
        {
          name: 'pointwise_kernel',
          shape: [...ones, between, filters],
          role: 'weight',
          inputDimension: dimensions,
          outputDimension: dimensions + 1,
        },
        ...(hasBias ? [bias(filters)] : []),
      ],
      run([x], [depthKernel, pointKernel, offset], observe) {
        if (x === undefined || depthKernel === undefined || pointKernel === undefined) {
          throw new Error('Separable convolution: an input is missing');
        }
        const images = imagesOf(x, window);
        observe?.(0, images);
        const middle = depthwise(images, depthKernel, window);
        observe?.(1, middle);
        const result = tf.conv2d(middle, imageKernel(pointKernel, window), 1, 'valid');
        return resultOf(offset === undefined ? result : tf.add(result, offset), window);
      },
    });
  };
}

export const separableConv1d = separableConvolution(1);
export const separableConv2d = separableConvolution(2);

/** The transposed operation of a convolution: each input spreads over as many places as the kernel has. */
export const conv2dTranspose: LayerKind = (settings, inputs) => {
  const first = channelsFirst(settings);
  const input = lastShape(settings.single(inputs, 3), first);
  const channels = settings.known(input, 2);
  const filters = settings.size('filters');
  const size = settings.sizes('kernel_size', 2);
  const strides = settings.sizes('strides', 2, [1, 1]);
  const padding = settings.word('padding', ['valid', 'same'], 'valid');
  settings.only('output_padding', []);
  if (settings.sizes('dilation_rate', 2, [1, 1]).some((rate) => rate !== 1)) throw settings.wrong('dilation_rate');
  const hasBias = settings.flag('use_bias', true);
  const length = (from: number, dimension: number): number => {
    const stride = strides[dimension] ?? 1;
    if (from < 0) return -1;
    return from * stride + (padding === 'valid' ? Math.max((size[dimension] ?? 1) - stride, 0) : 0);
  };
  const shape = [...input.slice(0, 2).map(length), filters];
  return withActivation(settings, {
    outputShape: givenShape(shape, first),
    variables: [
      { name: 'kernel', shape: [...size, filters, channels], role: 'weight', outputDimension: 2, inputDimension: 3 },
      ...(hasBias ? [bias(filters)] : []),
    ],
    run([x], [kernel, offset], observe) {
      if (x === undefined || kernel === undefined) throw new Error('Transposed convolution: an input is missing');
      const images = toLast(x, first) as tf.Tensor4D;
      observe?.(0, images);
      const [batch, height, width] = images.shape;
      const result = tf.conv2dTranspose(
        images,
        kernel as tf.Tensor4D,
        [batch, length(height, 0), length(width, 1), filters],
        pair(strides),
        padding,
      );
      return toGiven(offset === undefined ? result : tf.add(result, offset), first);
    },
  });
};
