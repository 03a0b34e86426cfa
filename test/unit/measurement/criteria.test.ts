import { describe, expect, it } from 'vitest';
import { criterionScores } from '../../../src/measurement/criteria';
import { toleratedLoss } from '../../../src/measurement/epsilon';
import type { Objective, ParameterLayout } from '../../../src/measurement/objective';
import {
  prunableCount,
  prunableWeights,
  prunedCopy,
  pruningOrder,
  type ScoreScope,
} from '../../../src/measurement/pruning-order';
import { RandomStream } from '../../../src/curvature/random-stream';
import { PRUNING_CRITERIA, type PruningCriterion } from '../../../src/report/measurement';

const never = new AbortController().signal;

/** A matrix [2, 3] of two outputs, a bias, and a kernel [1, 2, 2] (places, inputs, outputs). */
const layout: readonly ParameterLayout[] = [
  { name: 'a', shape: [2, 3], offset: 0, count: 6, prunable: true, outputDimension: 0, inputDimension: 1 },
  { name: 'a.bias', shape: [2], offset: 6, count: 2, prunable: false },
  { name: 'b', shape: [1, 2, 2], offset: 8, count: 4, prunable: true, outputDimension: 2, inputDimension: 1 },
];
const weights = Float32Array.of(3, -1, 2, 0.5, -0.25, 6, 0.1, 0.1, -4, 5, 0.75, -7);
const gradient = Float32Array.of(1, 2, -1, 4, 0, 0.5, 9, 9, 0.25, -0.2, 2, 0.1);

/** The quadratic L = ½wᵀΛw + (g − Λw₀)ᵀw with Λ = diag(1, 2, 3, …): at w₀ its gradient is g. */
const objective: Objective = {
  size: 12,
  samples: 1,
  evaluate: () => Promise.resolve({ loss: 0, losses: new Float32Array(1), accuracy: undefined }),
  gradient: () => Promise.resolve({ loss: 0, gradient }),
  hessianTimes: (_, vector) => Promise.resolve(vector.map((value, index) => (index + 1) * value)),
  squaredGradients: () => Promise.resolve(gradient.map((value) => value * value)),
  inputNorms: () => Promise.resolve([Float32Array.of(1, 10, 100), undefined, Float32Array.of(2, 20)]),
};

const order = async (criterion: PruningCriterion): Promise<number[]> => {
  const scores = await criterionScores(criterion, { objective, layout, weights, seed: 3 }, never);
  return [...pruningOrder(layout, scores)];
};

describe('criteria', () => {
  it.each<[PruningCriterion, number[]]>([
    // |w|: a = 3 1 2 .5 .25 6, b = 4 5 .75 7
    ['magnitude', [4, 3, 10, 1, 2, 0, 8, 9, 5, 11]],
    // Ranks (r + ½)/n of each parameter.
    ['magnitude-layerwise', [4, 10, 3, 8, 1, 2, 9, 0, 11, 5]],
    // |w·g|: a = 3 2 2 2 0 3, b = 1 1 1.5 .7
    ['taylor', [4, 11, 8, 9, 10, 1, 2, 3, 0, 5]],
    ['snip', [4, 11, 8, 9, 10, 1, 2, 3, 0, 5]],
    // −w·Hg, largest first: a = −3 4 6 −8 0 −18, b = 9 10 −16.5 8.4
    ['grasp', [9, 8, 11, 2, 1, 4, 0, 3, 10, 5]],
    // a by rows: 3 10 200 | .5 2.5 600; b by columns: 8 15 | 10 140
    ['wanda', [0, 3, 8, 9, 1, 4, 10, 11, 2, 5]],
    // ½(w·g)²
    ['fisher', [4, 11, 8, 9, 10, 1, 2, 3, 0, 5]],
  ])('%s prunes in the order of its formula, of equal scores the first', async (criterion, expected) => {
    expect(await order(criterion)).toEqual(expected);
  });

  it('random is a permutation, by the seed', async () => {
    const first = await order('random');
    expect([...first].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 8, 9, 10, 11]);
    expect(await order('random')).toEqual(first);
    const other = await criterionScores('random', { objective, layout, weights, seed: 4 }, never);
    expect([...pruningOrder(layout, other)]).not.toEqual(first);
  });

  it('of all names prune all prunable weights', async () => {
    for (const criterion of PRUNING_CRITERIA) expect(new Set(await order(criterion)).size).toBe(10);
  });
});

