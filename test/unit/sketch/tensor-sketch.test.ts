import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { DType } from '../../../src/formats/dtype';
import type { TensorStatistics } from '../../../src/report/report';
import { toFloat64 } from '../../../src/values/convert';
import { sketchPlan, type SketchPlan } from '../../../src/sketch/plan';
import { BLOCK_ELEMENTS } from '../../../src/sketch/segment';
import type { SketchStatistics } from '../../../src/sketch/statistics';
import { TensorSketch } from '../../../src/sketch/tensor-sketch';
import { bytesOf, FLOAT32, naiveStatistics, normalNumbers, plainKernel, segmentOf, tensorOf } from './sketching';

function planOf(dtype: DType, quantization?: { scale: number; min: number }): SketchPlan {
  const plan = sketchPlan(quantization === undefined ? { dtype } : { dtype, quantization });
  if (plan === undefined) throw new Error(`no plan for ${dtype}`);
  return plan;
}

/** Relative closeness; both null counts as close. */
function expectRelative(actual: number | null, expected: number, tolerance: number): void {
  expect(actual).not.toBeNull();
  expect(Math.abs((actual ?? NaN) - expected)).toBeLessThanOrEqual(tolerance * Math.abs(expected));
}

function expectStatistics(statistics: SketchStatistics, values: ArrayLike<number>, tolerance: number): void {
  const naive = naiveStatistics(values);
  const finite = Array.from(values).filter(Number.isFinite);
  expect(Math.abs((statistics.mean ?? NaN) - naive.mean)).toBeLessThanOrEqual(
    tolerance * (naive.std + Math.abs(naive.mean)),
  );
  expectRelative(statistics.std, naive.std, tolerance);
  expectRelative(statistics.kurtosis, naive.kurtosis, tolerance);
  expect(Math.abs((statistics.skewness ?? NaN) - naive.skewness)).toBeLessThanOrEqual(
    tolerance * Math.max(1, Math.abs(naive.skewness)),
  );
  expectRelative(statistics.l1Norm, naive.l1, tolerance);
  expectRelative(statistics.l2Norm, naive.l2, tolerance);
  expect(statistics.min).toBe(finite.reduce((a, b) => Math.min(a, b)));
  expect(statistics.max).toBe(finite.reduce((a, b) => Math.max(a, b)));
  expect(statistics.zeroCount).toBe(finite.filter((x) => x === 0).length);
  expect(statistics.nanCount).toBe(Array.from(values).filter(Number.isNaN).length);
  expect(statistics.infCount).toBe(values.length - finite.length - statistics.nanCount);
}

