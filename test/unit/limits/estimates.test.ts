import { describe, expect, it } from 'vitest';
import { CosineCurve } from '../../../src/limits/cosine-curve';
import { limitEstimates, percent, type ScopeSummary } from '../../../src/limits/estimates';
import { pearsonKurtosis } from '../../../src/limits/kurtosis';
import { LayerwiseCurve } from '../../../src/limits/layerwise';
import type { LimitEstimate, LimitMethod } from '../../../src/report/report';
import { atomCells, float32Cells, momentsOf, normalStream, sortedCosines, uniformStream } from './brute-force';
import './matchers';

function summaryOf(tensors: readonly (readonly number[])[], cellsOf = atomCells): ScopeSummary {
  const layerwise = new LayerwiseCurve();
  for (const values of tensors) layerwise.add(new CosineCurve(cellsOf(values)));
  return {
    scope: 'parameters',
    curve: new CosineCurve(cellsOf(tensors.flat())),
    layerwise,
    moments: momentsOf(tensors.flat()),
    kurtoses: tensors.map((values) => pearsonKurtosis(values)),
  };
}

function pick(estimates: readonly LimitEstimate[], method: LimitMethod): LimitEstimate {
  const estimate = estimates.find((candidate) => candidate.method === method);
  if (estimate === undefined) throw new Error(`${method} is missing`);
  return estimate;
}

const uniform = uniformStream(99);
const normal = normalStream(uniform);
const draw = (count: number, next: () => number): number[] => Array.from({ length: count }, () => Math.fround(next()));
const NETWORK = [
  draw(2000, () => 0.1 * normal()),
  draw(1000, () => 0.02 * normal() ** 3),
  draw(500, () => uniform() - 0.5),
  draw(20, () => normal()),
];

