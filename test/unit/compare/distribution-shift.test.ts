import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distributionShift } from '../../../src/compare/distribution-shift';
import type { ValueCells } from '../../../src/sketch/cells';

type Cell = readonly [low: number, high: number, count: number];

function cellsOf(cells: readonly Cell[]): ValueCells {
  return {
    low: Float32Array.from(cells, ([low]) => low),
    high: Float32Array.from(cells, ([, high]) => high),
    count: Float64Array.from(cells, ([, , count]) => count),
  };
}

function atomsOf(values: readonly number[]): ValueCells {
  const counts = new Map<number, number>();
  for (const value of [...values].sort((a, b) => a - b)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return cellsOf([...counts].map(([value, count]) => [value, value, count]));
}

/** Disjoint cells with edges at multiples of 1/8: intervals, and atoms at either edge of them. */
const distribution = fc
  .array(fc.tuple(fc.nat(8), fc.nat(8), fc.integer({ min: 1, max: 50 })), { minLength: 1, maxLength: 12 })
  .map((steps) => {
    let edge = -4;
    const cells: Cell[] = [];
    for (const [gap, width, count] of steps) {
      const low = edge + gap / 8;
      if (width > 0 || cells.at(-1)?.[0] !== low) cells.push([low, low + width / 8, count]);
      edge = low + width / 8;
    }
    return cells;
  });

/** P(X ≤ x) or, with `strictly`, P(X < x), from the definition. */
function probability(cells: readonly Cell[], x: number, strictly: boolean): number {
  const total = cells.reduce((sum, [, , count]) => sum + count, 0);
  const below = cells.reduce((sum, [low, high, count]) => {
    if (low === high) return sum + (low < x || (!strictly && low === x) ? count : 0);
    return sum + count * Math.min(1, Math.max(0, (x - low) / (high - low)));
  }, 0);
  return below / total;
}

describe('distributionShift', () => {
  // scipy 1.17.1: stats.ks_2samp(x, y).statistic, stats.wasserstein_distance(x, y)
  it.each([
    {
      x: [-1.5, -0.25, 0, 0, 0, 0.5, 2, 2],
      y: [-1, -0.25, 0, 0.125, 0.5, 0.5, 3],
      ks: 0.19642857142857142,
      wasserstein: 0.4330357142857143,
    },
    {
      // rng = np.random.default_rng(7); rng.integers(-8, 9, 40) / 4, rng.integers(-6, 12, 25) / 4
      x: [
        2, 0.5, 0.75, 1.75, 0.25, 1.25, 1.5, -1.25, -2, -0.75, -1, 1.5, 1.75, -2, 0, 1.25, -1.5, 1.25, -1.5, -0.25,
        1.25, -0.75, -0.75, -1, 1, -1, 2, -0.25, 0, 0, 0.25, 0.25, 0, 2, 1.25, 1.25, 0.75, 0.5, -0.75, 2,
      ],
      y: [
        0.5, -0.75, 2.25, -1, 2.25, 1.25, -1, -1.5, 0.5, -1.5, -1, 0.75, 2.75, 0.5, 2, 2.5, 2, 1.25, 0.25, 0.75, -0.5,
        0.5, 0, -0.5, 2.75,
      ],
      ks: 0.2,
      wasserstein: 0.33,
    },
  ])('agrees with scipy on atoms', ({ x, y, ks, wasserstein }) => {
    const shift = distributionShift(atomsOf(x), atomsOf(y), 2);
    expect(shift?.kolmogorovSmirnov).toBeCloseTo(ks, 14);
    expect(shift?.wasserstein).toBeCloseTo(wasserstein, 14);
    expect(shift?.relativeWasserstein).toBeCloseTo(wasserstein / 2, 14);
  });

  it('agrees with closed forms on intervals', () => {
    const uniform = (low: number, high: number): ValueCells => cellsOf([[low, high, 10]]);
    // F and G differ most at 1, by 1 − 1/2; the means by 1/2, and G is everywhere to the right.
    expect(distributionShift(uniform(0, 1), uniform(0, 2), 0)).toEqual({
      kolmogorovSmirnov: 0.5,
      wasserstein: 0.5,
      relativeWasserstein: null,
    });
    // A shift by s is s away; of an interval within another of the same middle, (W − w) / 4.
    expect(distributionShift(uniform(0, 1), uniform(5, 6), null)).toMatchObject({
      kolmogorovSmirnov: 1,
      wasserstein: 5,
    });
    expect(distributionShift(uniform(-1, 1), uniform(-3, 3), null)?.wasserstein).toBeCloseTo(1, 14);
    // An atom in the middle of an interval: E|X − 0| = 1/2, and the step is 1/2 on either side.
    expect(distributionShift(uniform(-1, 1), cellsOf([[0, 0, 3]]), null)).toMatchObject({
      kolmogorovSmirnov: 0.5,
      wasserstein: 0.5,
    });
  });

  it('agrees with the definition, probed finely', () => {
    fc.assert(
      fc.property(distribution, distribution, (left, right) => {
        const shift = distributionShift(cellsOf(left), cellsOf(right), 1)!;
        let largest = 0;
        let area = 0;
        // Between multiples of 1/8 both functions are linear; where they cross, the triangles are halved finely.
        const steps = 512;
        for (let k = -33; k <= 34 * 8; k++) {
          const x = k / 8;
          for (const strictly of [true, false]) {
            const difference = probability(left, x, strictly) - probability(right, x, strictly);
            largest = Math.max(largest, Math.abs(difference));
          }
          const from = probability(left, x, false) - probability(right, x, false);
          const to = probability(left, x + 1 / 8, true) - probability(right, x + 1 / 8, true);
          for (let i = 0; i < steps; i++) area += Math.abs(from + ((i + 0.5) / steps) * (to - from)) / (8 * steps);
        }
        expect(shift.kolmogorovSmirnov).toBeCloseTo(largest, 12);
        expect(Math.abs(shift.wasserstein - area)).toBeLessThan(1e-4);
      }),
      { numRuns: 40 },
    );
  });

  it('is symmetric, between 0 and 1, and 0 only for equal distributions', () => {
    fc.assert(
      fc.property(distribution, distribution, (left, right) => {
        const there = distributionShift(cellsOf(left), cellsOf(right), 1)!;
        const back = distributionShift(cellsOf(right), cellsOf(left), 1)!;
        expect(back.kolmogorovSmirnov).toBeCloseTo(there.kolmogorovSmirnov, 14);
        expect(back.wasserstein).toBeCloseTo(there.wasserstein, 12);
        expect(there.kolmogorovSmirnov).toBeLessThanOrEqual(1);
        const mean = (cells: readonly Cell[]): number =>
          cells.reduce((sum, [low, high, count]) => sum + (count * (low + high)) / 2, 0) /
          cells.reduce((sum, [, , count]) => sum + count, 0);
        // Means are never further apart than that.
        expect(there.wasserstein).toBeGreaterThanOrEqual(Math.abs(mean(left) - mean(right)) - 1e-12);
        expect(distributionShift(cellsOf(left), cellsOf(left), 1)).toEqual({
          kolmogorovSmirnov: 0,
          wasserstein: 0,
          relativeWasserstein: 0,
        });
      }),
    );
  });

  it('is nothing if a side has no finite values', () => {
    expect(distributionShift(cellsOf([]), cellsOf([[0, 1, 1]]), 1)).toBeNull();
    expect(distributionShift(cellsOf([[0, 1, 1]]), cellsOf([]), 1)).toBeNull();
  });
});