describe('the sketch of a float32 tensor', () => {
  const normal = normalNumbers(51);
  const shapes: [string, number, (i: number) => number][] = [
    ['eight values', 8, () => normal()],
    ['a normal distribution over several blocks', 200_003, () => 0.02 * normal()],
    ['heavy tails', 150_000, () => normal() ** 5],
    ['a mean far from zero', 100_000, () => 1000 + 0.1 * normal()],
    ['a mean that drifts between blocks', 200_000, (i) => Math.floor(i / 10_000) + 0.01 * normal()],
    ['a first value far from the rest', 70_000, (i) => (i < 256 ? 1e6 : normal())],
    ['values near the greatest float32', 1000, () => 1e38 * Math.tanh(normal())],
    ['denormal numbers', 1000, () => 1e-40 * normal()],
    ['denormal numbers and zeros', 1000, (i) => (i % 3 === 0 ? 0 : 1e-44 * normal())],
    [
      'NaN and infinities among the values',
      140_000,
      (i) => (i % 1000 === 7 ? NaN : i % 5000 === 8 ? (-1) ** i * Infinity : normal()),
    ],
  ];
  it.each(shapes)('has the statistics of %s', (_, length, value) => {
    const values = Float32Array.from({ length }, (_unused, i) => value(i));
    expectStatistics(tensorOf(values).statistics(), values, 1e-9);
  });

  it('has the mean absolute deviation to 1e-4, as far as the bins tell', () => {
    for (const [length, mean, spread] of [
      [50_000, 0, 1],
      [50_000, 0.3, 1],
      [50_000, 1, 0.1],
      [20, 0.5, 1],
    ] as const) {
      const values = Float32Array.from({ length }, () => mean + spread * normal());
      expectRelative(
        tensorOf(values).statistics().meanAbsoluteDeviation,
        naiveStatistics(values).meanAbsoluteDeviation,
        1e-4,
      );
    }
    // All in one bin: an estimate between 0 and the standard deviation.
    const narrow = Float32Array.from({ length: 1000 }, () => 1.004 + 1e-5 * normal());
    const statistics = tensorOf(narrow).statistics();
    expect(statistics.meanAbsoluteDeviation).toBeGreaterThan(0.5 * (statistics.std ?? NaN));
    expect(statistics.meanAbsoluteDeviation).toBeLessThanOrEqual(statistics.std ?? NaN);
  });

  it('is exact for constants', () => {
    fc.assert(
      fc.property(
        fc.float({ noNaN: true, noDefaultInfinity: true }),
        fc.constantFrom(1, 3, 300, BLOCK_ELEMENTS + 5),
        (value, length) => {
          const sketch = tensorOf(new Float32Array(length).fill(value));
          expect(sketch.moments()).toEqual({ count: length, mean: value + 0, m2: 0, m3: 0, m4: 0 });
          expect(sketch.statistics()).toMatchObject({
            std: 0,
            kurtosis: null,
            skewness: null,
            meanAbsoluteDeviation: 0,
          });
        },
      ),
      { seed: 52, numRuns: 40 },
    );
  });

  it('has nulls for no values, and for no finite ones', () => {
    const nothing = {
      min: null,
      max: null,
      mean: null,
      std: null,
      skewness: null,
      kurtosis: null,
      meanAbsoluteDeviation: null,
    };
    expect(new TensorSketch(FLOAT32).statistics()).toEqual({
      ...nothing,
      nanCount: 0,
      infCount: 0,
      zeroCount: 0,
      l1Norm: 0,
      l2Norm: 0,
    });
    const notFinite = tensorOf(Float32Array.of(NaN, Infinity, -Infinity, NaN));
    expect(notFinite.statistics()).toEqual({
      ...nothing,
      nanCount: 2,
      infCount: 2,
      zeroCount: 0,
      l1Norm: 0,
      l2Norm: 0,
    });
    expect(notFinite.count).toBe(4);
    expect(notFinite.valueCells(16).count.length).toBe(0);
    expect(notFinite.magnitudeCells().count.length).toBe(0);
  });

  it('is the same to the last bit however it is cut into segments and whichever kernel', () => {
    const values = Float32Array.from({ length: 6 * BLOCK_ELEMENTS + 777 }, (_, i) =>
      i % 1111 === 3 ? NaN : 0.3 + normal(),
    );
    const expected = tensorOf(values);
    for (const [blocks, kernel] of [
      [1, undefined],
      [2, undefined],
      [4, plainKernel],
    ] as const) {
      const tensor = new TensorSketch(FLOAT32);
      for (let first = 0; first < values.length; first += blocks * BLOCK_ELEMENTS) {
        const part = bytesOf(values.subarray(first, first + blocks * BLOCK_ELEMENTS));
        tensor.add(segmentOf(part, FLOAT32, kernel === undefined ? {} : { kernel }));
      }
      expect(tensor.moments()).toEqual(expected.moments());
      expect(tensor.statistics()).toEqual(expected.statistics());
      expect(tensor.histogram).toEqual(expected.histogram);
      expect(tensor.magnitudeCells()).toEqual(expected.magnitudeCells());
    }
  });

  it('knows every value if a bin never holds more than one', () => {
    const levels = [-0.37, -0.1, 0, 0.1, 0.2345];
    const ternary = Float32Array.from({ length: 90_000 }, (_, i) => levels[(i * 7919) % 5] ?? 0);
    const sketch = tensorOf(ternary);
    const { low, high, count } = sketch.magnitudeCells();
    expect(Array.from(low)).toEqual([0, 0.1, 0.2345, 0.37].map(Math.fround));
    expect(high).toEqual(low);
    expect(Array.from(count)).toEqual([18_000, 36_000, 18_000, 18_000]);
    expect(sketch.valueCells(8).low).toEqual(Float32Array.from(levels));
    expectRelative(sketch.statistics().meanAbsoluteDeviation, naiveStatistics(ternary).meanAbsoluteDeviation, 1e-12);
  });

  it('does not take a bin of several values for one, though their mean is a float32 number', () => {
    const [below, above] = [1.001, 1.003].map(Math.fround) as [number, number];
    const pair = tensorOf(Float32Array.of(below, above, below, above, 3));
    expect(pair.atoms()).toBeUndefined();
    const { low, high } = pair.magnitudeCells();
    expect([low[0], high[0]! > above, low[1]]).toEqual([1, true, 3]);
  });

  it('refuses segments of another kind', () => {
    const tensor = new TensorSketch(FLOAT32);
    expect(() => {
      tensor.add(segmentOf(new Uint8Array(4), planOf('uint8')));
    }).toThrow(TypeError);
  });
});

