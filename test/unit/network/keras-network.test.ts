import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadNetwork } from '../../../src/network/load-network';
import type { Network } from '../../../src/network/network';
import { formatError } from '../formats/thrown';
import { startTestBackend } from './test-backends';

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures');
const FOLDER = path.join(FIXTURES, 'network');

/** What Keras computes: test/fixtures/network/make-keras.py. */
interface Expected {
  readonly shape: readonly number[];
  readonly input: readonly number[];
  readonly outputShape: readonly number[];
  readonly output: readonly number[];
  readonly gradients: readonly number[];
  readonly shapes: readonly (readonly number[])[];
}

const EXPECTED = JSON.parse(readFileSync(path.join(FOLDER, 'keras.json'), 'utf8')) as Record<string, Expected>;

beforeAll(async () => {
  await startTestBackend('cpu');
});

function linked(network: Network, logits: tf.Tensor): tf.Tensor {
  switch (network.link) {
    case 'softmax':
      return tf.softmax(logits);
    case 'sigmoid':
      return tf.sigmoid(logits);
    case 'none':
      return logits;
  }
}

describe('networks of Keras', () => {
  it.each(Object.entries(EXPECTED))('%s gives what Keras gives', async (file, expected) => {
    const network = await loadNetwork(path.join(FOLDER, file), undefined);
    const before = tf.memory().numTensors;
    const output = tf.tidy(() => {
      const input = tf.tensor([...expected.input], [...expected.shape]);
      const parameters = network.parameters.map(({ values, shape }) => tf.tensor(values, [...shape]));
      return linked(network, network.apply([input], parameters));
    });
    expect(output.shape).toEqual(expected.outputShape);
    const largest = Math.max(...expected.output.map(Math.abs));
    [...(await output.data())].forEach((value, index) => {
      expect(Math.abs(value - (expected.output[index] ?? NaN))).toBeLessThan(2e-6 * Math.max(1, largest));
    });
    output.dispose();
    expect(tf.memory().numTensors).toBe(before);
    network.dispose();
  });

  it.each(Object.entries(EXPECTED))('%s has the gradients that Keras has', async (file, expected) => {
    const network = await loadNetwork(path.join(FOLDER, file), undefined);
    const sums = tf.tidy(() => {
      const input = tf.tensor([...expected.input], [...expected.shape]);
      const factors = tf.tensor(
        expected.output.map((_, index) => (index % 3) + 1),
        [...expected.outputShape],
      );
      const loss = (...parameters: tf.Tensor[]): tf.Scalar =>
        tf.sum(tf.mul(tf.sin(linked(network, network.apply([input], parameters))), factors));
      const parameters = network.parameters.map(({ values, shape }) => tf.tensor(values, [...shape]));
      return tf
        .grads(loss)(parameters)
        .map((gradient) => tf.sum(tf.square(gradient)));
    });
    const squares = await Promise.all(sums.map(async (sum) => (await sum.data())[0] ?? NaN));
    tf.dispose(sums);
    const key = (shape: readonly number[], square: number): string => `${shape.join('×')}: ${square.toPrecision(3)}`;
    expect(squares.map((square, index) => key(network.parameters[index]?.shape ?? [], square)).sort()).toEqual(
      expected.gradients.map((square, index) => key(expected.shapes[index] ?? [], square)).sort(),
    );
    expect(squares.every((square) => square > 0)).toBe(true);
    network.dispose();
  });

  it('says what its parameters are', async () => {
    const network = await loadNetwork(path.join(FOLDER, 'keras3-image.keras'), undefined);
    const first = network.parameters.find(({ name }) => name === 'first/kernel');
    expect(first).toMatchObject({ shape: [3, 3, 3, 6], role: 'weight', inputDimension: 2, outputDimension: 3 });
    expect(network).toMatchObject({
      inputs: [{ shape: [9, 8, 3], channels: 'last' }],
      outputShape: [5],
      link: 'softmax',
    });
    expect(network.notes.join()).toContain('SpatialDropout2D, Dropout');
    expect(network.parameters.map(({ name }) => name)).not.toContain('normal/moving_mean');
    network.dispose();
  });

  it('tells what each weight is multiplied with', async () => {
    const file = 'keras2-sequence.h5';
    const { input, shape } = EXPECTED[file] ?? { input: [], shape: [] };
    const network = await loadNetwork(path.join(FOLDER, file), undefined);
    tf.tidy(() => {
      const seen = new Map<number, number>();
      network.apply(
        [tf.tensor([...input], [...shape])],
        network.parameters.map(({ values, shape: size }) => tf.tensor(values, [...size])),
        (parameter, values) => {
          seen.set(parameter, values.shape.at(-1) ?? 0);
        },
      );
      network.parameters.forEach(({ shape: size, inputDimension }, index) => {
        expect(seen.get(index)).toBe(inputDimension === undefined ? undefined : size[inputDimension]);
      });
      expect(seen.size).toBeGreaterThan(10);
    });
    network.dispose();
  });
});

describe('files that cannot be run', () => {
  it.each([
    ['network/only.weights.h5', 'not the layers that they belong to'],
    ['network/lambda.keras', 'layer "lambda" of class Lambda holds program code'],
    ['keras/custom.keras', 'cannot be run: layer'],
    ['keras/two_inputs.keras', 'has the outputs a, b; networks with one'],
    ['keras/sharded.weights.json', 'not the layers that they belong to'],
    ['pytorch/fmnist_epoch3.pt', 'but not how the network computes'],
    ['tfjs/model.json', 'how its layers are connected'],
  ])('%s is refused with the reason', async (file, reason) => {
    const detail = await formatError(loadNetwork(path.join(FIXTURES, file), undefined));
    expect(detail.reason).toContain(reason);
  });
});
