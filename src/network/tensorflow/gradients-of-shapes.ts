import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig, NamedAttrMap, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { contractAxis, spreadAxis } from './spread-axis';

interface StridedSlice {
  readonly begin: number[];
  readonly end: number[];
  readonly strides: number[];
  readonly beginMask: number;
  readonly endMask: number;
  readonly ellipsisMask: number;
  readonly newAxisMask: number;
  readonly shrinkAxisMask: number;
}

/** Puts each number back to where it was taken from; TensorFlow.js has no gradient for it. */
const OF_STRIDED_SLICE: GradConfig = {
  kernelName: 'StridedSlice',
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attributes) => {
    const [x] = saved as [Tensor];
    const slice = attributes as unknown as StridedSlice;
    return {
      x: () => {
        const { begin, end, strides } = tf.slice_util.sliceInfo(
          x.shape,
          slice.begin,
          slice.end,
          slice.strides,
          slice.beginMask,
          slice.endMask,
          slice.ellipsisMask,
          slice.newAxisMask,
          slice.shrinkAxisMask,
        );
        const taken = begin.map((first, axis) => Math.ceil(((end[axis] ?? 0) - first) / (strides[axis] ?? 1)));
        if (taken.some((length) => length <= 0)) return tf.zeros(x.shape);
        let placed = tf.reshape(dy as Tensor, taken);
        const padding = x.shape.map((size, axis): [number, number] => {
          const step = strides[axis] ?? 1;
          const first = (begin[axis] ?? 0) + (step < 0 ? ((taken[axis] ?? 1) - 1) * step : 0);
          if (step < 0) placed = tf.reverse(placed, axis);
          placed = spreadAxis(placed, axis, Math.abs(step));
          return [first, size - first - (placed.shape[axis] ?? 0)];
        });
        return tf.pad(placed, padding);
      },
    };
  },
};

/** The matrix [places of the input, places of the output] of what a mirrored padding puts where. */
function mirrorMatrix(size: number, [before, after]: readonly [number, number], offset: number): Tensor {
  const length = size + before + after;
  const sources = Array.from({ length }, (_, index) => {
    const place = index - before;
    if (place < 0) return -place - 1 + offset;
    return place < size ? place : 2 * size - 1 - place - offset;
  });
  const matrix = new Float32Array(size * length);
  sources.forEach((source, index) => {
    matrix[source * length + index] = 1;
  });
  return tf.tensor2d(matrix, [size, length]);
}

/** Adds what was mirrored to what it mirrors. */
const OF_MIRROR_PADDING: GradConfig = {
  kernelName: 'MirrorPad',
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attributes) => {
    const [x] = saved as [Tensor];
    const { paddings, mode } = attributes as unknown as {
      paddings: readonly (readonly [number, number])[];
      mode: 'reflect' | 'symmetric';
    };
    return {
      x: () =>
        paddings.reduce<Tensor>((slope, padding, axis) => {
          if (padding[0] === 0 && padding[1] === 0) return slope;
          const matrix = mirrorMatrix(x.shape[axis] ?? 1, padding, mode === 'reflect' ? 1 : 0);
          return contractAxis(slope, axis, tf.transpose(matrix));
        }, dy as Tensor),
    };
  },
};

/**
 * Resizing is linear in rows and in columns. Their matrices are what the kernel makes of the unit matrix; so the gradient
 * is exact for each way of rounding and of aligning, which the backends' own kernels of gradients do not know all of.
 */
function ofResizing(kernelName: 'ResizeBilinear' | 'ResizeNearestNeighbor'): GradConfig {
  return {
    kernelName,
    inputsToSave: ['images'],
    gradFunc: (dy, saved, attributes) => {
      const [images] = saved as [Tensor4D];
      const { size } = attributes as unknown as { size: readonly [number, number] };
      const [, rows, columns] = images.shape;
      const matrix = (length: number, shape: [number, number, number, number], target: [number, number]): Tensor => {
        const unit = tf.reshape(tf.eye(length), shape);
        const attributesHere: unknown = { ...attributes, size: target };
        const made = tf.engine().runKernel<Tensor>(kernelName, { images: unit }, attributesHere as NamedAttrMap);
        return tf.reshape(made, [-1, length]);
      };
      return {
        images: () => {
          const byRows = matrix(rows, [1, rows, 1, rows], [size[0], 1]);
          const byColumns = matrix(columns, [1, 1, columns, columns], [1, size[1]]);
          return contractAxis(contractAxis(dy as Tensor, 1, byRows), 2, byColumns);
        },
      };
    },
  };
}

/** Puts the blocks of places back into the channels. */
const OF_DEPTH_TO_SPACE: GradConfig = {
  kernelName: 'DepthToSpace',
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attributes) => {
    const [x] = saved as [Tensor4D];
    const { blockSize, dataFormat } = attributes as unknown as { blockSize: number; dataFormat: 'NHWC' | 'NCHW' };
    if (dataFormat === 'NCHW') throw new Error('DepthToSpace: channels first are not supported');
    const [batch, rows, columns, channels] = x.shape;
    return {
      x: () => {
        const apart = tf.reshape(dy as Tensor, [
          batch * rows,
          blockSize,
          columns,
          (channels / blockSize / blockSize) * blockSize,
        ]);
        return tf.reshape(tf.transpose(apart, [0, 2, 1, 3]), x.shape);
      },
    };
  },
};

/** The running sum from the other end; the stock gradient fails where the axis is not the last. */
const OF_RUNNING_SUM: GradConfig = {
  kernelName: 'Cumsum',
  gradFunc: (dy, _saved, attributes) => {
    const { axis, exclusive, reverse } = attributes as unknown as {
      axis: number;
      exclusive: boolean;
      reverse: boolean;
    };
    return { x: () => tf.cumsum(dy as Tensor, axis, exclusive, !reverse) };
  },
};

/** Sums what was repeated to reach a common shape. */
function sumTo(x: Tensor, shape: number[]): Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, x.shape);
  return tf.reshape(axes.length === 0 ? x : tf.sum(x, axes), shape);
}

/** Of products of (batches of) matrices, one of which may be repeated for all of the other; the stock one knows no repetition. */
const OF_PRODUCT: GradConfig = {
  kernelName: 'BatchMatMul',
  inputsToSave: ['a', 'b'],
  gradFunc: (dy, saved, attributes) => {
    const [a, b] = saved as [Tensor, Tensor];
    const slope = dy as Tensor;
    const { transposeA, transposeB } = attributes as unknown as { transposeA: boolean; transposeB: boolean };
    const byA = (): Tensor =>
      transposeA ? tf.matMul(b, slope, transposeB, true) : tf.matMul(slope, b, false, !transposeB);
    const byB = (): Tensor =>
      transposeB ? tf.matMul(slope, a, true, transposeA) : tf.matMul(a, slope, !transposeA, false);
    return { a: () => sumTo(byA(), a.shape), b: () => sumTo(byB(), b.shape) };
  },
};

/** Of what moves, resizes and multiplies numbers, to any order. */
export const GRADIENTS_OF_SHAPES: readonly GradConfig[] = [
  OF_STRIDED_SLICE,
  OF_MIRROR_PADDING,
  ofResizing('ResizeBilinear'),
  ofResizing('ResizeNearestNeighbor'),
  OF_DEPTH_TO_SPACE,
  OF_RUNNING_SUM,
  OF_PRODUCT,
];