describe('the sketch of a tensor of codes', () => {
  const random = normalNumbers(53);
  it.each([
    'float16',
    'bfloat16',
    'float8_e4m3fn',
    'float8_e4m3fnuz',
    'float8_e5m2',
    'float8_e5m2fnuz',
    'int8',
    'uint8',
    'int16',
    'uint16',
  ] as const)('of %s has the statistics of its values to 1e-12', (dtype) => {
    // All kinds of patterns, NaN and infinities included where there are any; float types at moderate exponents mostly.
    const stored = Uint8Array.from({ length: 40_000 }, () => 128 + 30 * random());
    const values = toFloat64(stored, dtype);
    const plan = planOf(dtype);
    const sketch = new TensorSketch(plan);
    for (const [from, to] of [
      [0, 10_000],
      [10_000, 40_000],
    ] as const)
      sketch.add(segmentOf(stored.subarray(from, to), plan));
    const statistics = sketch.statistics();
    expectStatistics(statistics, values, 1e-12);
    expectRelative(statistics.meanAbsoluteDeviation, naiveStatistics(values).meanAbsoluteDeviation, 1e-12);
  });

  it('of quantised codes has the statistics of the dequantised values', () => {
    const stored = Uint8Array.from({ length: 5000 }, () => 128 + 30 * random());
    const quantization = { scale: 0.0123, min: -1.7 };
    const plan = planOf('uint8', quantization);
    expectStatistics(tensorOf(stored, plan).statistics(), toFloat64(stored, 'uint8', quantization), 1e-12);
  });

  it('is exact for constants, zeros of both signs included', () => {
    const zeros = tensorOf(Uint16Array.of(0, 0x8000, 0x8000), planOf('float16'));
    expect(zeros.moments()).toEqual({ count: 3, mean: 0, m2: 0, m3: 0, m4: 0 });
    expect(zeros.statistics()).toMatchObject({ zeroCount: 3, min: 0, max: 0, mean: 0, kurtosis: null, l2Norm: 0 });
    expect(zeros.valueCells(8)).toEqual({
      low: Float32Array.of(0),
      high: Float32Array.of(0),
      count: Float64Array.of(3),
    });
    const constant = tensorOf(new Uint16Array(1001).fill(0x2e66), planOf('float16'));
    expect(constant.moments()).toMatchObject({ count: 1001, mean: 0.0999755859375, m2: 0, m4: 0 });
  });

  it('has every magnitude and how often it occurs', () => {
    fc.assert(
      fc.property(
        fc.uint16Array({ maxLength: 50 }),
        fc.constantFrom('float16', 'bfloat16', 'int16'),
        (codes, dtype) => {
          const sketch = tensorOf(codes, planOf(dtype));
          const sorted = Array.from(toFloat64(bytesOf(codes), dtype))
            .filter(Number.isFinite)
            .map(Math.abs)
            .sort((a, b) => a - b);
          const { low, high, count, energy } = sketch.magnitudeCells();
          expect(high).toEqual(low);
          expect(Array.from(low).flatMap((value, i) => Array<number>(count[i] ?? 0).fill(value))).toEqual(sorted);
          low.forEach((value, i) => {
            expect(energy[i]).toBe((count[i] ?? 0) * value * value);
            expect(value).toBeGreaterThan(low[i - 1] ?? -1);
          });
        },
      ),
      { seed: 54 },
    );
  });
});

describe('the sketch of a converted tensor', () => {
  const normal = normalNumbers(55);

  it('of float64 has the statistics of its values', () => {
    for (const values of [
      Float64Array.from({ length: 100_000 }, () => 0.02 * normal()),
      Float64Array.from({ length: 8 }, () => normal()),
      Float64Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? NaN : i % 17 === 0 ? Infinity : 1e60 * normal())),
      Float64Array.from({ length: 70_000 }, () => 1 + 1e-6 * normal()),
    ]) {
      expectStatistics(tensorOf(values, planOf('float64')).statistics(), values, 1e-9);
    }
  });

  it('of integers has the statistics of its values', () => {
    const integers = Int32Array.from({ length: 3000 }, () => 1e6 * normal());
    expectStatistics(tensorOf(integers, planOf('int32')).statistics(), integers, 1e-9);
    const wide = BigInt64Array.from({ length: 100 }, (_, i) => BigInt(i) ** 9n - 7n);
    expectStatistics(tensorOf(wide, planOf('int64')).statistics(), Array.from(wide, Number), 1e-9);
  });

  it('is exact for constants that float32 does not have', () => {
    const sketch = tensorOf(new Float64Array(70_000).fill(0.1), planOf('float64'));
    expect(sketch.moments()).toEqual({ count: 70_000, mean: 0.1, m2: 0, m3: 0, m4: 0 });
    expect(sketch.statistics().meanAbsoluteDeviation).toBe(0);
  });

  it('has no infinities or NaN in its statistics where powers overflow', () => {
    const statistics = tensorOf(Float64Array.of(1e300, -1e300, 1.7e308, 5), planOf('float64')).statistics();
    for (const value of Object.values(statistics)) expect(value === null || Number.isFinite(value)).toBe(true);
    expect(statistics.kurtosis).toBeNull();
    expect(statistics.max).toBe(1.7e308);
  });
});

describe('statistics', () => {
  it('are those of the report, but for the limit', () => {
    expectTypeOf<SketchStatistics>().toEqualTypeOf<Omit<TensorStatistics, 'limit'>>();
  });
});
