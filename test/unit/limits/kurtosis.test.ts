import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kurtosisOfKurtoses, pearsonKurtosis, safePruneModifier } from '../../../src/limits/kurtosis';
import './matchers';

describe('K2', () => {
  it('is that of LeNet-5 as PyTorch initialises it (seed 0)', () => {
    // conv1, conv2, fc1, fc2, fc3: weight and bias, to four digits; K2 by scipy is 2.622218.
    const kurtoses = [1.7923, 1.3408, 1.8118, 2.1219, 1.8091, 2.1371, 1.8175, 1.7689, 1.8014, 1.4417];
    const k2 = kurtosisOfKurtoses(kurtoses);
    expect(k2.strict).toBeWithin(1e-3, 2.622218);
    expect(k2.defined).toBe(k2.strict);
    expect(safePruneModifier(k2.strict)).toBeWithin(1e-3, 1 / Math.log2(2.622218));
  });

  it('is undefined, as in the authors’ code, if a tensor is constant; the rest can still be told', () => {
    const k2 = kurtosisOfKurtoses([1.8, null, 2.5, 6]);
    expect(k2.strict).toBeNull();
    expect(k2.defined).toBeWithin(1e-12, pearsonKurtosis([1.8, 2.5, 6]) ?? -1);
  });

  it('is undefined without two different kurtoses', () => {
    expect(kurtosisOfKurtoses([])).toEqual({ strict: null, defined: null });
    expect(kurtosisOfKurtoses([3])).toEqual({ strict: null, defined: null });
    expect(kurtosisOfKurtoses([0.1, 0.1, 0.1])).toEqual({ strict: null, defined: null });
    expect(kurtosisOfKurtoses([null, null])).toEqual({ strict: null, defined: null });
  });

  it('lies in [1, T − 2 + 1/(T − 1)]', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1, max: 1000, noNaN: true }), { minLength: 2, maxLength: 40 }), (list) => {
        const k2 = kurtosisOfKurtoses(list).strict;
        fc.pre(k2 !== null);
        expect(k2).toBeGreaterThanOrEqual(1 - 1e-12);
        expect(k2).toBeLessThanOrEqual((list.length - 2 + 1 / (list.length - 1)) * (1 + 1e-9));
      }),
      { numRuns: 300, seed: 5 },
    );
  });
});

describe('safe prune modifier', () => {
  it.each([
    [4.2, 1 / Math.log(4.2)],
    [64.4, 1 / Math.log(64.4)],
    [2.49, 1 / Math.log2(2.49)],
    [Math.E, 1],
    [2, 1],
    // The authors' code gives 1.976 here, and an amount over 1.
    [1.42, 1],
    [1.0001, 1],
  ])('at K2 = %d is %d', (k2, expected) => {
    expect(safePruneModifier(k2)).toBeWithin(1e-12, expected);
  });

  it('reproduces the notebook: 83 % and K2 = 2.49 give 63.17 %', () => {
    // K2 is printed there to two digits.
    expect(0.83 * (safePruneModifier(2.49) ?? 0)).toBeWithin(2e-3, 0.6317);
  });

  it.each([null, 1, 0.5, 1 + 1e-15, Number.NaN])('is undefined at %s', (k2) => {
    expect(safePruneModifier(k2)).toBeUndefined();
  });
});
