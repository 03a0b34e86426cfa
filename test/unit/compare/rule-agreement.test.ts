import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JointMagnitudes, type MagnitudeBins } from '../../../src/compare/joint-magnitudes';
import { addOverlaps, magnitudeOverlap, ruleAgreement } from '../../../src/compare/rule-agreement';
import { bruteForceOverlap } from './brute-force-rule';

function binsOf(before: Float32Array, after: Float32Array): MagnitudeBins {
  const counter = new JointMagnitudes();
  counter.count(before, after);
  return counter.drain();
}

/** Few magnitudes, some of them in one bin and some equal, of either sign, and what is to be left out. */
const magnitude = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 1, -1, 1.0000001192092896, -1.0001, 1.001, 2, 1.401298464324817e-45, NaN, Infinity),
);
const pruned = fc
  .array(fc.tuple(magnitude, fc.boolean(), fc.constantFrom(0, 1, 2, NaN)), { minLength: 1, maxLength: 120 })
  .map((entries): [Float32Array, Float32Array] => {
    const before = Float32Array.from(entries, ([a]) => a);
    // Mostly as it was or zero; else fine-tuned, revived, or not finite.
    const after = Float32Array.from(entries, ([a, isPruned, other], i) => (isPruned ? 0 : i % 5 === 0 ? other : a));
    return [before, after];
  });

describe('magnitudeOverlap', () => {
  it('contains what brute force finds, whatever is pruned', () => {
    fc.assert(
      fc.property(pruned, ([before, after]) => {
        const overlap = magnitudeOverlap(binsOf(before, after));
        const exact = bruteForceOverlap(before, after);
        expect(overlap.low).toBeLessThanOrEqual(exact);
        expect(overlap.high).toBeGreaterThanOrEqual(exact);
        expect(overlap.high).toBeLessThanOrEqual(overlap.pruned);
        const bin = (x: number): number => new Uint32Array(Float32Array.of(Math.abs(x)).buffer)[0]! >>> 13;
        const bins = new Map<number, Set<number>>();
        for (const a of before) bins.set(bin(a), (bins.get(bin(a)) ?? new Set()).add(Math.abs(a)));
        // Where no two magnitudes share a bin, as in 16-bit types, nothing is left open.
        if ([...bins.values()].every(({ size }) => size === 1)) expect(overlap.low).toBe(overlap.high);
      }),
      { numRuns: 500 },
    );
  });

  it('is the same exactly if no pruned magnitude is above a kept one', () => {
    fc.assert(
      fc.property(pruned, ([before, after]) => {
        const overlap = magnitudeOverlap(binsOf(before, after));
        if (overlap.pruned === 0) return;
        const magnitudes = (isPruned: boolean): number[] =>
          Array.from(before, (a, i) =>
            Number.isFinite(after[i]) && (after[i] === 0) === isPruned ? Math.abs(a) : NaN,
          ).filter((a) => a > 0 && a < Infinity);
        const isSame = Math.max(...magnitudes(true)) <= Math.min(...magnitudes(false));
        expect(ruleAgreement(overlap).same).toBe(isSame);
        if (isSame) expect(ruleAgreement(overlap).interval).toEqual([1, 1]);
      }),
      { numRuns: 500 },
    );
  });

  it('takes ties for agreement', () => {
    // Two of four equal magnitudes are gone, and the smaller one is not.
    const before = Float32Array.of(1, 1, -1, -1, 0.5);
    const after = Float32Array.of(0, 1, -1, -0, 0.5);
    expect(magnitudeOverlap(binsOf(before, after))).toEqual({ pruned: 2, low: 1, high: 1 });
    expect(bruteForceOverlap(before, after)).toBe(1);
    expect(ruleAgreement(magnitudeOverlap(binsOf(before.subarray(0, 4), after.subarray(0, 4))))).toEqual({
      interval: [1, 1],
      same: true,
    });
  });

  it('leaves open what a bin does not tell', () => {
    // Four magnitudes in one bin; the smallest and the largest went.
    const before = Float32Array.from([0, 1, 2, 3], (low) => 1 + low * 2 ** -23);
    const after = before.map((a, i) => (i === 0 || i === 3 ? 0 : a));
    expect(magnitudeOverlap(binsOf(before, after))).toEqual({ pruned: 2, low: 0, high: 2 });
  });

  it('has nothing to say of nothing', () => {
    const zeros = new Float32Array(3);
    expect(magnitudeOverlap(binsOf(zeros, zeros))).toEqual({ pruned: 0, low: 0, high: 0 });
    const nan = Float32Array.of(NaN, Infinity, 1);
    expect(
      magnitudeOverlap(
        binsOf(
          nan,
          nan.map((_, i) => (i === 2 ? NaN : 0)),
        ),
      ),
    ).toMatchObject({ pruned: 0 });
  });

  it('adds over tensors', () => {
    expect(addOverlaps({ pruned: 2, low: 1, high: 2 }, { pruned: 3, low: 0, high: 1 })).toEqual({
      pruned: 5,
      low: 1,
      high: 3,
    });
  });
});

describe('JointMagnitudes', () => {
  it('is the sum of its parts, in any order', () => {
    fc.assert(
      fc.property(pruned, fc.nat(120), ([before, after], place) => {
        const cut = place % before.length;
        const left = binsOf(before.subarray(0, cut), after.subarray(0, cut));
        const right = binsOf(before.subarray(cut), after.subarray(cut));
        const whole = binsOf(before, after);
        for (const parts of [
          [left, right],
          [right, left],
        ]) {
          const counter = new JointMagnitudes();
          for (const part of parts) counter.add(part);
          expect(counter.drain()).toEqual(whole);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('keeps nothing once it is drained or cleared', () => {
    const counter = new JointMagnitudes();
    counter.count(Float32Array.of(1, 2, 3), Float32Array.of(0, 2, 3));
    counter.clear();
    expect(counter.drain().codes).toHaveLength(0);
    counter.count(Float32Array.of(2, 3), Float32Array.of(2, 0));
    expect(counter.drain()).toEqual(binsOf(Float32Array.of(2, 3), Float32Array.of(2, 0)));
  });
});
