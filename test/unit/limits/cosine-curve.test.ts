import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CosineCurve, survivingFraction } from '../../../src/limits/cosine-curve';
import { rawKurtosis } from '../../../src/limits/random-baseline';
import type { MagnitudeCells } from '../../../src/sketch/cells';
import {
  accurateSum,
  atomCells,
  float32Cells,
  momentsOf,
  normalStream,
  sortedCosines,
  uniformStream,
} from './brute-force';
import './matchers';

const RUNS = { numRuns: 150, seed: 20240511 };
const VARIANTS = [
  ['atoms', atomCells],
  ['float32 cells', float32Cells],
] as const;

/** Vectors with ties, zeros, outliers and a range of scales; float32 values. */
const vector = fc
  .array(
    fc.oneof(
      fc.float({ min: -2, max: 2, noNaN: true }),
      fc.constantFrom(0, 1, -1, 0.5, 1000),
      fc.float({ min: Math.fround(-1e-6), max: Math.fround(1e-6), noNaN: true }),
    ),
    { minLength: 1, maxLength: 120 },
  )
  // Squares of float32's smallest numbers are fine in float64, but their fourth powers are not.
  .map((values) => values.map((value) => (Math.abs(value) < 1e-30 ? 0 : value)));
const nonZeroVector = vector.filter((values) => values.some((value) => value !== 0));

