import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addPairSums, NO_PAIRS, pairStatistics, pairSums, type PairSums } from '../../../src/compare/pair-sums';

const value = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 1, -1, 3.4028234663852886e38, 1.401298464324817e-45, NaN, Infinity, -Infinity),
);
const vectors = fc
  .array(fc.tuple(value, value), { minLength: 1, maxLength: 200 })
  .map((pairs): [Float32Array, Float32Array] => [
    Float32Array.from(pairs, ([a]) => a),
    Float32Array.from(pairs, ([, b]) => b),
  ]);

/** What does not depend on the order of adding. */
function counts({ count, maxChange, equalCount, zerosBefore, zerosAfter, zerosBoth }: PairSums): unknown {
  return { count, maxChange, equalCount, zerosBefore, zerosAfter, zerosBoth };
}

function expectSameSums(left: PairSums, right: PairSums, terms: number): void {
  expect(counts(left)).toEqual(counts(right));
  for (const key of ['squaresBefore', 'squaresAfter', 'squaredChange'] as const) {
    expect(Math.abs(left[key] - right[key])).toBeLessThanOrEqual(terms * Number.EPSILON * left[key]);
  }
  const scale = Math.sqrt(left.squaresBefore * left.squaresAfter);
  expect(Math.abs(left.dot - right.dot)).toBeLessThanOrEqual(terms * Number.EPSILON * scale);
}

describe('pairSums', () => {
  it('has the statistics of a small example, worked out by hand', () => {
    const sums = pairSums(Float32Array.of(3, 0, -4, 0, 2, NaN), Float32Array.of(3, -0, 0, 1, Infinity, 5));
    expect(pairStatistics(sums)).toEqual({
      count: 4,
      cosineSimilarity: 9 / Math.sqrt(25 * 10),
      relativeChange: Math.sqrt(17) / 5,
      maxChange: 4,
      equalCount: 2,
      zerosBefore: 2,
      zerosAfter: 2,
      zerosBoth: 1,
      maskOverlap: 1 / 3,
    });
  });

  it('has no cosine with a zero vector, and no mask without zeros', () => {
    const zeros = new Float32Array(3);
    const ones = Float32Array.of(1, 1, 1);
    expect(pairStatistics(pairSums(zeros, ones))).toMatchObject({ cosineSimilarity: null, relativeChange: null });
    expect(pairStatistics(pairSums(ones, zeros))).toMatchObject({ cosineSimilarity: null, relativeChange: 1 });
    expect(pairStatistics(pairSums(ones, ones)).maskOverlap).toBeNull();
    expect(pairStatistics(NO_PAIRS)).toMatchObject({ count: 0, cosineSimilarity: null, maskOverlap: null });
  });

  it('is exact at the ends of float32, where squares overflow its own range', () => {
    const huge = Float32Array.of(3e38, -3e38);
    expect(
      pairStatistics(
        pairSums(
          huge,
          huge.map((x) => -x),
        ),
      ),
    ).toMatchObject({
      cosineSimilarity: -1,
      relativeChange: 2,
      maxChange: 2 * huge[0]!,
    });
    const tiny = Float32Array.of(1e-45, 2e-45);
    expect(pairStatistics(pairSums(tiny, tiny))).toMatchObject({ cosineSimilarity: 1, relativeChange: 0 });
  });

  it('adds up in any order and any cut', () => {
    fc.assert(
      fc.property(vectors, fc.array(fc.nat(200), { maxLength: 4 }), ([a, b], places) => {
        const cuts = [0, ...places.map((place) => place % a.length), a.length].sort((x, y) => x - y);
        const parts = cuts.slice(1).map((end, i) => pairSums(a.subarray(cuts[i], end), b.subarray(cuts[i], end)));
        const whole = pairSums(a, b);
        expectSameSums(parts.reduce(addPairSums, NO_PAIRS), whole, 2 * a.length);
        expectSameSums(parts.reduceRight(addPairSums, NO_PAIRS), whole, 2 * a.length);
      }),
    );
  });

  it('keeps its bounds, and is symmetric where its definition is', () => {
    fc.assert(
      fc.property(vectors, ([a, b]) => {
        const there = pairStatistics(pairSums(a, b));
        const back = pairStatistics(pairSums(b, a));
        expect(back.cosineSimilarity).toBe(there.cosineSimilarity);
        expect(back.maxChange).toBe(there.maxChange);
        expect(back.maskOverlap).toBe(there.maskOverlap);
        expect([back.zerosBefore, back.zerosAfter]).toEqual([there.zerosAfter, there.zerosBefore]);
        if (there.cosineSimilarity !== null) expect(Math.abs(there.cosineSimilarity)).toBeLessThanOrEqual(1);
        expect(there.equalCount).toBeGreaterThanOrEqual(there.zerosBoth);
        expect(there.zerosBoth).toBeLessThanOrEqual(Math.min(there.zerosBefore, there.zerosAfter));
        const same = pairStatistics(pairSums(a, a));
        expect(same.cosineSimilarity === null || same.cosineSimilarity === 1).toBe(true);
        expect(same).toMatchObject({ maxChange: 0, equalCount: same.count });
      }),
    );
  });

  it('refuses blocks of unequal length', () => {
    expect(() => pairSums(new Float32Array(2), new Float32Array(3))).toThrow(RangeError);
  });
});
