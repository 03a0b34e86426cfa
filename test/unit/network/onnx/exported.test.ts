import { readdirSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Network } from '../../../../src/network/network';
import { FIXTURES } from '../../formats/stored-values';
import { outputOf, parametersOf, pseudoRandom, reference, relativeError, withNetwork, type Given } from './run-onnx';

const FOLDER = path.join(FIXTURES, 'network', 'onnx');

/** What the networks of make-onnx.py take and give, by the first part of the file's name. */
const NETWORKS: Readonly<
  Record<
    string,
    { sample: readonly number[]; outputs: readonly number[]; link: string; log?: true; words?: number; count: number }
  >
> = {
  mlp: { sample: [6], outputs: [1], link: 'sigmoid', count: 137 },
  lenet: { sample: [1, 28, 28], outputs: [10], link: 'softmax', count: 2_652 },
  resnet: { sample: [3, 20, 20], outputs: [5], link: 'none', count: 3_821 },
  mobilenet: { sample: [3, 17, 17], outputs: [4], link: 'softmax', log: true, count: 808 },
  vit: { sample: [1, 8, 8], outputs: [3], link: 'none', count: 1_427 },
  text: { sample: [5], outputs: [2], link: 'none', words: 20, count: 778 },
};

function inputFor({ sample, words }: { sample: readonly number[]; words?: number }, batch: number): Given {
  const shape = [batch, ...sample];
  const count = shape.reduce((product, size) => product * size, 1);
  const values = pseudoRandom(count, 17);
  if (words === undefined) return { shape, values };
  return { shape, values: values.map((value) => Math.floor((words * (value + 1)) / 2)), integers: true };
}

/** Outputs of ONNX Runtime; models exported for one sample are run sample by sample. */
async function expectedOf(file: string, given: Given): Promise<{ shape: number[]; values: Float32Array }> {
  if (!file.includes('-fixed')) {
    const { shape, values } = await reference(file, given);
    return { shape: [...shape], values };
  }
  const [batch = 0, ...sample] = given.shape;
  const size = given.values.length / batch;
  const parts: number[] = [];
  for (let index = 0; index < batch; index++) {
    const values = given.values.slice(index * size, (index + 1) * size);
    parts.push(...(await reference(file, { ...given, shape: [1, ...sample], values })).values);
  }
  return { shape: [batch, parts.length / batch], values: Float32Array.from(parts) };
}

describe.each(readdirSync(FOLDER).filter((name) => name.endsWith('.onnx')))('%s', (name) => {
  const file = path.join(FOLDER, name);
  const facts = NETWORKS[name.split('-')[0] ?? ''];
  if (facts === undefined) throw new Error(`${name} is not described`);

  it('gives what ONNX Runtime gives', async () => {
    await withNetwork(file, async (network) => {
      expect(network.inputs.map(({ shape }) => shape)).toEqual([facts.sample]);
      expect(network.outputShape).toEqual(facts.outputs);
      expect(network.link).toBe(facts.link);
      const given = inputFor(facts, 3);
      const output = await outputOf(network, given);
      const expected = await expectedOf(file, given);
      const compared = facts.log === true ? { ...expected, values: expected.values.map(Math.exp) } : expected;
      expect(output.shape).toEqual(compared.shape);
      expect(relativeError(output, compared)).toBeLessThan(1e-5);
    });
  });

  it('has all that is trained as parameters', async () => {
    await withNetwork(file, (network) => {
      expect(network.parameters.reduce((sum, { values }) => sum + values.length, 0)).toBe(facts.count);
      for (const { role, shape, values, outputDimension } of network.parameters) {
        expect(shape.reduce((product, size) => product * size, 1)).toBe(values.length);
        if (role === 'weight' && shape.length > 2) expect(outputDimension).toBeDefined();
      }
    });
  });

  it('is differentiated by every parameter', async () => {
    await withNetwork(file, async (network) => {
      const gradients = await gradientsOf(network, inputFor(facts, 2));
      expect(gradients).toHaveLength(network.parameters.length);
      for (const [index, gradient] of gradients.entries()) {
        const { name: parameter } = network.parameters[index] ?? {};
        expect(gradient.every(Number.isFinite), parameter).toBe(true);
        const sum = gradient.reduce((total, value) => total + Math.abs(value), 0);
        expect(sum, parameter).toBeGreaterThan(0);
      }
    });
  });
});

/** Derivatives of the sum of cosines of the logits: a function that treats no two of them alike. */
async function gradientsOf(network: Network, { shape, values }: Given): Promise<Float32Array[]> {
  const input = tf.tensor(values, [...shape]);
  const parameters = parametersOf(network);
  const gradients = tf.grads((...tensors: tf.Tensor[]) => tf.sum(tf.cos(network.apply([input], tensors))))(parameters);
  return Promise.all(gradients.map(async (gradient) => Float32Array.from(await gradient.data())));
}