describe('CosineCurve', () => {
  it('is the definition, for every k, on atoms', () => {
    fc.assert(
      fc.property(nonZeroVector, (values) => {
        const curve = new CosineCurve(atomCells(values));
        const squares = values.map((value) => value * value).sort((a, b) => a - b);
        expect(curve.count).toBe(values.length);
        sortedCosines(values).forEach((expected, k) => {
          expect(curve.cosine(k)).toBeWithin(1e-13 * (expected + 1e-3), expected);
          const energy = accurateSum(squares.slice(0, k));
          expect(curve.prunedEnergy(k)).toBeWithin(1e-14 * energy, energy);
          const kept = accurateSum(squares.slice(k));
          expect(curve.keptEnergy(k)).toBeWithin(1e-14 * kept, kept);
        });
      }),
      RUNS,
    );
  });

  it('is inside its interval, as is the definition, for every k', () => {
    fc.assert(
      fc.property(nonZeroVector, (values) => {
        const curve = new CosineCurve(float32Cells(values));
        sortedCosines(values).forEach((expected, k) => {
          const [lower, upper] = curve.cosineInterval(k);
          expect(lower).toBeLessThanOrEqual(expected + 1e-13);
          expect(upper).toBeGreaterThanOrEqual(expected - 1e-13);
          expect(lower).toBeLessThanOrEqual(curve.cosine(k));
          expect(upper).toBeGreaterThanOrEqual(curve.cosine(k));
          // One cell is 2⁻⁷ wide: its energy is uncertain by under 1.6 % of itself, at most all of the vector's.
          expect(upper - lower).toBeLessThan(0.05);
        });
      }),
      RUNS,
    );
  });

  it('is within 1e-6 of the definition on float32 cells of a million normal values', () => {
    const normal = normalStream(uniformStream(7));
    const values = Array.from({ length: 1_000_000 }, () => Math.fround(0.02 * normal()));
    const curve = new CosineCurve(float32Cells(values));
    const squares = Float64Array.from(values, (value) => value * value).sort();
    const total = curve.energy;
    let pruned = 0;
    let worst = 0;
    for (let k = 1; k <= 990_000; k++) {
      pruned += squares[k - 1] ?? 0;
      if (k % 10 === 0) worst = Math.max(worst, Math.abs(Math.sqrt(1 - pruned / total) - curve.cosine(k)));
    }
    expect(worst).toBeLessThan(1e-6);
    const [lower, upper] = curve.cosineInterval(840_000);
    expect(upper - lower).toBeLessThan(2e-5);
  });

  it.each(VARIANTS)('holds the inequalities of every weight vector, on %s', (_, cellsOf) => {
    fc.assert(
      fc.property(nonZeroVector, (values) => {
        const curve = new CosineCurve(cellsOf(values));
        const n = values.length;
        const raw = rawKurtosis(momentsOf(values)) ?? Number.NaN;
        // Fourth powers inside a cell of 2⁻⁷ are not the sketch's to know: up to (1 + 2⁻⁷)² of the bound.
        const slack = cellsOf === atomCells ? 1e-9 : 2e-2;
        let before = 1;
        let increment = 0;
        for (let k = 0; k <= n; k++) {
          const cosine = curve.cosine(k);
          expect(cosine).toBeLessThanOrEqual(before + 1e-15);
          expect(cosine).toBeGreaterThanOrEqual(k === n ? 0 : Math.sqrt(1 - k / n) - 1e-13);
          expect(cosine).toBeLessThanOrEqual(Math.min(1, ((1 - k / n) * raw) ** 0.25) * (1 + slack));
          const step = before * before - cosine * cosine;
          expect(step).toBeGreaterThanOrEqual(increment - 1e-13);
          before = cosine;
          increment = step;
        }
        expect(curve.cosine(0)).toBe(1);
        expect(curve.cosine(n)).toBe(0);
      }),
      RUNS,
    );
  });

  it('depends neither on scale, signs nor order', () => {
    fc.assert(
      fc.property(nonZeroVector, fc.constantFrom(2 ** -20, 0.5, 3, 1e6), fc.integer(), (values, scale, seed) => {
        const random = uniformStream(seed);
        const other = values
          .map((value) => ({ value: (random() < 0.5 ? -value : value) * scale, key: random() }))
          .sort((a, b) => a.key - b.key)
          .map(({ value }) => value);
        const curve = new CosineCurve(atomCells(values));
        const otherCurve = new CosineCurve(atomCells(other));
        for (let k = 0; k <= values.length; k++) expect(otherCurve.cosine(k)).toBeWithin(1e-12, curve.cosine(k));
      }),
      RUNS,
    );
  });

  it('is the largest cosine of any vector with that many zeros', () => {
    fc.assert(
      fc.property(nonZeroVector, fc.integer(), (values, seed) => {
        const random = uniformStream(seed);
        const curve = new CosineCurve(atomCells(values));
        const prune = Math.floor(random() * values.length);
        const zeroed = new Set(
          values
            .map((_, i) => ({ i, key: random() }))
            .sort((a, b) => a.key - b.key)
            .slice(0, prune)
            .map(({ i }) => i),
        );
        const masked = values.map((value, i) => (zeroed.has(i) ? 0 : value));
        const arbitrary = values.map((value, i) => (zeroed.has(i) ? 0 : value + random() - 0.5));
        for (const candidate of [masked, arbitrary]) {
          const dot = accurateSum(values.map((value, i) => value * (candidate[i] ?? 0)));
          const norms = Math.hypot(...values) * Math.hypot(...candidate);
          if (norms > 0) expect(dot / norms).toBeLessThanOrEqual(curve.cosine(prune) + 1e-12);
        }
      }),
      RUNS,
    );
  });

  it('gives the furthest prune of a level', () => {
    fc.assert(
      fc.property(nonZeroVector, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, level) => {
        const curve = new CosineCurve(atomCells(values));
        const expected = sortedCosines(values).findLastIndex((cosine) => cosine >= level - 4e-15);
        expect(curve.largestPrunedCount(level)).toBe(expected);
        expect(curve.largestPrunedCountInterval(level)).toEqual([expected, expected]);
        const [least, most] = new CosineCurve(float32Cells(values)).largestPrunedCountInterval(level);
        expect(least).toBeLessThanOrEqual(expected);
        expect(most).toBeGreaterThanOrEqual(expected);
      }),
      RUNS,
    );
  });

  it('counts a level that is met exactly', () => {
    // 1 − 199/10000 = 0.99².
    const curve = new CosineCurve(atomCells(Array.from({ length: 10_000 }, () => 0.1)));
    expect(curve.largestPrunedCount(0.99)).toBe(199);
    expect(curve.largestPrunedCount(0)).toBe(10_000);
    expect(curve.largestPrunedCount(1)).toBe(0);
  });

  it('keeps its precision where almost nothing is pruned and where almost everything is', () => {
    const count = 1e8;
    const magnitudes = [1e-9, 1, 1e6];
    const low = Float64Array.from(magnitudes);
    const counts = Float64Array.of(count, count, 1);
    const curve = new CosineCurve({
      low,
      high: low,
      count: counts,
      energy: counts.map((n, i) => n * (low[i] ?? 0) ** 2),
    });
    const total = count * 1e-18 + count + 1e12;
    expect(curve.keptEnergy(2 * count)).toBe(1e12);
    expect(curve.prunedEnergy(1)).toBeWithin(1e-32, 1e-18);
    expect(1 - curve.cosine(2 * count)).toBeWithin(1e-12, 1 - Math.sqrt(1e12 / total));
  });

  describe('at the ends', () => {
    const empty: MagnitudeCells = atomCells([]);

    it('an empty vector', () => {
      const curve = new CosineCurve(empty);
      expect([curve.count, curve.energy, curve.cosine(0), curve.cosine(1), curve.prunedEnergy(1)]).toEqual([
        0, 0, 1, 1, 0,
      ]);
      expect(curve.cosineInterval(0)).toEqual([1, 1]);
      expect(curve.largestPrunedCount(0.9)).toBe(0);
      expect(curve.threshold(0)).toEqual({ magnitude: 0, cell: -1, prunedShare: 0 });
      expect(curve.survivingCount(atomCells([1, 2]), curve.threshold(0))).toBe(2);
    });

    it('a vector of zeros', () => {
      const curve = new CosineCurve(atomCells([0, 0, 0]));
      expect([0, 1, 2, 2.5, 3].map((k) => curve.cosine(k))).toEqual([1, 1, 1, 1, 0]);
      expect(curve.cosineInterval(1)).toEqual([1, 1]);
    });

    it.each([1e200, 1e-200, 1e308, 5e-324])('magnitudes whose squares float64 cannot hold: %d', (unit) => {
      const values = [1, 2, 2, 3].map((value) => value * Math.min(unit, Number.MAX_VALUE / 4));
      const curve = new CosineCurve(atomCells(values));
      const expected = sortedCosines([1, 2, 2, 3]);
      expected.forEach((cosine, k) => {
        expect(curve.cosine(k)).toBeWithin(1e-12, cosine);
        expect(curve.prunedEnergy(k)).not.toBeNaN();
        expect(curve.keptEnergy(k)).not.toBeNaN();
      });
      expect(curve.threshold(3).magnitude / (values[2] ?? 0)).toBeWithin(1e-12, 1);
      expect(curve.survivingCount(atomCells(values), curve.threshold(2))).toBeWithin(1e-12, 2);
    });
  });
});

