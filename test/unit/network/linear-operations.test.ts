import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../../src/network/tensorflow/backends';
import { valueAndGradients } from '../../../src/network/tensorflow/nested-gradients';
import { relativeError } from './derivatives';
import { numbers } from './small-networks';
import { WASM_FOLDER } from './wasm-folder';

const SHAPE: [number, number, number, number] = [2, 4, 5, 8];
const ROUNDING = 1e-5;

const operations: Record<string, (x: Tensor4D) => Tensor> = {
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

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await startBackend({ wasmFolder: WASM_FOLDER, backends: [backend] });
  });

  // y = A·x: the gradient of ⟨A·x, u⟩ by x is Aᵀ·u, so ⟨Aᵀ·u, v⟩ = ⟨u, A·v⟩; the gradient of that by u is A·v.
  test.each(Object.entries(operations))('%s: its gradient is its transpose, the gradient of that itself', (_, f) => {
    tf.tidy(() => {
      const x = tf.tensor<tf.Rank.R4>(numbers(320, 1), SHAPE);
      const v = tf.tensor<tf.Rank.R4>(numbers(320, 2), SHAPE);
      const image = f(v);
      const u = tf.tensor(numbers(image.size, 3), image.shape);
      const transposed = (): Scalar => {
        const [byX] = valueAndGradients(() => dot(f(x), u), [x]).gradients;
        return dot(byX!, v);
      };
      const { value, gradients } = valueAndGradients(transposed, [u]);
      const expected = dot(u, image).dataSync()[0]!;
      const scale = Math.sqrt(dot(u, u).dataSync()[0]! * dot(image, image).dataSync()[0]!);
      expect(Math.abs(value.dataSync()[0]! - expected)).toBeLessThan(ROUNDING * scale);
      expect(relativeError(gradients[0]!.dataSync(), image.dataSync())).toBeLessThan(ROUNDING);
    });
    expect(tf.memory().numTensors).toBe(0);
  });

  test.each([
    { axes: [0], kept: [1, 4, 3, 25] },
    { axes: [1, 0], kept: [1, 1, 3, 25] },
    { axes: [0, 1, 2], kept: [1, 1, 1, 25] },
    { axes: [0, 2], kept: [1, 4, 1, 25] },
  ])('sums over the axes $axes are those of the numbers', ({ axes, kept }) => {
    const shape = [2, 4, 3, 25];
    const values = numbers(600, 4);
    const expected = new Float64Array(kept.reduce((total, size) => total * size));
    values.forEach((value, index) => {
      const place = [Math.floor(index / 300), Math.floor(index / 75) % 4, Math.floor(index / 25) % 3, index % 25];
      const sum = kept.reduce((at, size, axis) => at * size + (size === 1 ? 0 : place[axis]!), 0);
      expected[sum]! += value;
    });
    const given = [...axes];
    const [sums, keeping] = tf.tidy((): [Tensor, Tensor] => {
      const x = tf.tensor(values, shape);
      return [tf.sum(x, axes), tf.sum(x, axes, true)];
    });
    expect(axes).toEqual(given);
    expect(keeping.shape).toEqual(kept);
    expect(sums.shape).toEqual(shape.filter((_, axis) => !axes.includes(axis)));
    expect(relativeError(sums.dataSync(), expected)).toBeLessThan(ROUNDING);
    expect(keeping.dataSync()).toEqual(sums.dataSync());
    tf.dispose([sums, keeping]);
  });
});
