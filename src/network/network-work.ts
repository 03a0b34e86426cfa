import * as tf from '@tensorflow/tfjs-core';
import type { PreparedSamples } from '../data/dataset';
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
export function networkWork(network: Network, { shape, values }: PreparedSamples): NetworkWork {
  const size = product(shape);
  let activations = size;
  const uses = network.parameters.map(() => 0);
  tf.tidy(() => {
    const input = tf.tensor(values.subarray(0, size), [1, ...shape]);
    const parameters = network.parameters.map((parameter) => tf.tensor(parameter.values, [...parameter.shape]));
    network.apply(input, parameters, (parameter, seen) => {
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
