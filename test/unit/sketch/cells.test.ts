import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MagnitudeCells, ValueCells } from '../../../src/sketch/cells';
import { coarsenMagnitudes, mergeMagnitudes } from '../../../src/sketch/magnitude-cells';
import { sketchPlan } from '../../../src/sketch/plan';
import { FLOAT32, normalNumbers, randomNumbers, tensorOf } from './sketching';

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((a, b) => a + b, 0);
}

/** Sorted, disjoint, nothing empty; atoms may stand at the lower edge of an interval. */
function expectOrdered(cells: ValueCells | MagnitudeCells): void {
  for (let i = 0; i < cells.count.length; i++) {
    expect(cells.count[i]).toBeGreaterThan(0);
    expect(cells.high[i]).toBeGreaterThanOrEqual(cells.low[i]!);
    if (i === 0) continue;
    expect(cells.low[i]).toBeGreaterThanOrEqual(cells.high[i - 1]!);
    const isAtom = cells.low[i] === cells.high[i];
    const wasAtom = cells.low[i - 1] === cells.high[i - 1];
    if (isAtom && wasAtom) expect(cells.low[i]).toBeGreaterThan(cells.low[i - 1]!);
  }
}

/** Each cell has as many of the values (ascending) as it says, and as much of their energy. */
function expectHolds(cells: MagnitudeCells, sorted: readonly number[], energyTolerance = Infinity): void {
  let next = 0;
  for (let i = 0; i < cells.count.length; i++) {
    const [low, high, count] = [cells.low[i]!, cells.high[i]!, cells.count[i]!];
    const inside = sorted.slice(next, next + count);
    next += count;
    expect(inside.length).toBe(count);
    expect(inside[0]).toBeGreaterThanOrEqual(low);
    expect(inside[inside.length - 1]).toBeLessThanOrEqual(high);
    const energy = sum(inside.map((x) => x * x));
    if (energy > 0) expect(Math.abs(cells.energy[i]! / energy - 1)).toBeLessThanOrEqual(energyTolerance);
    // Rigorous whatever the estimate: the mean square is between those of the edges.
    expect(cells.energy[i]!).toBeGreaterThanOrEqual(count * low * low * (1 - 1e-14));
    expect(cells.energy[i]!).toBeLessThanOrEqual(count * high * high * (1 + 1e-14));
  }
  expect(next).toBe(sorted.length);
}

/** Cosine after pruning k of the values: density even over each cell, scaled to the cell's energy. */
function cosineCurve(cells: MagnitudeCells): (k: number) => number {
  const total = sum(cells.energy);
  return (k) => {
    let left = k;
    let pruned = 0;
    for (let i = 0; i < cells.count.length; i++) {
      const [low, high, count, energy] = [cells.low[i]!, cells.high[i]!, cells.count[i]!, cells.energy[i]!];
      if (left >= count) {
        pruned += energy;
        left -= count;
        continue;
      }
      const share = left / count;
      const to = low + (high - low) * share;
      const even = high === low ? share : (to ** 3 - low ** 3) / (high ** 3 - low ** 3);
      return Math.sqrt(Math.max(0, total - pruned - energy * even) / total);
    }
    return 0;
  };
}

function exactCosine(sorted: readonly number[]): (k: number) => number {
  const kept = new Float64Array(sorted.length + 1);
  for (let i = sorted.length - 1; i >= 0; i--) kept[i] = kept[i + 1]! + sorted[i]! ** 2;
  return (k) => Math.sqrt(kept[k]! / kept[0]!);
}

function magnitudesOf(values: Float32Array): number[] {
  return Array.from(values.filter(Number.isFinite).map(Math.abs).sort());
}

const anyFloat = fc.oneof(
  fc.float(),
  fc.float({ min: 0.5, max: Math.fround(0.51), noNaN: true }),
  fc.constantFrom(0, -0, 1e-45, -1e-45, 3e-45, 1e-40, -1e-40, 2 ** -126, 3.4028234663852886e38),
);

