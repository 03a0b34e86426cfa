import { describe, expect, it } from 'vitest';
import type { LimitScope, ModelReport, TensorReport } from '../../../src/report/report';
import { analysis, fixture, workerPool } from './analysis';

/**
 * One trained network (epoch 3 of the sample), written by the libraries of many formats. TensorFlow's keep matrices and
 * filters transposed, and this network without its normalisation.
 */
const SAME_ORDER = [
  'pytorch/fmnist_legacy.pt',
  'pytorch/fmnist_epoch3.pt',
  'npz/fmnist.npz',
  'npz/fmnist_compressed.npz',
  'onnx/fmnist.onnx',
  'onnx/fmnist_external.onnx',
  'gguf/fmnist_f32.gguf',
];
const TRANSPOSED = ['keras/fmnist.keras', 'keras/fmnist_keras2_full.h5'];

const pool = workerPool(2);

async function report(path: string): Promise<ModelReport> {
  return (await analysis(pool, fixture(path), { hash: true })).report;
}

/** All that is computed of a tensor's values, by its name in the network. */
function statistics({ tensors }: ModelReport): Map<string, Partial<TensorReport>> {
  return new Map(
    tensors
      .filter(({ prunable }) => prunable)
      .map(({ name, count, min, max, mean, std, kurtosis, l1Norm, l2Norm, zeroCount, limit, sha256 }) => [
        name.replace(/^(module|model)\./, ''),
        { count, min, max, mean, std, kurtosis, l1Norm, l2Norm, zeroCount, limit, sha256: sha256 ?? 'none' },
      ]),
  );
}

/** What the limits prune. (Files list their tensors in various orders, in which what is derived from moments is added up.) */
function prunes({ limits }: ModelReport, only?: LimitScope): [string, string, number, number | undefined][] {
  return limits
    .filter(({ scope }) => only === undefined || scope === only)
    .map(({ method, scope, prunedCount, threshold }) => [method, scope, prunedCount, threshold]);
}

describe('one network in many formats', () => {
  const reference = report('safetensors/fmnist.safetensors');

  it.each(SAME_ORDER)('has the same numbers to the last bit in %s', async (path) => {
    const [expected, actual] = [await reference, await report(path)];
    expect(statistics(expected).size).toBe(10);
    expect(statistics(actual)).toEqual(statistics(expected));
    expect(prunes(actual)).toEqual(prunes(expected));
  });

  it.each(TRANSPOSED)('has the same distributions and limits, transposed, in %s', async (path) => {
    const [expected, actual] = [await reference, await report(path)];
    const weights = ({ tensors }: ModelReport): TensorReport[] =>
      tensors.filter(({ prunable, shape }) => prunable && shape.length > 1);
    const pairs = weights(expected).map((tensor, i) => [tensor, weights(actual)[i]!] as const);
    expect(pairs).toHaveLength(4);
    for (const [tensor, transposed] of pairs) {
      const { count, min, max, zeroCount, limit } = tensor;
      expect(transposed).toMatchObject({ count, min, max, zeroCount, limit });
      // The values are added up in another order.
      expect(Math.abs(transposed.kurtosis! / tensor.kurtosis! - 1)).toBeLessThan(1e-13);
      expect(Math.abs(transposed.l2Norm / tensor.l2Norm - 1)).toBeLessThan(1e-14);
    }
    expect(prunes(actual, 'weights')).toEqual(prunes(expected, 'weights'));
  });
});
