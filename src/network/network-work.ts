import * as tf from '@tensorflow/tfjs-core';
import { inputBetween, type PreparedSamples } from '../data/dataset';
import { product } from '../formats/shape';
import type { Network } from './network';

/** What a network has to do for one sample. */
export interface NetworkWork {
  /** Products of a weight and an input, about: each place that a weight is used at counts, of a kernel each that it slides over. */
  readonly multiplications: number;
  /** Numbers that weights are multiplied with: the activations, about. */
  readonly activations: number;
}

/** Runs the network on the first sample, and counts; the backend has to be started. */
export function networkWork(network: Network, samples: PreparedSamples): NetworkWork {
  const first = samples.inputs.map((input) => inputBetween(input, 0, 1));
  let activations = first.reduce((sum, { values }) => sum + values.length, 0);
  const uses = network.parameters.map(() => 0);
  tf.tidy(() => {
    const inputs = first.map(({ shape, values }) => tf.tensor(values, [1, ...shape]));
    const parameters = network.parameters.map((parameter) => tf.tensor(parameter.values, [...parameter.shape]));
    network.apply(inputs, parameters, (parameter, seen) => {
      activations += seen.size;
      uses[parameter] = (uses[parameter] ?? 0) + seen.size / (seen.shape[seen.rank - 1] ?? 1);
    });
  });
  const multiplications = network.parameters.reduce(
    (sum, { shape: own }, index) => sum + Math.max(1, uses[index] ?? 1) * product(own),
    0,
  );
  return { multiplications, activations };
}
