import { describe, expect, it } from 'vitest';
import { analysis, fixture, workerPool } from './analysis';

/**
 * LeNet-5 (1-6-16 convolutions of 5 × 5, 400-120-84-10) as PyTorch 2 draws it after `torch.manual_seed(0)`, and what the
 * authors' own functions (their public notebook, run in float64) give for it.
 */
const AUTHORS = {
  count: 61_706,
  kurtosis: 2.947347,
  kurtosisWeights: 2.92144,
  kurtosisOfKurtoses: 2.622218,
  grid: { prunedFraction: 0.79, cosineSimilarity: 0.7781133 },
  continuous: { prunedFraction: 0.788562, cosineSimilarity: 0.7795 },
  tensorKurtoses: [1.7923, 1.3408, 1.8118, 2.1219, 1.8091, 2.1371, 1.8175, 1.7689, 1.8014, 1.4417],
};

describe("LeNet-5 against the authors' functions", () => {
  const pool = workerPool(2);

  it('has their optimum, their kurtoses and their K2', async () => {
    const { report } = await analysis(pool, fixture('pytorch/lenet5_seed0.pt'));
    const { model, tensors, limits } = report;
    const limit = (method: string): (typeof limits)[number] | undefined =>
      limits.find((entry) => entry.method === method && entry.scope === 'parameters');
    expect(model.prunableCount).toBe(AUTHORS.count);
    expect(model.kurtosis).toBeCloseTo(AUTHORS.kurtosis, 6);
    expect(model.kurtosisWeights).toBeCloseTo(AUTHORS.kurtosisWeights, 5);
    expect(model.kurtosisOfKurtoses).toBeCloseTo(AUTHORS.kurtosisOfKurtoses, 6);
    expect(limit('cosine-utopia-grid')?.prunedFraction).toBe(AUTHORS.grid.prunedFraction);
    expect(limit('cosine-utopia-grid')?.cosineSimilarity).toBeCloseTo(AUTHORS.grid.cosineSimilarity, 6);
    expect(limit('cosine-utopia')?.prunedFraction).toBeCloseTo(AUTHORS.continuous.prunedFraction, 6);
    expect(limit('cosine-utopia')?.cosineSimilarity).toBeCloseTo(AUTHORS.continuous.cosineSimilarity, 6);
    expect(tensors.map(({ kurtosis }) => Number(kurtosis?.toFixed(4)))).toEqual(AUTHORS.tensorKurtoses);
  });
});
