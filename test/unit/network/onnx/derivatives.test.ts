import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Network } from '../../../../src/network/network';
import { createNetworkObjective, weightsOf } from '../../../../src/network/network-objective';
import { FIXTURES } from '../../formats/stored-values';
import { pseudoRandom, withNetwork } from './run-onnx';

const SAMPLES = 4;
const { signal } = new AbortController();

function objectiveOf(network: Network, integers: boolean): ReturnType<typeof createNetworkObjective> {
  const { shape } = network.inputs[0];
  const size = shape.reduce((product, length) => product * length, 1);
  const numbers = pseudoRandom(SAMPLES * size, 23);
  const [classes = 2] = network.outputShape;
  return createNetworkObjective(
    network,
    {
      count: SAMPLES,
      inputs: [{ shape, values: integers ? numbers.map((value) => Math.floor(10 * (value + 1))) : numbers }],
      targets: {
        kind: 'classes',
        classes,
        labels: Int32Array.from({ length: SAMPLES }, (_, index) => index % classes),
      },
    },
    3,
  );
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? NaN), 0);
}

function along(weights: Float32Array, direction: Float32Array, step: number): Float32Array {
  return weights.map((value, index) => value + step * (direction[index] ?? NaN));
}

describe.each([
  { name: 'lenet-script', smooth: false },
  { name: 'vit-dynamo', smooth: true },
  { name: 'vit-script-fixed', smooth: true },
  { name: 'resnet-dynamo', smooth: false },
  { name: 'mobilenet-script', smooth: false },
  { name: 'text-dynamo', smooth: false },
])('$name', ({ name, smooth }) => {
  const file = path.join(FIXTURES, 'network', 'onnx', `${name}.onnx`);
  const integers = name.startsWith('text');

  it('has the gradient that differences of the loss show', async () => {
    await withNetwork(file, async (network) => {
      const objective = objectiveOf(network, integers);
      const weights = weightsOf(network);
      const { gradient } = await objective.gradient(weights, signal);
      const square = dot(gradient, gradient);
      // A step that changes the loss by a hundredth.
      const step = 0.005 / square;
      const more = await objective.evaluate(along(weights, gradient, step), signal);
      const less = await objective.evaluate(along(weights, gradient, -step), signal);
      expect(Math.abs((more.loss - less.loss) / (2 * step) / square - 1)).toBeLessThan(2e-3);
    });
  });

  it('has the Hessian that differences of the gradient show', async () => {
    await withNetwork(file, async (network) => {
      const objective = objectiveOf(network, integers);
      const weights = weightsOf(network);
      const u = pseudoRandom(weights.length, 3);
      const v = pseudoRandom(weights.length, 4);
      const hu = await objective.hessianTimes(weights, u, signal);
      const hv = await objective.hessianTimes(weights, v, signal);
      const size = Math.sqrt(dot(hv, hv) * dot(u, u));
      expect(size).toBeGreaterThan(0);
      // Symmetric, everywhere; equal to differences, where there are no kinks.
      expect(Math.abs(dot(u, hv) - dot(v, hu)) / size).toBeLessThan(1e-5);
      if (!smooth) return;
      const step = 1e-3;
      const more = await objective.gradient(along(weights, v, step), signal);
      const less = await objective.gradient(along(weights, v, -step), signal);
      const error = hv.map((value, index) => {
        const difference = ((more.gradient[index] ?? NaN) - (less.gradient[index] ?? NaN)) / (2 * step);
        return value - difference;
      });
      expect(Math.sqrt(dot(error, error) / dot(hv, hv))).toBeLessThan(5e-3);
    });
  });
});
