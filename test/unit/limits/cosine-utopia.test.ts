import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CosineCurve } from '../../../src/limits/cosine-curve';
import { cosineLevel } from '../../../src/limits/cosine-level';
import { cosineUtopia, cosineUtopiaOnGrid, gridPrunedCount, roundHalfToEven } from '../../../src/limits/cosine-utopia';
import { pearsonKurtosis } from '../../../src/limits/kurtosis';
import { atomCells, sortedCosines } from './brute-force';
import './matchers';

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Small vectors of which every number is known: kurtosis, grid optimum (k), its C and distance, C(0.50), C(0.90). */
const FIXTURES: readonly [string, number[], ...number[]][] = [
  ['1 … 10', range(1, 10), 1.77575758, 0.74, 7, 0.79772404, 0.32941701, 0.9258201, 0.50964719],
  ['1 … 100', range(1, 100), 1.79975998, 0.74, 74, 0.76984124, 0.34723631, 0.93441657, 0.51941755],
  ['−3, −1, 1, 3, 5', [-3, -1, 1, 3, 5], 1.7, 0.9, 4, 0.74535599, 0.27357553, 0.97752522, 0.74535599],
  ['2⁰ … 2¹⁵', range(0, 15).map((e) => 2 ** e), 8.29598682, 0.9, 14, 0.96824584, 0.10492057, 0.99999237, 0.96824584],
  [
    '99 × 1, 100',
    [...range(1, 99).map(() => 1), 100],
    98.01010101,
    0.99,
    99,
    0.99508645,
    0.01114195,
    0.99752144,
    0.99553414,
  ],
];

describe('the authors’ grid', () => {
  it.each(FIXTURES)('%s', (_, values, kurtosis, p, k, c, d, c50, c90) => {
    const curve = new CosineCurve(atomCells(values));
    expect(pearsonKurtosis(values)).toBeWithin(6e-9, kurtosis);
    const optimum = cosineUtopiaOnGrid(curve);
    expect(optimum?.prunedFraction).toBe(p);
    expect(optimum?.prunedCount).toBe(k);
    expect(optimum?.cosineSimilarity).toBeWithin(6e-9, c);
    expect(optimum?.distance).toBeWithin(6e-9, d);
    expect(curve.cosine(gridPrunedCount(50, values.length))).toBeWithin(6e-9, c50);
    expect(curve.cosine(gridPrunedCount(90, values.length))).toBeWithin(6e-9, c90);
  });

  it('rounds half to even, as Python does, and prunes everything at 1', () => {
    expect([0.5, 1.5, 2.5, 3.49, 3.51, 4].map(roundHalfToEven)).toEqual([0, 2, 2, 3, 4, 4]);
    expect(gridPrunedCount(50, 5)).toBe(2);
    expect(gridPrunedCount(50, 7)).toBe(4);
    // float32(0.9) is under 0.9, so half of the last value is not reached.
    expect(gridPrunedCount(90, 5)).toBe(4);
    expect(gridPrunedCount(100, 1e9 + 1)).toBe(1e9 + 1);
  });

  it('takes the nominal fraction into the distance, so that small vectors gain by rounding down', () => {
    const curve = new CosineCurve(atomCells([-3, -1, 1, 3, 5]));
    const optimum = cosineUtopiaOnGrid(curve);
    expect(optimum?.prunedFraction).toBe(0.9);
    expect((optimum?.prunedCount ?? 0) / curve.count).toBe(0.8);
    expect(cosineUtopia(curve)?.prunedFraction).toBe(0.8);
  });

  it('kurtosis alone does not tell the optimum', () => {
    const outlier = cosineUtopiaOnGrid(new CosineCurve(atomCells([...range(1, 99).map(() => 1), 100])));
    const spread = cosineUtopiaOnGrid(new CosineCurve(atomCells([...range(1, 99).map(() => 1), 3])));
    expect(outlier?.prunedFraction).toBe(0.99);
    expect(spread?.prunedFraction).toBeLessThan(0.7);
    // Kurtosis does not change when the outlier is moved: two values have one shape.
    expect(pearsonKurtosis([...range(1, 99).map(() => 1), 3])).toBeWithin(1e-9, 98.0101010101);
  });
});

describe('the optimum over all k', () => {
  const values = fc.array(fc.oneof(fc.float({ min: -2, max: 2, noNaN: true }), fc.constantFrom(0, 1, 1, 1, 8)), {
    minLength: 1,
    maxLength: 150,
  });

  it('is the nearest of all points', () => {
    fc.assert(
      fc.property(values, (vector) => {
        fc.pre(vector.some((value) => value !== 0));
        const n = vector.length;
        const distances = sortedCosines(vector).map((cosine, k) => Math.hypot(1 - cosine, 1 - k / n));
        const optimum = cosineUtopia(new CosineCurve(atomCells(vector)));
        expect(optimum?.distance).toBeWithin(1e-12, Math.min(...distances));
        expect(optimum?.distance).toBeWithin(1e-12, distances[optimum?.prunedCount ?? -1]);
        expect(optimum?.prunedFraction).toBe((optimum?.prunedCount ?? 0) / n);
      }),
      { numRuns: 400, seed: 11 },
    );
  });

  it('has a distance that is convex in k, which is what the bisection relies on', () => {
    fc.assert(
      fc.property(values, (vector) => {
        fc.pre(vector.some((value) => value !== 0));
        const n = vector.length;
        const squared = sortedCosines(vector).map((cosine, k) => (1 - cosine) ** 2 + (1 - k / n) ** 2);
        for (let k = 1; k < n; k++) {
          expect((squared[k - 1] ?? 0) + (squared[k + 1] ?? 0)).toBeGreaterThanOrEqual(2 * (squared[k] ?? 0) - 1e-12);
        }
      }),
      { numRuns: 200, seed: 12 },
    );
  });
});

describe('nothing to prune', () => {
  it.each([
    ['empty', []],
    ['all zero', [0, 0, 0]],
  ])('%s', (_, vector: number[]) => {
    const curve = new CosineCurve(atomCells(vector));
    expect(cosineUtopiaOnGrid(curve)).toBeUndefined();
    expect(cosineUtopia(curve)).toBeUndefined();
    expect(cosineLevel(curve, 0.99)).toBeUndefined();
  });

  it('one value: pruning it is as far from utopia as keeping it, and the first wins', () => {
    const curve = new CosineCurve(atomCells([-4]));
    expect(cosineUtopia(curve)).toEqual({ prunedFraction: 0, prunedCount: 0, cosineSimilarity: 1, distance: 1 });
    expect(cosineLevel(curve, 0.99)?.prunedCount).toBe(0);
  });
});
