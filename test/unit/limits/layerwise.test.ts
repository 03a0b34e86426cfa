import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CosineCurve } from '../../../src/limits/cosine-curve';
import { cosineUtopiaOnGrid, gridPrunedCount } from '../../../src/limits/cosine-utopia';
import { LayerwiseCurve } from '../../../src/limits/layerwise';
import { atomCells } from './brute-force';
import './matchers';

const tensor = fc.array(fc.oneof(fc.float({ min: -2, max: 2, noNaN: true }), fc.constantFrom(0, 1, 50)), {
  maxLength: 40,
});

function layerwiseOf(tensors: readonly (readonly number[])[]): LayerwiseCurve {
  const curve = new LayerwiseCurve();
  for (const values of tensors) curve.add(new CosineCurve(atomCells(values)));
  return curve;
}

describe('LayerwiseCurve', () => {
  it('is the definition, and never over the global curve', () => {
    fc.assert(
      fc.property(fc.array(tensor, { minLength: 1, maxLength: 5 }), (tensors) => {
        const all = tensors.flat();
        fc.pre(all.some((value) => Math.abs(value) > 1e-30));
        const energy = all.reduce((sum, value) => sum + value ** 2, 0);
        const layerwise = layerwiseOf(tensors);
        const global = new CosineCurve(atomCells(all));
        for (let index = 0; index <= 100; index++) {
          const keptByTensor = tensors.map((values) =>
            values
              .map((value) => value ** 2)
              .sort((a, b) => a - b)
              .slice(gridPrunedCount(index, values.length)),
          );
          const kept = keptByTensor.flat();
          expect(layerwise.prunedCount(index)).toBe(all.length - kept.length);
          const expected = kept.length === 0 ? 0 : Math.sqrt(kept.reduce((sum, square) => sum + square, 0) / energy);
          expect(layerwise.cosine(index)).toBeWithin(1e-12, expected);
          expect(layerwise.cosine(index)).toBeLessThanOrEqual(global.cosine(layerwise.prunedCount(index)) + 1e-12);
        }
      }),
      { numRuns: 60, seed: 9 },
    );
  });

  it('of one tensor is the global optimum', () => {
    const values = Array.from({ length: 1000 }, (_, i) => Math.sin(i) ** 3);
    expect(layerwiseOf([values]).optimum()).toEqual(cosineUtopiaOnGrid(new CosineCurve(atomCells(values))));
  });

  it('does not depend on the order of the tensors', () => {
    const tensors = [
      [1, 2, 3, 4, 5],
      [100, 200, 300],
      [0.5, 0.25],
    ];
    expect(layerwiseOf(tensors).optimum()).toEqual(layerwiseOf([...tensors].reverse()).optimum());
  });

  it('has no optimum without values, of zeros, or beyond float64', () => {
    expect(layerwiseOf([]).optimum()).toBeUndefined();
    expect(layerwiseOf([[], []]).cosine(50)).toBe(1);
    expect(layerwiseOf([[0, 0]]).optimum()).toBeUndefined();
    expect(layerwiseOf([[0, 0]]).cosine(50)).toBe(1);
    expect(layerwiseOf([[1e300, 1]]).optimum()).toBeUndefined();
    expect(layerwiseOf([[1e300, 1]]).cosine(50)).not.toBeNaN();
  });
});
