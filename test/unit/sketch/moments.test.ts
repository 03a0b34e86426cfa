import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { centralMoments, choosePivot, isPivotFar } from '../../../src/sketch/block-moments';
import {
  kurtosis,
  mergeMoments,
  NO_MOMENTS,
  skewness,
  standardDeviation,
  type Moments,
} from '../../../src/sketch/moments';
import { sumPowers } from '../../../src/sketch/plain-kernel';
import { naiveStatistics, normalNumbers } from './sketching';

const numbers = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { maxLength: 40 });

function momentsOf(values: ArrayLike<number>): Moments {
  if (values.length === 0) return NO_MOMENTS;
  const { count, mean, m2, m3, m4 } = naiveStatistics(values);
  return { count, mean, m2, m3, m4 };
}

/** Close in units of what the moment could be at most: central moments about 0 of the same spread. */
function expectClose(actual: Moments, expected: Moments, tolerance: number): void {
  const spread = Math.sqrt(expected.m2 / Math.max(1, expected.count)) + 1e-12 + Math.abs(expected.mean) * 1e-6;
  expect(actual.count).toBe(expected.count);
  const scale = (power: number): number => Math.max(1, expected.count) ** 2 * spread ** power;
  expect(Math.abs(actual.mean - expected.mean)).toBeLessThanOrEqual(tolerance * (Math.abs(expected.mean) + spread));
  expect(Math.abs(actual.m2 - expected.m2)).toBeLessThanOrEqual(tolerance * scale(2));
  expect(Math.abs(actual.m3 - expected.m3)).toBeLessThanOrEqual(tolerance * scale(3));
  expect(Math.abs(actual.m4 - expected.m4)).toBeLessThanOrEqual(tolerance * scale(4));
}

describe('merging moments', () => {
  it('gives the moments of the union', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        expectClose(mergeMoments(momentsOf(a), momentsOf(b)), momentsOf([...a, ...b]), 1e-12);
      }),
      { seed: 11 },
    );
  });

  it('does not depend on order or grouping, up to rounding', () => {
    fc.assert(
      fc.property(numbers, numbers, numbers, (a, b, c) => {
        const [x, y, z] = [momentsOf(a), momentsOf(b), momentsOf(c)];
        const all = momentsOf([...a, ...b, ...c]);
        expectClose(mergeMoments(mergeMoments(x, y), z), all, 1e-12);
        expectClose(mergeMoments(x, mergeMoments(y, z)), all, 1e-12);
        expectClose(mergeMoments(z, mergeMoments(y, x)), all, 1e-12);
      }),
      { seed: 12 },
    );
  });

  it('leaves sets that equal constants exactly constant', () => {
    const constant = { ...NO_MOMENTS, count: 7, mean: 0.1 };
    expect(mergeMoments(constant, { ...constant, count: 5 })).toEqual({ ...NO_MOMENTS, count: 12, mean: 0.1 });
    expect(mergeMoments(NO_MOMENTS, constant)).toEqual(constant);
    expect(mergeMoments(constant, NO_MOMENTS)).toEqual(constant);
  });

  it('adds up many blocks without losing digits', () => {
    const normal = normalNumbers(13);
    let merged = NO_MOMENTS;
    const all: number[] = [];
    for (let block = 0; block < 200; block++) {
      const values = Array.from({ length: 100 }, () => 5 + 0.01 * normal());
      all.push(...values);
      merged = mergeMoments(merged, momentsOf(values));
    }
    const naive = naiveStatistics(all);
    expect(kurtosis(merged)! / naive.kurtosis - 1).toBeCloseTo(0, 12);
    expect(standardDeviation(merged)! / naive.std - 1).toBeCloseTo(0, 12);
  });
});

describe('statistics of moments', () => {
  it('match known values', () => {
    // 1 … 10: variance 8.25, kurtosis 1.775757… (uniform on n points: 3/5 · (3n² − 7)/(n² − 1)).
    const uniform = momentsOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(standardDeviation(uniform)).toBeCloseTo(Math.sqrt(8.25), 14);
    expect(kurtosis(uniform)).toBeCloseTo((0.6 * 293) / 99, 14);
    expect(skewness(uniform)).toBeCloseTo(0, 14);
    // 99 ones and one 100.
    const outlier = momentsOf([...Array<number>(99).fill(1), 100]);
    expect(kurtosis(outlier)).toBeCloseTo(98.01010101010101, 10);
    expect(skewness(outlier)).toBeCloseTo(98 / Math.sqrt(99), 11);
  });

  it('are null where they are undefined', () => {
    expect(standardDeviation(NO_MOMENTS)).toBeNull();
    const constant = { ...NO_MOMENTS, count: 3, mean: 2 };
    expect(standardDeviation(constant)).toBe(0);
    expect(kurtosis(constant)).toBeNull();
    expect(skewness(constant)).toBeNull();
    const overflown = { count: 2, mean: 0, m2: Infinity, m3: NaN, m4: Infinity };
    expect(standardDeviation(overflown)).toBeNull();
    expect(kurtosis(overflown)).toBeNull();
    expect(skewness(overflown)).toBeNull();
  });
});

describe('the pivot of a block', () => {
  it('is the mean of the first finite values', () => {
    expect(choosePivot(Float32Array.of(NaN, 1, Infinity, 3, -Infinity))).toBe(2);
    expect(choosePivot(Float32Array.of(NaN, Infinity))).toBe(0);
    expect(choosePivot(new Float32Array(0))).toBe(0);
    const late = new Float32Array(300).fill(1);
    late.fill(1000, 256);
    expect(choosePivot(late)).toBe(1);
    expect(choosePivot(Float64Array.of(1.7e308, 1.7e308))).toBe(0);
  });

  it('is exactly the value of a constant block', () => {
    fc.assert(
      fc.property(
        fc.float({ noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: 1, max: 300 }),
        (value, count) => {
          expect(choosePivot(new Float32Array(count).fill(value))).toBe(value + 0);
        },
      ),
      { seed: 14 },
    );
  });

  it('is found to be far only beyond one standard deviation, and then its moments have lost digits', () => {
    const normal = normalNumbers(15);
    const values = Float64Array.from({ length: 1000 }, normal);
    const naive = naiveStatistics(values);
    const sums = new Float64Array(16);
    const errorAt = (pivot: number): { far: boolean; error: number } => {
      sumPowers(values, pivot, sums);
      const moments = centralMoments(sums, values.length, pivot);
      return { far: isPivotFar(moments, pivot), error: Math.abs(moments.m4 / naive.m4 - 1) };
    };
    for (const pivot of [0, 0.5, -0.9]) {
      const { far, error } = errorAt(pivot);
      expect(far).toBe(false);
      expect(error).toBeLessThan(1e-14);
    }
    for (const pivot of [1.2, -3, 1000]) expect(errorAt(pivot).far).toBe(true);
    expect(errorAt(1000).error).toBeGreaterThan(1e-9);
  });
});
