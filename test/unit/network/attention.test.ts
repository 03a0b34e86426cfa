import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadNetwork } from '../../../src/network/load-network';
import { createNetworkObjective, parameterLayout, weightsOf } from '../../../src/network/network-objective';
import { relativeError } from './derivatives';
import { startTestBackend } from './test-backends';

const FOLDER = path.resolve(import.meta.dirname, '../../fixtures/network/attention');

/** What Keras computes: test/fixtures/network/attention/make.py. */
interface Expected {
  readonly files: readonly string[];
  readonly inputs: readonly { readonly shape: readonly [number, ...number[]]; readonly values: readonly number[] }[];
  readonly outputShape: readonly [number, number];
  readonly output: readonly number[];
  readonly loss: number;
  readonly gradient: Readonly<Record<string, readonly number[]>>;
  readonly product: Readonly<Record<string, readonly number[]>>;
}

const EXPECTED = JSON.parse(readFileSync(path.join(FOLDER, 'expected.json'), 'utf8')) as Record<string, Expected>;
const CASES = Object.values(EXPECTED).flatMap((expected) => expected.files.map((file) => [file, expected] as const));

function tensorsOf({ inputs }: Expected): tf.Tensor[] {
  return inputs.map(({ shape, values }) => tf.tensor([...values], [...shape]));
}

/** Rounding to float32 gives about 1e-6; a derivative that is wrong gives 1e-2 and more. */
const TOLERANCE = 1e-5;

const { signal } = new AbortController();

beforeAll(async () => {
  await startTestBackend('cpu');
});

describe('attention of Keras', () => {
  it.each(CASES)('%s gives what Keras gives', async (file, expected) => {
    const network = await loadNetwork(path.join(FOLDER, file), undefined);
    const output = tf.tidy(() => {
      const parameters = network.parameters.map(({ values, shape }) => tf.tensor(values, [...shape]));
      return network.apply(tensorsOf(expected), parameters);
    });
    expect(output.shape).toEqual(expected.outputShape);
    const largest = Math.max(1, ...expected.output.map(Math.abs));
    [...(await output.data())].forEach((value, index) => {
      expect(Math.abs(value - (expected.output[index] ?? NaN))).toBeLessThan(2e-6 * largest);
    });
    output.dispose();
    network.dispose();
  });

  it.each(CASES)(
    '%s has the gradient and the product with its Hessian that Keras has in float64',
    async (file, expected) => {
      const network = await loadNetwork(path.join(FOLDER, file), undefined);
      const [count, size] = expected.outputShape;
      const inputs = expected.inputs.map(({ shape: [, ...shape], values }) => ({
        shape,
        values: Float32Array.from(values),
      }));
      const targets = { kind: 'values' as const, size, values: new Float32Array(count * size).fill(0.3) };
      const samples = { count, inputs, targets };
      const objective = createNetworkObjective(network, samples, 2);
      const weights = weightsOf(network);
      const layout = parameterLayout(network);
      const inOrder = (values: Expected['gradient']): number[] => layout.flatMap(({ name }) => values[name] ?? []);
      const vector = Float32Array.from(
        layout.flatMap((one) => Array.from({ length: one.count }, (_, at) => Math.cos(at))),
      );
      const { loss, gradient } = await objective.gradient(weights, signal);
      expect(Math.abs(loss - expected.loss)).toBeLessThan(TOLERANCE * expected.loss);
      expect(relativeError(gradient, inOrder(expected.gradient))).toBeLessThan(TOLERANCE);
      const product = await objective.hessianTimes(weights, vector, signal);
      expect(relativeError(product, inOrder(expected.product))).toBeLessThan(TOLERANCE);
      network.dispose();
    },
  );

  it('may have several inputs, in the order of the model', async () => {
    for (const file of ['keras3-places.keras', 'keras2-places.h5']) {
      const network = await loadNetwork(path.join(FOLDER, file), undefined);
      expect(network.inputs).toEqual([
        { name: 'places', shape: [5], channels: 'none', whole: true },
        { name: 'words', shape: [5], channels: 'none', whole: true },
      ]);
      network.dispose();
    }
  });

  it('has matrices of all heads side by side as parameters, and tells what they are multiplied with', async () => {
    const expected = EXPECTED['keras3-text']!;
    const network = await loadNetwork(path.join(FOLDER, 'keras3-text.keras'), undefined);
    const byName = new Map(network.parameters.map((parameter) => [parameter.name, parameter]));
    expect(byName.get('crossed/value/kernel')).toMatchObject({ shape: [4, 6], inputDimension: 0, outputDimension: 1 });
    expect(byName.get('crossed/attention_output/kernel')).toMatchObject({ shape: [6, 7], role: 'weight' });
    expect(byName.get('query_attention/key/bias')).toMatchObject({ shape: [6], role: 'bias' });
    const seen = new Map<number, number>();
    tf.tidy(() => {
      network.apply(
        tensorsOf(expected),
        network.parameters.map(({ values, shape: size }) => tf.tensor(values, [...size])),
        (parameter, values) => {
          seen.set(parameter, values.shape.at(-1) ?? 0);
        },
      );
    });
    network.parameters.forEach(({ shape: size, inputDimension }, index) => {
      expect(seen.get(index)).toBe(inputDimension === undefined ? undefined : size[inputDimension]);
    });
    network.dispose();
  });
});