describe('threshold and surviving counts', () => {
  it('is the k-th smallest magnitude, with the pruned share of its ties', () => {
    const curve = new CosineCurve(atomCells([1, -2, 2, 2, 5]));
    expect(curve.threshold(0)).toEqual({ magnitude: 0, cell: 0, prunedShare: 0 });
    expect(curve.threshold(1)).toEqual({ magnitude: 1, cell: 0, prunedShare: 1 });
    expect(curve.threshold(2)).toEqual({ magnitude: 2, cell: 1, prunedShare: 1 / 3 });
    expect(curve.threshold(4)).toEqual({ magnitude: 2, cell: 1, prunedShare: 1 });
    expect(curve.threshold(5)).toEqual({ magnitude: 5, cell: 2, prunedShare: 1 });
  });

  it.each(VARIANTS)('leaves count − k values over all tensors together, on %s', (_, cellsOf) => {
    fc.assert(
      fc.property(
        fc.array(vector, { minLength: 1, maxLength: 6 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (parts, p) => {
          const curve = new CosineCurve(cellsOf(parts.flat()));
          for (const k of [p * curve.count, Math.round(p * curve.count)]) {
            const threshold = curve.threshold(k);
            const survivors = parts.map((part) => curve.survivingCount(cellsOf(part), threshold));
            expect(accurateSum(survivors)).toBeWithin(1e-9 * curve.count, curve.count - k);
            parts.forEach((part, i) => {
              expect(survivors[i]).toBeGreaterThanOrEqual(0);
              expect(survivors[i]).toBeLessThanOrEqual(part.length);
            });
          }
        },
      ),
      RUNS,
    );
  });

  it('is each tensor’s own count on atoms without ties', () => {
    const first = [0.1, 0.2, 0.3, 4];
    const second = [-0.15, -0.25, 5];
    const curve = new CosineCurve(atomCells([...first, ...second]));
    const threshold = curve.threshold(4);
    expect(threshold.magnitude).toBe(0.25);
    expect(curve.survivingCount(atomCells(first), threshold)).toBe(2);
    expect(curve.survivingCount(atomCells(second), threshold)).toBe(1);
  });

  it('counts a value on the bound of two cells once', () => {
    const curve = new CosineCurve({
      low: Float64Array.of(0, 1),
      high: Float64Array.of(1, 2),
      count: Float64Array.of(10, 10),
      energy: Float64Array.of(10 / 3, 70 / 3),
    });
    const onBound = atomCells([1]);
    expect(curve.survivingCount(onBound, curve.threshold(10))).toBe(1);
    expect(curve.survivingCount(onBound, curve.threshold(15))).toBe(0.5);
    expect(curve.threshold(15).magnitude).toBeWithin(1e-12, 1.5);
  });

  it('cuts a part whose cells are coarser in proportion to length', () => {
    const curve = new CosineCurve(atomCells([1, 2, 3, 4]));
    const coarse = {
      low: Float64Array.of(0),
      high: Float64Array.of(4),
      count: Float64Array.of(8),
      energy: Float64Array.of(42),
    };
    expect(curve.survivingCount(coarse, curve.threshold(3))).toBe(2);
  });
});

describe('survivingFraction of signed cells', () => {
  const cells = {
    low: Float32Array.of(-2, -0.5, 0, 1),
    high: Float32Array.of(-1, -0.5, 1, 3),
    count: Float64Array.of(4, 2, 4, 10),
  };

  it.each([
    [0, 1],
    [0.25, 1 - 1 / 20],
    [0.5, 1 - 4 / 20],
    [1, 1 - 6 / 20],
    [1.5, 1 - (6 + 2 + 2.5) / 20],
    [2.5, 1 - (10 + 7.5) / 20],
    [4, 0],
  ])('over %d stay %d', (threshold, expected) => {
    expect(survivingFraction(cells, threshold)).toBeWithin(1e-12, expected);
  });

  it('shares the ties at the threshold', () => {
    expect(survivingFraction(cells, 0.5, 0.5)).toBeWithin(1e-12, 1 - 3 / 20);
  });

  it('finds an atom by the float32 of a float64 threshold', () => {
    const atom = { low: Float32Array.of(0.1), high: Float32Array.of(0.1), count: Float64Array.of(1) };
    expect(survivingFraction(atom, 0.1)).toBe(0);
  });

  it('is 1 without values', () => {
    expect(survivingFraction({ low: new Float32Array(), high: new Float32Array(), count: new Float64Array() }, 1)).toBe(
      1,
    );
  });
});