describe('pruningOrder', () => {
  it('sorts like Array.sort, NaN last', () => {
    const random = new RandomStream(1);
    const scores = Float32Array.from({ length: 5000 }, () => {
      const draw = random.nextBelow(20);
      if (draw === 0) return Number.NaN;
      if (draw === 1) return draw % 2 === 0 ? 0 : -0;
      return (random.nextUint32() - 2 ** 31) * 10 ** (random.nextBelow(60) - 40);
    });
    const one = [{ name: 'w', shape: [5000], offset: 0, count: 5000, prunable: true }];
    const key = (place: number): number => (Number.isNaN(scores[place]) ? Number.POSITIVE_INFINITY : scores[place]!);
    const expected = Array.from(scores.keys()).sort((a, b) => (key(a) === key(b) ? a - b : key(a) - key(b)));
    expect([...pruningOrder(one, { scores, scope: 'network' })]).toEqual(expected);
  });

  it.each<[ScoreScope, (place: number) => number]>([
    ['parameter', (place) => Math.floor(place / 600)],
    ['output', (place) => Math.floor(place / 600) * 100 + (Math.floor((place % 600) / 20) % 10)],
  ])('takes the same share of each %s', (scope, groupOf) => {
    // Two kernels of shape [3, 10, 20] whose outputs run along the second dimension.
    const kernels = [0, 600].map((offset) => ({
      ...{ name: `w${offset}`, shape: [3, 10, 20], offset, count: 600, prunable: true, outputDimension: 1 },
    }));
    const random = new RandomStream(8);
    const scores = Float32Array.from({ length: 1200 }, (_, place) => (place < 600 ? 1 : 50) * random.nextUint32());
    const prefix = pruningOrder(kernels, { scores, scope }).subarray(0, 480);
    const pruned = new Set(prefix);
    const groups = new Map<number, number[]>();
    for (let place = 0; place < 1200; place++)
      groups.set(groupOf(place), [...(groups.get(groupOf(place)) ?? []), place]);
    for (const places of groups.values()) {
      const taken = places.filter((place) => pruned.has(place));
      expect(taken.length).toBe(0.4 * places.length);
      const kept = places.filter((place) => !pruned.has(place));
      expect(Math.max(...taken.map((place) => scores[place]!))).toBeLessThan(
        Math.min(...kept.map((place) => scores[place]!)),
      );
    }
  });

  it('makes pruned copies of exactly so many weights, and leaves the original', () => {
    const places = pruningOrder(layout, { scores: weights.map(Math.abs), scope: 'network' });
    expect([...prunedCopy(weights, places, 3)]).toEqual([3, -1, 2, 0, 0, 6, 0.1, 0.1, -4, 5, 0, -7].map(Math.fround));
    expect(weights[4]).toBe(-0.25);
    expect(prunableCount(layout)).toBe(10);
    expect([...prunableWeights(layout, weights)]).toEqual([3, -1, 2, 0.5, -0.25, 6, -4, 5, 0.75, -7]);
  });
});

describe('toleratedLoss', () => {
  it('is σ/√batch for independent samples', () => {
    const random = new RandomStream(6);
    const losses = Float32Array.from({ length: 128 * 200 }, () => random.nextUint32() / 2 ** 32);
    // The relative error of a deviation of 200 numbers is 1/√400, less over the shuffles.
    expect(toleratedLoss(losses, 1) / (Math.sqrt(1 / 12) / Math.sqrt(128))).toBeCloseTo(1, 1);
    expect(toleratedLoss(losses, 1)).toBe(toleratedLoss(losses, 1));
  });

  it('compares the means of whole batches', () => {
    expect(toleratedLoss(new Float32Array(1000).fill(0.3), 1)).toBeCloseTo(0, 8);
    // Two batches of two: the means of {0,0,0,4} are always 0 and 2, their deviation 1.
    expect(toleratedLoss(Float32Array.of(0, 0, 0, 4), 1, 2)).toBeCloseTo(1, 12);
  });

  it('estimates it for fewer samples than two batches', () => {
    expect(toleratedLoss(Float32Array.of(0, 2), 1)).toBeCloseTo(1 / Math.sqrt(128), 12);
    expect(toleratedLoss(new Float32Array(0), 1)).toBe(0);
  });
});