describe('full-resolution cells of float32 values', () => {
  it('of magnitudes hold exactly the values that they say', () => {
    fc.assert(
      fc.property(fc.array(anyFloat, { maxLength: 60 }), (list) => {
        const values = Float32Array.from(list);
        const cells = tensorOf(values).magnitudeCells();
        expectOrdered(cells);
        expectHolds(cells, magnitudesOf(values));
      }),
      { seed: 61, numRuns: 400 },
    );
  });

  it('of signed values hold exactly the values that they say', () => {
    fc.assert(
      fc.property(fc.array(anyFloat, { maxLength: 60 }), (list) => {
        const values = Float32Array.from(list);
        const cells = tensorOf(values).valueCells(1000);
        expectOrdered(cells);
        const sorted = Array.from(values.filter(Number.isFinite).sort());
        expect(sum(cells.count)).toBe(sorted.length);
        const zeros = sorted.filter((x) => x === 0).length;
        const zero = cells.low.findIndex((low, i) => low === 0 && cells.high[i] === 0);
        expect(zero === -1 ? 0 : cells.count[zero]).toBe(zeros);
        // The two bins of denormal numbers share theirs by an estimate; all else is exact.
        const isTiny = (x: number): boolean => x !== 0 && Math.abs(x) < 1e-40;
        if (sorted.some((x) => isTiny(x) && x > 0) && sorted.some((x) => isTiny(x) && x < 0)) return;
        let next = 0;
        cells.count.forEach((count, i) => {
          for (const x of sorted.slice(next, next + count)) {
            expect(x).toBeGreaterThanOrEqual(cells.low[i]!);
            expect(x).toBeLessThanOrEqual(cells.high[i]!);
          }
          next += count;
        });
      }),
      { seed: 62, numRuns: 400 },
    );
  });

  it('have single values, and bins whose sum leaves no choice, as atoms', () => {
    const cells = tensorOf(Float32Array.of(1.003, 2, 2, 2, -0.7, 0, 4.001, 4.002)).magnitudeCells();
    const atoms = Array.from(cells.low).filter((low, i) => low === cells.high[i]);
    expect(atoms).toEqual([0, 0.7, 1.003, 2].map(Math.fround));
    expect(cells.high[4]! / cells.low[4]!).toBeLessThan(1 + 2 ** -7);
  });

  it('have energies within 1e-7 of the exact ones where there are many values', () => {
    const normal = normalNumbers(63);
    const values = Float32Array.from({ length: 300_000 }, () => 0.02 * normal());
    const cells = tensorOf(values).magnitudeCells();
    const sorted = magnitudesOf(values);
    expectHolds(cells, sorted, 1.6e-5);
    expect(Math.abs(sum(cells.energy) / sum(sorted.map((x) => x * x)) - 1)).toBeLessThan(1e-8);
  });
});

/** Inverse distribution functions of |x| on a grid of midpoints, so that sums are integrals. */
const GRID = 1_000_000;
const grids: [string, (p: number) => number, (p: number) => number][] = [
  ['uniform', (p) => p, (p) => Math.sqrt(1 - p ** 3)],
  [
    'Laplace',
    (p) => -Math.log(1 - p),
    (p) => {
      const t = -Math.log(1 - p);
      return Math.sqrt((1 - p) * (1 + t + (t * t) / 2));
    },
  ],
  [
    'triangular',
    (p) => 1 - Math.sqrt(1 - p),
    (p) => {
      const t = 1 - Math.sqrt(1 - p);
      return Math.sqrt(1 - 4 * t ** 3 + 3 * t ** 4);
    },
  ],
];

