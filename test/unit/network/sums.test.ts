import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../../src/network/tensorflow/backends';
import { relativeError } from './derivatives';
import { numbers } from './small-networks';
import { WASM_FOLDER } from './wasm-folder';

const ROUNDING = 1e-6;

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  beforeAll(async () => {
    await startBackend({ wasmFolder: WASM_FOLDER, backends: [backend] });
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
