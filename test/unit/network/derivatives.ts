import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import type { PreparedSamples, Targets } from '../../../src/data/dataset';
import { createNetworkObjective, weightsOf } from '../../../src/network/network-objective';
import { exact, networkOf, numbers } from './small-networks';
import type { SmallNetwork } from './small-networks';
import { sizeOf } from './float64-reference';

/** Rounding to float32 gives about 1e-7; a derivative that is wrong gives 1e-2 and more. */
const TOLERANCE = 1e-5;

const { signal } = new AbortController();

/** ‖actual − expected‖ / ‖expected‖. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [difference, norm] = [0, 0];
  for (let index = 0; index < expected.length; index++) {
    difference += (actual[index]! - expected[index]!) ** 2;
    norm += expected[index]! ** 2;
  }
  if (actual.length !== expected.length || norm === 0) return Infinity;
  return Math.sqrt(difference / norm);
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0);
}

/** Samples for a small network; classes, or numbers from 0.1 to 0.9. */
export function samplesFor(small: SmallNetwork, count: number, kind: Targets['kind'] = 'classes'): PreparedSamples {
  const targets: Targets =
    kind === 'classes'
      ? {
          kind,
          classes: Math.max(small.outputs, 2),
          labels: Int32Array.from({ length: count }, (_, index) => (index * 7) % Math.max(small.outputs, 2)),
        }
      : {
          kind,
          size: small.outputs,
          values: numbers(count * small.outputs, 5).map((value) => 0.5 + 0.4 * value),
        };
  return { count, inputs: [{ shape: small.input, values: numbers(count * sizeOf(small.input), 3) }], targets };
}

/** Loss, gradient, H·v and its symmetry on the backend that is set, against float64; no tensor may be left. */
export async function checkDerivatives(small: SmallNetwork, kind: Targets['kind'] = 'classes'): Promise<void> {
  const samples = samplesFor(small, 3, kind);
  const network = networkOf(small);
  const weights = weightsOf(network);
  const v = numbers(weights.length, 11);
  const u = numbers(weights.length, 13);
  const before = tf.memory().numTensors;
  const objective = createNetworkObjective(network, samples, 2);
  const [{ loss, gradient }, product, other] = [
    await objective.gradient(weights, signal),
    await objective.hessianTimes(weights, v, signal),
    await objective.hessianTimes(weights, u, signal),
  ];
  expect(tf.memory().numTensors).toBe(before);
  const expected = exact(small, weights, v, samples);
  expect(Math.abs(loss - expected.value)).toBeLessThan(TOLERANCE * Math.abs(expected.value));
  expect(relativeError(gradient, expected.gradient)).toBeLessThan(TOLERANCE);
  expect(relativeError(product, expected.hessianTimes)).toBeLessThan(TOLERANCE);
  const scale = Math.sqrt(dot(product, product) * dot(u, u));
  expect(Math.abs(dot(u, product) - dot(v, other))).toBeLessThan(TOLERANCE * scale);
}