describe('the cosine curve of float32 cells', () => {
  it.each(grids)('of a %s distribution has its closed form', (_, quantile, cosine) => {
    const values = Float32Array.from({ length: GRID }, (_unused, i) => (-1) ** i * quantile((i + 0.5) / GRID));
    const sketch = tensorOf(values);
    const fine = sketch.magnitudeCells();
    const coarse = coarsenMagnitudes(fine, 4096);
    const [fineCosine, coarseCosine, exact] = [
      cosineCurve(fine),
      cosineCurve(coarse),
      exactCosine(magnitudesOf(values)),
    ];
    for (const p of [0.1, 0.25, 0.3, 0.5, 0.7, 0.75, 0.8, 0.9, 0.95, 0.99]) {
      const k = Math.round(p * GRID);
      expect(Math.abs(fineCosine(k) - exact(k))).toBeLessThan(1e-6);
      // The grid cuts the tail off; the closed form does not.
      expect(Math.abs(fineCosine(k) - cosine(p))).toBeLessThan(2e-5);
      expect(Math.abs(coarseCosine(k) - exact(k))).toBeLessThan(1e-5);
    }
  });

  it('of a normal distribution has the tabulated values, at every resolution', () => {
    const normal = normalNumbers(64);
    const values = Float32Array.from({ length: 400_000 }, () => 0.02 * normal());
    const fine = tensorOf(values).magnitudeCells();
    const exact = exactCosine(magnitudesOf(values));
    const cosine = cosineCurve(fine);
    for (const [p, expected] of [
      [0.5, 0.96367737],
      [0.8, 0.80611434],
      [0.95, 0.5282996],
    ] as const) {
      expect(Math.abs(cosine(p * values.length) - exact(p * values.length))).toBeLessThan(1e-6);
      // Sampling error of 400,000 values.
      expect(Math.abs(cosine(p * values.length) - expected)).toBeLessThan(2e-3);
    }
  });
});

const random = randomNumbers(65);
const normal = normalNumbers(66);
const bfloat16 = sketchPlan({ dtype: 'bfloat16' })!;
/** Distributions that are hard to coarsen, each as a sketch and its values. */
const distributions: [string, () => { values: Float32Array; sketch: ReturnType<typeof tensorOf> }][] = [
  ['normal', () => float32(() => normal())],
  ['Laplace', () => float32(() => Math.sign(random() - 0.5) * Math.log(random() + 1e-9))],
  ['uniform', () => float32(() => random() - 0.5)],
  ['off centre', () => float32(() => 1 + 0.1 * normal())],
  ['with outliers', () => float32(() => (random() < 0.001 ? 50 * normal() : normal()))],
  ['half zeros', () => float32(() => (random() < 0.5 ? 0 : normal()))],
  ['two peaks', () => float32(() => (random() < 0.5 ? -1 : 1) + 0.01 * normal())],
  ['some twenty values', () => float32(() => Math.round(3 * normal()) / 3)],
  ['five thousand values', () => float32(() => Math.round(1000 * normal()) / 1000)],
  [
    'bfloat16',
    () => {
      const values = float32(() => normal()).values;
      const bits = new Uint32Array(values.buffer);
      const codes = Uint16Array.from(bits, (pattern) => pattern >>> 16);
      bits.forEach((pattern, i) => {
        bits[i] = pattern & 0xffff0000;
      });
      return { values, sketch: tensorOf(codes, bfloat16) };
    },
  ],
];

function float32(next: () => number): { values: Float32Array; sketch: ReturnType<typeof tensorOf> } {
  const values = Float32Array.from({ length: 100_000 }, next);
  return { values, sketch: tensorOf(values, FLOAT32) };
}

/** Share of the mass at or under x, even within a cell. */
function distributionFunction(cells: ValueCells): (x: number) => number {
  const total = sum(cells.count);
  return (x) => {
    let below = 0;
    for (let i = 0; i < cells.count.length && cells.low[i]! <= x; i++) {
      const width = cells.high[i]! - cells.low[i]!;
      below += cells.count[i]! * (width === 0 ? 1 : Math.min(1, (x - cells.low[i]!) / width));
    }
    return below / total;
  };
}

/** Shares of 120 bars over ±4 standard deviations about the mean. */
function bars(cdf: (x: number) => number, mean: number, deviation: number): number[] {
  const edges = Array.from({ length: 121 }, (_, i) => cdf(mean + deviation * (i / 15 - 4)));
  return edges.slice(1).map((edge, i) => edge - edges[i]!);
}

