import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { valueAndGradients } from '../../../src/network/tensorflow/nested-gradients';
import { relativeError } from './derivatives';
import { numbers } from './small-networks';
import { startTestBackend, TEST_BACKENDS } from './test-backends';

const SHAPE: [number, number, number, number] = [2, 4, 5, 8];
const ROUNDING = 1e-5;

const operations: Record<string, (x: Tensor4D) => Tensor> = {
  'twenty summands': (x) => tf.addN(Array.from({ length: 20 }, (_, index) => tf.mul(x, index - 4))),
  'strided slice': (x) => tf.stridedSlice(x, [0, 1, 4, 0], [2, 4, 0, 7], [1, 2, -2, 3]),
  'slice with masks and a dropped axis': (x) =>
    tf.stridedSlice(x, [1, 0, 1, 2], [2, 3, 0, 0], [1, 1, 1, 1], 2, 4 + 8, 0, 0, 1),
  'mirrored padding': (x) =>
    tf.mirrorPad(
      x,
      [
        [0, 0],
        [2, 1],
        [0, 3],
        [0, 0],
      ],
      'reflect',
    ),
  'mirrored padding with the border': (x) =>
    tf.mirrorPad(
      x,
      [
        [0, 0],
        [2, 1],
        [0, 3],
        [0, 0],
      ],
      'symmetric',
    ),
  'bilinear, larger': (x) => tf.image.resizeBilinear(x, [8, 9]),
  'bilinear, half pixels': (x) => tf.image.resizeBilinear(x, [8, 10], false, true),
  'bilinear, corners aligned': (x) => tf.image.resizeBilinear(x, [7, 3], true),
  nearest: (x) => tf.image.resizeNearestNeighbor(x, [8, 10]),
  'nearest, half pixels': (x) => tf.image.resizeNearestNeighbor(x, [3, 9], false, true),
  'depth to space': (x) => tf.depthToSpace(x, 2, 'NHWC'),
  'average pooling over borders': (x) => tf.avgPool(x, 3, 2, 'same'),
  'one matrix for all on the right': (x) => tf.matMul(x, tf.tensor(numbers(24, 1), [8, 3])),
  'a matrix for all on the left': (x) => tf.matMul(tf.tensor(numbers(12, 1), [1, 3, 4]), tf.reshape(x, [2, 4, 40])),
  'gather of the last axis': (x) => tf.gather(x, tf.tensor1d([7, 0, 7, 3], 'int32'), 3),
  'gather of the first axis': (x) =>
    tf.gather(
      x,
      tf.tensor2d(
        [
          [1, 0],
          [1, 1],
        ],
        [2, 2],
        'int32',
      ),
    ),
  cumulative: (x) => tf.cumsum(x, 2),
  'space to batch': (x) => tf.spaceToBatchND(x, [2], [[0, 0]]),
  'reversed and stacked': (x) => tf.stack([tf.reverse(x, 1), x], 2),
};

function dot(a: Tensor, b: Tensor): Scalar {
  return tf.sum(tf.mul(a, b));
}

function product(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, index) => sum + value * b[index]!, 0);
}

describe.each(TEST_BACKENDS)('on %s', (backend) => {
  beforeAll(async () => {
    await startTestBackend(backend);
  });

  // y = A·x: the gradient of ⟨A·x, u⟩ by x is Aᵀ·u, so ⟨Aᵀ·u, v⟩ = ⟨u, A·v⟩; the gradient of that by u is A·v.
  test.each(Object.entries(operations))(
    '%s: its gradient is its transpose, the gradient of that itself',
    async (_, f) => {
      const [u, image, value, slope] = tf.tidy(() => {
        const x = tf.tensor<tf.Rank.R4>(numbers(320, 1), SHAPE);
        const v = tf.tensor<tf.Rank.R4>(numbers(320, 2), SHAPE);
        const image = f(v);
        const u = tf.tensor(numbers(image.size, 3), image.shape);
        const transposed = (): Scalar => {
          const [byX] = valueAndGradients(() => dot(f(x), u), [x]).gradients;
          return dot(byX!, v);
        };
        const { value, gradients } = valueAndGradients(transposed, [u]);
        return [u, image, value, gradients[0]!] as const;
      });
      const [us, images, values, slopes] = await Promise.all([u.data(), image.data(), value.data(), slope.data()]);
      const scale = Math.sqrt(product(us, us) * product(images, images));
      expect(Math.abs(values[0]! - product(us, images))).toBeLessThan(ROUNDING * scale);
      expect(relativeError(slopes, images)).toBeLessThan(ROUNDING);
      tf.dispose([u, image, value, slope]);
      expect(tf.memory().numTensors).toBe(0);
    },
  );
});
