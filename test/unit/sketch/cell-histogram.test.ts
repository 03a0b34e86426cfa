import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ValueCells } from '../../../src/sketch/cells';
import { histogramOf } from '../../../src/sketch/cell-histogram';

function cellsOf(cells: readonly (readonly [low: number, high: number, count: number])[]): ValueCells {
  return {
    low: Float32Array.from(cells, ([low]) => low),
    high: Float32Array.from(cells, ([, high]) => high),
    count: Float64Array.from(cells, ([, , count]) => count),
  };
}

describe('histogram of cells', () => {
  test('spreads a cell evenly and leaves an atom whole', () => {
    const histogram = histogramOf(
      cellsOf([
        [-1, 0, 8],
        [0.6, 0.6, 5],
      ]),
      -1,
      1,
      4,
    );
    expect([...histogram.counts]).toEqual([4, 4, 0, 5]);
    expect(histogram.below + histogram.above + histogram.zeros).toBe(0);
  });

  test('counts exact zeros and what is outside apart', () => {
    const histogram = histogramOf(
      cellsOf([
        [-3, -1, 4],
        [0, 0, 7],
        [1, 2, 6],
        [9, 9, 1],
      ]),
      -2,
      1.5,
      7,
    );
    expect(histogram.zeros).toBe(7);
    expect(histogram.below).toBeCloseTo(2, 12);
    expect(histogram.above).toBeCloseTo(4, 12);
    expect(histogram.counts.reduce((sum, count) => sum + count, 0)).toBeCloseTo(5, 12);
  });

  test('keeps the number of values, whatever the cells', () => {
    const ascending = fc
      .array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 1000 })), {
        minLength: 1,
        maxLength: 40,
      })
      .map((parts) => {
        let at = -2;
        return parts.map(([length, count]) => {
          const low = Math.fround(at);
          at = Math.fround(at + length);
          return [low, at, count] as const;
        });
      });
    fc.assert(
      fc.property(ascending, fc.integer({ min: 1, max: 50 }), (cells, bins) => {
        const { counts, below, above, zeros } = histogramOf(cellsOf(cells), -1.5, 3, bins);
        const total = cells.reduce((sum, [, , count]) => sum + count, 0);
        expect(counts.reduce((sum, count) => sum + count, below + above + zeros)).toBeCloseTo(total, 6);
        expect(counts.every((count) => count >= 0)).toBe(true);
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});