describe('coarsened value cells', () => {
  it.each(distributions)('keep the distribution function and the histogram: %s', (name, make) => {
    const { values, sketch } = make();
    const sorted = values.slice().sort();
    const exact = (x: number): number => {
      let [from, to] = [0, sorted.length];
      while (from < to) {
        const middle = (from + to) >> 1;
        if (sorted[middle]! <= x) from = middle + 1;
        else to = middle;
      }
      return from / sorted.length;
    };
    const { mean, std } = sketch.statistics();
    const full = sketch.valueCells(1e6);
    const cells = sketch.valueCells(512);
    expectOrdered(cells);
    expect(cells.count.length).toBeLessThanOrEqual(512);
    expect(cells.count.length).toBeGreaterThanOrEqual(Math.min(100, full.count.length));
    expect(sum(cells.count)).toBe(values.length);
    const zeros = values.filter((x) => x === 0).length;
    const zero = cells.low.findIndex((low, i) => low === 0 && cells.high[i] === 0);
    expect(zero === -1 ? 0 : cells.count[zero]).toBe(zeros);

    const [cdf, fullCdf] = [distributionFunction(cells), distributionFunction(full)];
    const places = Array.from({ length: 2000 }, (_unused, i) => mean! + std! * (i / 200 - 5 + 0.0013));
    for (let i = 50; i < sorted.length - 1; i += 500) places.push((sorted[i]! + sorted[i + 1]!) / 2);
    const errorOf = (f: (x: number) => number): number => Math.max(...places.map((x) => Math.abs(f(x) - exact(x))));
    // Bins of 2^-7 are all there is to tell a peak of 0.01 about 1.
    const unavoidable = errorOf(fullCdf);
    if (name !== 'two peaks') expect(unavoidable).toBeLessThan(1e-3);
    // Between merged atoms an even density is off by a part of one.
    const heaviest = Math.max(
      0,
      ...full.count.filter((count, i) => full.low[i] === full.high[i] && count < values.length / 250),
    );
    expect(errorOf(cdf)).toBeLessThan(Math.max(1e-3, unavoidable) + heaviest / values.length);

    const drawn = bars(cdf, mean!, std!);
    const expected = bars(fullCdf, mean!, std!);
    const tallest = Math.max(...expected);
    drawn.forEach((bar, i) => {
      expect(Math.abs(bar - expected[i]!)).toBeLessThan(0.02 * tallest + heaviest / values.length);
    });
  });

  it('keep heavy atoms', () => {
    const { sketch } = float32(() => (random() < 0.3 ? 0.25 : random() < 0.1 ? -1.5 : normal()));
    const cells = sketch.valueCells(200);
    const edge = (edges: Float32Array, value: number): number => edges.indexOf(value);
    // In float32 bins they share a cell with what is next to them, 2^-7 wide at most.
    expect(cells.high[edge(cells.low, 0.25)]).toBeLessThan(0.25 * (1 + 2 ** -7));
    expect(cells.low[edge(cells.high, -1.5)]).toBeGreaterThan(-1.5 * (1 + 2 ** -7));
    const atoms = tensorOf(
      Uint8Array.from({ length: 9999 }, (_, i) => (i % 3 === 0 ? 77 : i)),
      sketchPlan({ dtype: 'uint8' }),
    );
    const few = atoms.valueCells(20);
    expect(few.count[edge(few.low, 77)]).toBeGreaterThanOrEqual(3333);
    expect(few.high[edge(few.low, 77)]).toBe(77);
  });

  it('fit any limit from 8 on, and are not touched if they fit', () => {
    const { sketch, values } = float32(() => normal());
    for (const limit of [8, 9, 16, 33, 100, 511, 2000]) {
      const cells = sketch.valueCells(limit);
      expect(cells.count.length).toBeLessThanOrEqual(limit);
      expect(sum(cells.count)).toBe(values.length);
      expectOrdered(cells);
    }
    expect(() => sketch.valueCells(7)).toThrow(RangeError);
    expect(() => sketch.valueCells(NaN)).toThrow(RangeError);
    const few = tensorOf(Float32Array.of(3, 1, 2)).valueCells(8);
    expect(few).toEqual({
      low: Float32Array.of(1, 2, 3),
      high: Float32Array.of(1, 2, 3),
      count: Float64Array.of(1, 1, 1),
    });
  });
});

