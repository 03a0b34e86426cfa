import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig, NamedAttrMap, Tensor, Tensor4D } from '@tensorflow/tfjs-core';

/** Attributes of the kernels of pooling. */
export interface Pooling {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: number | 'same' | 'valid';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

function run(kernel: string, inputs: Record<string, Tensor>, attributes: object): Tensor | Tensor[] {
  return tf.engine().runKernel<Tensor | Tensor[]>(kernel, inputs, attributes as NamedAttrMap);
}

/** How many places of the input each place of the output covers, over the size of the window; undefined if all do wholly. */
export function coverage(
  shape: Tensor4D['shape'],
  { filterSize, strides, pad, dimRoundingMode }: Pooling,
): Tensor | undefined {
  const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const { top, left, bottom, right } = info.padInfo;
  if (top + left + bottom + right === 0) return undefined;
  const along = (length: number, stride: number, before: number, window: number, size: number): Tensor =>
    tf.tensor1d(
      Array.from({ length }, (_, place) => {
        const first = place * stride - before;
        return (Math.min(first + window, size) - Math.max(first, 0)) / window;
      }),
    );
  const rows = along(info.outHeight, info.strideHeight, top, info.filterHeight, info.inHeight);
  const columns = along(info.outWidth, info.strideWidth, left, info.filterWidth, info.inWidth);
  return tf.mul(tf.reshape(rows, [1, -1, 1, 1]), tf.reshape(columns, [1, 1, -1, 1]));
}

/**
 * Average pooling divides by the places that a window covers; its gradient's kernel divides by the size of the window,
 * which is wrong at padded borders.
 */
const OF_AVERAGE: GradConfig = {
  kernelName: 'AvgPool',
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attributes) => {
    const [x] = saved as [Tensor4D];
    const pooling = attributes as unknown as Pooling;
    return {
      x: () => {
        const covered = coverage(x.shape, pooling);
        const evened = covered === undefined ? (dy as Tensor) : tf.div(dy as Tensor, covered);
        // The kernel takes the shape of the input alone: that of a constant spares a derivative that is zero.
        return run('AvgPoolGrad', { dy: evened, input: tf.zeros(x.shape) }, pooling) as Tensor;
      },
    };
  },
};

/** The transpose of the kernel: the sum over each window, over the size of the window. */
const OF_AVERAGE_GRADIENT: GradConfig = {
  kernelName: 'AvgPoolGrad',
  inputsToSave: ['input'],
  gradFunc: (ddx, saved, attributes) => {
    const [input] = saved as [Tensor4D];
    const pooling = attributes as unknown as Pooling;
    return {
      dy: () => {
        const pooled = run('AvgPool', { x: ddx as Tensor }, pooling) as Tensor;
        const covered = coverage(input.shape, pooling);
        return covered === undefined ? pooled : tf.mul(pooled, covered);
      },
      input: () => tf.zeros(input.shape),
    };
  },
};

/** Maximum pooling is a choice of places: its gradient puts each number back to the (first) place of the maximum. */
const OF_MAXIMUM: GradConfig = {
  kernelName: 'MaxPool',
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attributes) => {
    const [x] = saved as [Tensor4D];
    return {
      x: () => {
        const [, places] = run('MaxPoolWithArgmax', { x }, { ...attributes, includeBatchInIndex: true }) as [
          Tensor,
          Tensor,
        ];
        const flat = tf.reshape(dy as Tensor, [-1]);
        const sums = run(
          'UnsortedSegmentSum',
          { x: flat, segmentIds: tf.reshape(places, [-1]) },
          { numSegments: x.size },
        );
        return tf.reshape(sums as Tensor, x.shape);
      },
    };
  },
};

/** Of sums by index: the number at the index. The stock gradient looks for negative indices, which we have none of. */
const OF_SUMS_BY_INDEX: GradConfig = {
  kernelName: 'UnsortedSegmentSum',
  inputsToSave: ['segmentIds'],
  gradFunc: (dy, saved) => {
    const [places] = saved as [Tensor];
    return {
      x: () => tf.gather(dy as Tensor, tf.cast(places, 'int32')),
      segmentIds: () => tf.zeros(places.shape),
    };
  },
};

/** Of average and maximum pooling, to any order. */
export const GRADIENTS_OF_POOLING: readonly GradConfig[] = [
  OF_AVERAGE,
  OF_AVERAGE_GRADIENT,
  OF_MAXIMUM,
  OF_SUMS_BY_INDEX,
];
