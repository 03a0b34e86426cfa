import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { inputBetween } from '../../../src/data/dataset';
import { CancelledError } from '../../../src/formats/errors';
import { ComputationError } from '../../../src/formats/errors';
import { createNetworkObjective, parameterLayout, weightsOf } from '../../../src/network/network-objective';
import { relativeError, samplesFor } from './derivatives';
import { exact, networkOf, numbers } from './small-networks';
import type { SmallNetwork } from './small-networks';
import { startTestBackend, TEST_BACKENDS } from './test-backends';

const ROUNDING = 1e-5;
const { signal } = new AbortController();

const small: SmallNetwork = {
  name: 'two matrices',
  input: [4],
  outputs: 3,
  parameters: [[4, 5], [5], [5, 3]],
  compute: (o, x, [first, bias, second]) => o.matMul(o.apply('tanh', o.add(o.matMul(x, first!), bias!)), second!),
};

describe.each(TEST_BACKENDS)('on %s', (backend) => {
  beforeAll(async () => {
    await startTestBackend(backend);
  });

  test('batches of any size give the same', async () => {
    const network = networkOf(small);
    const weights = weightsOf(network);
    const v = numbers(weights.length, 8);
    const samples = samplesFor(small, 7);
    const expected = exact(small, weights, v, samples);
    for (const batch of [1, 3, 7, 100]) {
      const objective = createNetworkObjective(network, samples, batch);
      const { loss, losses } = await objective.evaluate(weights, signal);
      expect(losses).toHaveLength(7);
      expect(loss).toBeCloseTo(expected.value, 5);
      const slope = await objective.gradient(weights, signal);
      expect(slope.loss).toBeCloseTo(expected.value, 5);
      expect(relativeError(slope.gradient, expected.gradient)).toBeLessThan(ROUNDING);
      const product = await objective.hessianTimes(weights, v, signal);
      expect(relativeError(product, expected.hessianTimes)).toBeLessThan(ROUNDING);
    }
    expect(tf.memory().numTensors).toBe(0);
  });

  test('losses, squared gradients and accuracy are those of the samples one by one', async () => {
    const network = networkOf(small);
    const weights = weightsOf(network);
    const samples = samplesFor(small, 5);
    const objective = createNetworkObjective(network, samples, 2);
    const { losses, accuracy } = await objective.evaluate(weights, signal);
    const squares = await objective.squaredGradients(weights, signal);
    const expected = new Float64Array(weights.length);
    let right = 0;
    for (let index = 0; index < 5; index++) {
      const label = index === 0 ? 0 : (index * 7) % 3;
      const one = {
        count: 1,
        inputs: samples.inputs.map((input) => inputBetween(input, index, index + 1)),
        targets: { kind: 'classes' as const, classes: 3, labels: Int32Array.of(label) },
      };
      const { value, gradient } = exact(small, weights, weights, one);
      expect(losses[index]).toBeCloseTo(value, 5);
      gradient.forEach((slope, place) => (expected[place]! += slope ** 2 / 5));
      const ofClasses = [0, 1, 2].map((other) => {
        const targets = { ...one.targets, labels: Int32Array.of(other) };
        return exact(small, weights, weights, { ...one, targets }).value;
      });
      if (Math.min(...ofClasses) === ofClasses[label]) right++;
    }
    expect(relativeError(squares, expected)).toBeLessThan(ROUNDING);
    expect(accuracy).toBe(right / 5);
    expect(tf.memory().numTensors).toBe(0);
  });

  test('norms of inputs are means over samples and places; others have none', async () => {
    const network = {
      ...networkOf(small),
      apply: (
        [input]: readonly tf.Tensor[],
        [first, bias, second]: readonly tf.Tensor[],
        observe?: (parameter: number, input: tf.Tensor) => void,
      ) => {
        observe?.(0, input!);
        const hidden = tf.tanh(tf.add(tf.matMul(input!, first!), bias!));
        // As if the second matrix met each sample at two places, the second of which has twice its numbers.
        observe?.(2, tf.stack([hidden, tf.mul(hidden, 2)], 1));
        return tf.matMul(hidden, second!);
      },
    };
    const samples = samplesFor(small, 5);
    const weights = weightsOf(network);
    const norms = await createNetworkObjective(network, samples, 2).inputNorms(weights, signal);
    const square = (index: number): number => {
      const column = Array.from({ length: 5 }, (_, sample) => samples.inputs[0]!.values[sample * 4 + index]!);
      return Math.sqrt(column.reduce((sum, value) => sum + value ** 2, 0) / 5);
    };
    expect(relativeError(norms[0]!, [0, 1, 2, 3].map(square))).toBeLessThan(ROUNDING);
    expect(norms[1]).toBeUndefined();
    const hidden = [0, 1, 2, 3, 4].map((unit) => {
      let sum = 0;
      for (let sample = 0; sample < 5; sample++) {
        let before = weights[20 + unit]!;
        for (let input = 0; input < 4; input++)
          before += samples.inputs[0]!.values[sample * 4 + input]! * weights[input * 5 + unit]!;
        sum += Math.tanh(before) ** 2 * (1 + 4);
      }
      return Math.sqrt(sum / 10);
    });
    expect(relativeError(norms[2]!, hidden)).toBeLessThan(ROUNDING);
    expect(tf.memory().numTensors).toBe(0);
  });

  test('numbers that are not finite are told, not passed on', async () => {
    const network = networkOf(small);
    const weights = weightsOf(network);
    weights[3] = Infinity;
    const objective = createNetworkObjective(network, samplesFor(small, 3), 2);
    const cancelled = AbortSignal.abort();
    const { loss } = await objective.evaluate(
      weights.map(() => NaN),
      signal,
    );
    expect(loss).toBeNaN();
    weights.fill(NaN);
    await expect(objective.gradient(weights, signal)).rejects.toThrow(ComputationError);
    await expect(objective.hessianTimes(weights, weights, signal)).rejects.toThrow(ComputationError);
    await expect(objective.squaredGradients(weights, signal)).rejects.toThrow(ComputationError);
    await expect(objective.gradient(weights, cancelled)).rejects.toThrow(CancelledError);
    expect(tf.memory().numTensors).toBe(0);
  });

  test('an operation that fails in a derivative leaves no tensor behind', async () => {
    const network = networkOf({
      ...small,
      compute: (o, x, [first, bias, second]) => {
        const hidden = o.apply('tanh', o.add(o.matMul(x, first!), bias!));
        return o.matMul(hidden, o.transpose(second!, [1, 0]));
      },
    });
    const weights = weightsOf(network);
    const objective = createNetworkObjective(network, samplesFor(small, 3), 2);
    await expect(objective.hessianTimes(weights, weights, signal)).rejects.toThrow();
    expect(tf.memory().numTensors).toBe(0);
  });

  test('what a parameter has no influence on is zero', async () => {
    const linear: SmallNetwork = {
      ...small,
      parameters: [...small.parameters, [2, 2]],
      compute: (o, x, [first, , second]) => o.matMul(o.matMul(x, first!), second!),
    };
    const network = networkOf(linear);
    const weights = weightsOf(network);
    const { gradient } = await createNetworkObjective(network, samplesFor(linear, 3), 3).gradient(weights, signal);
    expect([...gradient.subarray(20, 25), ...gradient.subarray(40)]).toEqual(new Array(9).fill(0));
  });
});

test('the layout tells where parameters are and which may be pruned', () => {
  expect(parameterLayout(networkOf(small))).toEqual([
    { name: 'p0', shape: [4, 5], offset: 0, count: 20, prunable: true },
    { name: 'p1', shape: [5], offset: 20, count: 5, prunable: false },
    { name: 'p2', shape: [5, 3], offset: 25, count: 15, prunable: true },
  ]);
});

test('no samples are an error', () => {
  expect(() => createNetworkObjective(networkOf(small), samplesFor(small, 0), 2)).toThrow(ComputationError);
});