describe('coarsened magnitudes', () => {
  it.each(distributions)('keep sums, and the cosine to 1e-4 at every pruned fraction: %s', (_, make) => {
    const { values, sketch } = make();
    const fine = sketch.magnitudeCells();
    for (const [limit, tolerance] of [
      [4096, 1e-4],
      [1000, 1e-3],
    ] as const) {
      const coarse = coarsenMagnitudes(fine, limit);
      expect(coarse.count.length).toBeLessThanOrEqual(limit);
      expectOrdered(coarse);
      expect(sum(coarse.count)).toBe(values.length);
      expect(Math.abs(sum(coarse.energy) / sum(fine.energy) - 1)).toBeLessThan(1e-14);
      const [a, b] = [cosineCurve(coarse), cosineCurve(fine)];
      for (let i = 0; i <= 1000; i++) {
        const k = Math.round((values.length * i) / 1000);
        expect(Math.abs(a(k) - b(k))).toBeLessThan(tolerance);
      }
      for (let k = values.length - 100; k <= values.length; k++) expect(Math.abs(a(k) - b(k))).toBeLessThan(tolerance);
      const zeros = values.filter((x) => x === 0).length;
      if (zeros > 0) expect([coarse.low[0], coarse.high[0], coarse.count[0]]).toEqual([0, 0, zeros]);
    }
  });

  it('fit any limit from 8 on, of all zeros too, and are not touched if they fit', () => {
    const { sketch } = float32(() => normal() ** 9);
    for (const limit of [8, 16, 100])
      expect(coarsenMagnitudes(sketch.magnitudeCells(), limit).count.length).toBeLessThanOrEqual(limit);
    const zeros = tensorOf(new Float32Array(5)).magnitudeCells();
    expect(coarsenMagnitudes(zeros, 8)).toBe(zeros);
    expect(() => coarsenMagnitudes(zeros, 7)).toThrow(RangeError);
  });
});

describe('merging magnitudes', () => {
  const cells = (...rows: [number, number, number, number][]): MagnitudeCells => ({
    low: Float64Array.from(rows, (row) => row[0]),
    high: Float64Array.from(rows, (row) => row[1]),
    count: Float64Array.from(rows, (row) => row[2]),
    energy: Float64Array.from(rows, (row) => row[3]),
  });

  it('adds equal atoms and equal intervals, and keeps an atom at the lower edge of an interval apart', () => {
    const a = cells([0, 0, 5, 0], [1, 2, 10, 20]);
    const b = cells([0, 0, 1, 0], [1, 1, 3, 3], [1, 2, 2, 4], [3, 3, 1, 9]);
    expect(mergeMagnitudes([a, b])).toEqual(cells([0, 0, 6, 0], [1, 1, 3, 3], [1, 2, 12, 24], [3, 3, 1, 9]));
    expect(mergeMagnitudes([b, a])).toEqual(mergeMagnitudes([a, b]));
  });

  it('lets an interval take in what lies inside it, and leaves what touches its upper edge', () => {
    const a = cells([1, 2, 10, 20]);
    const b = cells([1.5, 1.5, 1, 2.25], [2, 2, 4, 16], [2, 3, 1, 6]);
    expect(mergeMagnitudes([a, b])).toEqual(cells([1, 2, 11, 22.25], [2, 2, 4, 16], [2, 3, 1, 6]));
  });

  it('of nothing is nothing', () => {
    expect(mergeMagnitudes([]).count.length).toBe(0);
    const a = cells([1, 2, 10, 20]);
    expect(mergeMagnitudes([cells(), a, cells()])).toEqual(a);
  });
});
