import { describe, expect, it } from 'vitest';
import { randomLevel, randomPrune, rawKurtosis, SPREAD_DEVIATIONS } from '../../../src/limits/random-baseline';
import { momentsOf, normalStream, uniformStream } from './brute-force';
import './matchers';

const normal = normalStream(uniformStream(3));
const values = Array.from({ length: 400 }, () => 0.3 + normal() ** 3);

function directRawKurtosis(list: readonly number[]): number {
  const second = list.reduce((sum, value) => sum + value ** 2, 0);
  const fourth = list.reduce((sum, value) => sum + value ** 4, 0);
  return (list.length * fourth) / second ** 2;
}

describe('raw kurtosis', () => {
  it('is n Σw⁴ / (Σw²)², from central moments', () => {
    expect(rawKurtosis(momentsOf(values))).toBeWithin(1e-10, directRawKurtosis(values));
    expect(rawKurtosis(momentsOf([1, 1, 1]))).toBe(1);
    expect(rawKurtosis(momentsOf([-3, -1, 1, 3, 5]))).toBeWithin(1e-12, directRawKurtosis([-3, -1, 1, 3, 5]));
  });

  it('holds at scales whose fourth power is out of float64', () => {
    const unit = 1e-70;
    const scaled = values.map((value) => value * 2 ** -60);
    expect(rawKurtosis(momentsOf(scaled))).toBeWithin(1e-10, directRawKurtosis(values));
    const far = { count: 3, mean: 0, m2: 2 * unit ** 2, m3: 0, m4: 2 * unit ** 4 };
    expect(rawKurtosis(far)).toBeWithin(1e-12, 1.5);
  });

  it('is undefined without energy', () => {
    expect(rawKurtosis(momentsOf([0, 0]))).toBeUndefined();
    expect(rawKurtosis({ count: 0, mean: 0, m2: 0, m3: 0, m4: 0 })).toBeUndefined();
  });
});

describe('random pruning', () => {
  it('has the mean and the spread of a simulation', () => {
    const random = uniformStream(17);
    const energy = values.reduce((sum, value) => sum + value ** 2, 0);
    const [k, draws] = [120, 20_000];
    const order = values.map((_, i) => i);
    let sum = 0;
    let sumOfSquares = 0;
    for (let draw = 0; draw < draws; draw++) {
      let pruned = 0;
      for (let i = 0; i < k; i++) {
        const j = i + Math.floor(random() * (order.length - i));
        [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
        pruned += (values[order[i] ?? 0] ?? 0) ** 2;
      }
      const squared = 1 - pruned / energy;
      sum += squared;
      sumOfSquares += squared ** 2;
    }
    const mean = sum / draws;
    const deviation = Math.sqrt(sumOfSquares / draws - mean ** 2);
    const expected = randomPrune(k / values.length, values.length, directRawKurtosis(values));
    // Four standard errors of the mean; the deviation of 20,000 heavy-tailed draws is good to some 2 %.
    expect(mean).toBeWithin((4 * deviation) / Math.sqrt(draws), expected.meanSquaredCosine);
    expect(deviation / expected.squaredCosineDeviation).toBeWithin(0.03, 1);
  });

  it('comes down to 0.99 at 1.99 %', () => {
    const { prunedFraction, interval } = randomLevel(0.99, 61_706, 2.95);
    expect(prunedFraction).toBeWithin(1e-12, 0.0199);
    expect(interval[0]).toBeLessThan(0.0199);
    expect(interval[1]).toBeGreaterThan(0.0199);
  });

  it('bounds its interval where the level is the stated number of deviations away', () => {
    for (const p of randomLevel(0.99, 61_706, 2.95).interval) {
      const { meanSquaredCosine, squaredCosineDeviation } = randomPrune(p, 61_706, 2.95);
      expect(Math.abs(meanSquaredCosine - 0.99 ** 2) / squaredCosineDeviation).toBeWithin(1e-6, SPREAD_DEVIATIONS);
    }
  });

  it('has no spread where all magnitudes are equal, or there is one value', () => {
    for (const { interval } of [randomLevel(0.9, 1000, 1), randomLevel(0.9, 1, 1)]) {
      expect(interval[0]).toBeWithin(1e-12, 0.19);
      expect(interval[1]).toBeWithin(1e-12, 0.19);
    }
  });
});