describe('the limits of a scope', () => {
  const estimates = limitEstimates(summaryOf(NETWORK));
  const values = NETWORK.flat();
  const cosines = sortedCosines(values);
  const sorted = values.map(Math.abs).sort((a, b) => a - b);

  it('are listed in one order', () => {
    expect(estimates.map(({ method }) => method)).toEqual([
      'cosine-utopia-grid',
      'cosine-utopia',
      'cosine-utopia-layerwise',
      'cosine-safe',
      'cosine-0.99',
      'cosine-0.95',
      'random-0.99',
    ]);
  });

  it.each(['cosine-utopia-grid', 'cosine-utopia', 'cosine-safe', 'cosine-0.99', 'cosine-0.95'] as const)(
    '%s states the cosine and the threshold of its own prune',
    (method) => {
      const { prunedCount, prunedFraction, cosineSimilarity, threshold } = pick(estimates, method);
      expect(cosineSimilarity).toBeWithin(1e-12, cosines[prunedCount]);
      expect(threshold).toBe(sorted[prunedCount - 1]);
      expect(prunedFraction * values.length).toBeWithin(0.51, prunedCount);
    },
  );

  it('keep their order: safe under the optimum, 0.99 under 0.95, layer-wise no better than global', () => {
    const grid = pick(estimates, 'cosine-utopia-grid');
    expect(pick(estimates, 'cosine-safe').prunedFraction).toBeLessThanOrEqual(grid.prunedFraction);
    expect(pick(estimates, 'cosine-0.99').prunedCount).toBeLessThan(pick(estimates, 'cosine-0.95').prunedCount);
    const layerwise = pick(estimates, 'cosine-utopia-layerwise');
    expect(layerwise.threshold).toBeUndefined();
    expect(layerwise.cosineSimilarity).toBeLessThan(cosines[layerwise.prunedCount] ?? 0);
    expect(pick(estimates, 'random-0.99').prunedFraction).toBeWithin(1e-12, 0.0199);
  });

  it('say what they assume, what to decide and where they are from', () => {
    for (const { assumptions, verdict, reference, method } of estimates) {
      for (const sentence of [...assumptions, verdict]) expect(sentence).toMatch(/^[A-Z0-9].*\.$/);
      expect(assumptions.length).toBeGreaterThanOrEqual(3);
      expect(reference).toMatch(/^Mason-Williams & Dahlqvist, .* ICLR 2024: ./);
      expect(verdict, method).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  it('state the uncertainty that the cells leave', () => {
    const binned = limitEstimates(summaryOf(NETWORK, float32Cells));
    for (const method of ['cosine-0.99', 'cosine-0.95'] as const) {
      const exact = pick(estimates, method);
      const { interval } = pick(binned, method);
      expect(exact.interval).toEqual([exact.prunedFraction, exact.prunedFraction]);
      expect(interval?.[0]).toBeLessThanOrEqual(exact.prunedFraction);
      expect(interval?.[1]).toBeGreaterThanOrEqual(exact.prunedFraction);
    }
  });
});

describe('what cannot be said', () => {
  it('nothing of a scope without values, or of zeros', () => {
    expect(limitEstimates(summaryOf([]))).toEqual([]);
    expect(limitEstimates(summaryOf([[0, 0, 0]]))).toEqual([]);
  });

  it('no safe prune where a tensor is constant', () => {
    const methods = limitEstimates(summaryOf([...NETWORK, [1, 1, 1]])).map(({ method }) => method);
    expect(methods).not.toContain('cosine-safe');
    expect(methods).toContain('cosine-utopia-grid');
  });

  it('no threshold where nothing is pruned', () => {
    const estimate = pick(limitEstimates(summaryOf([[1, -1, 1]])), 'cosine-0.99');
    expect(estimate).toMatchObject({ prunedCount: 0, prunedFraction: 0, cosineSimilarity: 1 });
    expect(estimate).not.toHaveProperty('threshold');
  });
});

describe('networks as PyTorch initialises them', () => {
  it('LeNet-5: the optimum of the authors’ functions, up to the seed', () => {
    // Number of values and fan-in of conv1, conv2, fc1, fc2, fc3, weight and bias; evenly spread within ±1/√fan-in.
    const layers = [
      [150, 25],
      [6, 25],
      [2400, 150],
      [16, 150],
      [48_000, 400],
      [120, 400],
      [10_080, 120],
      [84, 120],
      [840, 84],
      [10, 84],
    ] as const;
    const tensors = layers.map(([count, fanIn]) =>
      Array.from({ length: count }, (_, i) => Math.fround((i + 0.5) / count / Math.sqrt(fanIn))),
    );
    const { curve, ...rest } = summaryOf(tensors, float32Cells);
    const estimates = limitEstimates({ curve, ...rest });
    expect(curve.count).toBe(61_706);
    // The mixture of uniform distributions, integrated outside this project.
    for (const [p, cosine] of [
      [0.5, 0.94866402],
      [0.75, 0.81386518],
      [0.79, 0.7780903],
      [0.9, 0.64543525],
    ] as const) {
      expect(curve.cosine(p * curve.count)).toBeWithin(2e-5, cosine);
    }
    // The authors' functions on PyTorch's seeds 0 and 1: 0.79, .7781134 and .7779728; over all k .788562 and .788481.
    const grid = pick(estimates, 'cosine-utopia-grid');
    expect(grid.prunedFraction).toBe(0.79);
    expect(grid.cosineSimilarity).toBeWithin(2e-4, 0.7781134);
    expect(pick(estimates, 'cosine-utopia').prunedFraction).toBeWithin(2e-4, 0.788562);
  });

  it('with batch normalisation: scales of 1 rule the norm, so that the two scopes disagree', () => {
    const weights = Array.from({ length: 20_000 }, (_, i) => Math.fround((0.02 * (i + 0.5)) / 20_000));
    const scales = draw(80, () => 1);
    const [parameters] = limitEstimates(summaryOf([weights, scales], float32Cells));
    const [dense] = limitEstimates({ ...summaryOf([weights], float32Cells), scope: 'weights' });
    expect(parameters?.prunedFraction).toBeGreaterThan(0.95);
    expect(dense?.prunedFraction).toBe(0.75);
    expect(dense?.assumptions.join(' ')).toContain('biases and normalisation parameters stay');
  });
});

describe('percent', () => {
  it.each([
    [0.83, '83 %'],
    [0.63174, '63.2 %'],
    [0, '0 %'],
    [1, '100 %'],
    [0.9999, '99.99 %'],
    [0.00004, '0.004 %'],
  ])('%d is %s', (fraction, text) => {
    expect(percent(fraction)).toBe(text);
  });
});
