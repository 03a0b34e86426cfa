import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { inputBetween, type PreparedInput } from '../../../../src/data/dataset';
import type { Network } from '../../../../src/network/network';
import { createNetworkObjective, weightsOf } from '../../../../src/network/network-objective';
import { relativeError as relative } from '../derivatives';
import { FIXTURES } from '../../formats/stored-values';
import { formatError } from '../../formats/thrown';
import { modelOf, type ModelOf } from './onnx-models';
import { parametersOf, withFile, withNetwork } from './run-onnx';

const FOLDER = path.join(FIXTURES, 'network/inputs');

/** What PyTorch computes: test/fixtures/network/inputs/make-onnx.py. */
interface Expected {
  readonly files: readonly string[];
  readonly inputs: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly values: readonly number[];
  }[];
  readonly outputShape: readonly [number, number];
  readonly output: readonly number[];
  readonly loss: number;
  readonly gradientSquared: number;
  readonly curvature: number;
  readonly productSquared: number;
}

const EXPECTED = JSON.parse(readFileSync(path.join(FOLDER, 'onnx.json'), 'utf8')) as Record<string, Expected>;
const CASES = Object.values(EXPECTED).flatMap((expected) => expected.files.map((file) => [file, expected] as const));

const { signal } = new AbortController();

function withModel(model: ModelOf, use: (network: Network) => Promise<void> | void): Promise<void> {
  return withFile(modelOf(model), (file) => withNetwork(file, use));
}

function inputsOf({ inputs }: Expected): PreparedInput[] {
  return inputs.map(({ shape: [, ...shape], values }) => ({ shape, values: Float32Array.from(values) }));
}

describe('networks of ONNX with several inputs', () => {
  it.each(CASES)('%s gives what PyTorch gives', async (file, expected) => {
    await withNetwork(path.join(FOLDER, file), async (network) => {
      const inputs = inputsOf(expected);
      expect(network.inputs.map(({ name, shape }) => ({ name, shape }))).toEqual(
        expected.inputs.map(({ name, shape: [, ...shape] }) => ({ name, shape })),
      );
      const output = tf.tidy(() => {
        const tensors = expected.inputs.map(({ shape, values }) => tf.tensor([...values], [...shape]));
        const logits = network.apply(tensors, parametersOf(network));
        return network.link === 'softmax' ? tf.softmax(logits) : logits;
      });
      expect(output.shape).toEqual(expected.outputShape);
      expect(relative(await output.data(), expected.output)).toBeLessThan(2e-6);
      // Sample by sample, too.
      const [, , third] = [0, 1, 2].map((index) => inputs.map((input) => inputBetween(input, index, index + 1)));
      const one = tf.tidy(() => {
        const logits = network.apply(
          (third ?? []).map(({ shape, values }) => tf.tensor(values, [1, ...shape])),
          parametersOf(network),
        );
        return network.link === 'softmax' ? tf.softmax(logits) : logits;
      });
      expect(relative(await one.data(), expected.output.slice(6))).toBeLessThan(2e-6);
      tf.dispose([output, one]);
    });
  });

  it.each(CASES)('%s has the derivatives that PyTorch has in float64', async (file, expected) => {
    await withNetwork(path.join(FOLDER, file), async (network) => {
      const targets = { kind: 'classes' as const, classes: 3, labels: Int32Array.of(2, 0, 1) };
      const objective = createNetworkObjective(network, { count: 3, inputs: inputsOf(expected), targets }, 2);
      const weights = weightsOf(network);
      const { loss, gradient } = await objective.gradient(weights, signal);
      const product = await objective.hessianTimes(weights, gradient, signal);
      const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
      const found = [loss, dot(gradient, gradient), dot(gradient, product), dot(product, product)];
      const wanted = [expected.loss, expected.gradientSquared, expected.curvature, expected.productSquared];
      // Each on its own: they are of different sizes.
      for (const [at, value] of found.entries()) expect(relative([value], [wanted[at]!])).toBeLessThan(2e-5);
    });
  });

  it('exported for one sample are run for any number', async () => {
    const nodes = [
      { operator: 'Reshape', inputs: ['x', 'one'], outputs: ['a'] },
      { operator: 'Concat', inputs: ['a', 'z'], outputs: ['b'], attributes: { axis: 1 } },
      { operator: 'MatMul', inputs: ['b', 'w'] },
    ];
    const constants = { one: { integers: [1, 4] }, w: { shape: [6, 3] } };
    await withModel({ nodes, constants, input: [1, 2, 2], further: { z: [1, 2] } }, async (network) => {
      expect(network.inputs.map(({ shape }) => shape)).toEqual([[2, 2], [2]]);
      expect(network.notes).toEqual([]);
      const inputs = [tf.randomNormal([3, 2, 2], 0, 1, 'float32', 1), tf.randomNormal([3, 2], 0, 1, 'float32', 2)];
      const parameters = parametersOf(network);
      const [weight] = parameters;
      const rows = tf.concat([tf.reshape(inputs[0]!, [3, 4]), inputs[1]!], 1);
      const output = network.apply(inputs, parameters);
      expect(output.shape).toEqual([3, 3]);
      expect(relative(await output.data(), await tf.matMul(rows, weight!).data())).toBeLessThan(1e-6);
    });
  });

  it('that do not take as many samples of each are refused', async () => {
    const nodes = [
      { operator: 'MatMul', inputs: ['x', 'w'], outputs: ['h'] },
      { operator: 'Add', inputs: ['h', 'z'] },
    ];
    const model = { nodes, constants: { w: { shape: [4, 3] } }, input: ['n', 4], further: { z: [1, 3] } };
    const { reason } = await formatError(withModel(model, () => undefined));
    expect(reason).toContain('its inputs do not take as many samples as each other: "x" [-1, 4], "z" [1, 3]');
  });

  it('say what each input takes', async () => {
    await withNetwork(path.join(FOLDER, 'joined-script.onnx'), (network) => {
      expect(network.inputs).toEqual([
        { name: 'image', shape: [1, 6, 6], channels: 'first', whole: false },
        { name: 'numbers', shape: [4], channels: 'none', whole: false },
      ]);
    });
    await withNetwork(path.join(FOLDER, 'bert-script.onnx'), (network) => {
      expect(network.inputs.map(({ whole }) => whole)).toEqual([true, true, true]);
    });
  });
});
