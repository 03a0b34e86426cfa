import { describe, expect, it } from 'vitest';
import { CosineCurve } from '../../../src/limits/cosine-curve';
import { lossLandscapeLimit } from '../../../src/limits/loss-landscape';
import { chosenCurvature, optimizerLimit, radiiOfCells } from '../../../src/limits/optimizer-curvature';
import { optimizerEstimate } from '../../../src/limits/optimizer-estimate';
import { radiusAt, radiusCurve } from '../../../src/limits/radius-curve';
import type { MomentCells } from '../../../src/sketch/cells';
import { atomCells, normalStream, uniformStream } from './brute-force';

const uniform = uniformStream(17);
const normal = normalStream(uniform);
const WEIGHTS = Float32Array.from({ length: 400 }, () => 0.1 * normal() ** 3);
const CELLS = atomCells([...WEIGHTS]);
const CHOICE = { batch: 128, epsilon: 0.005 };

function momentsOf(values: readonly number[]): MomentCells {
  return { mean: Float64Array.from(values), count: new Float64Array(values.length).fill(1), steps: 1000 };
}

/** A random orthogonal basis: Gram and Schmidt's of normal vectors. */
function randomBasis(size: number): number[][] {
  const basis: number[][] = [];
  while (basis.length < size) {
    let vector = Array.from({ length: size }, () => normal());
    for (const other of [...basis, ...basis]) {
      const along = vector.reduce((sum, value, i) => sum + value * other[i]!, 0);
      vector = vector.map((value, i) => value - along * other[i]!);
    }
    const norm = Math.hypot(...vector);
    basis.push(vector.map((value) => value / norm));
  }
  return basis;
}

describe('the limit by a diagonal', () => {
  it('is that of the eigenvalues where they are the diagonal, scaled by the batch size', () => {
    const diagonal = Array.from({ length: 60 }, () => 10 ** (-6 + 5 * uniform()));
    const nodes = diagonal.map((value) => ({ eigenvalue: 128 * value, weight: 1 / 60 }));
    const radii = radiusCurve(WEIGHTS);
    const limit = optimizerLimit(momentsOf(diagonal), radii, CHOICE);
    expect(limit).toBeCloseTo(lossLandscapeLimit(nodes, radii, 0.005)?.prunedFraction ?? NaN, 12);
  });

  // Schur: the diagonal of a symmetric matrix is majorised by its eigenvalues; the kept fraction is concave in them.
  it('prunes no more than that of the whole matrix, for random positive semidefinite ones', () => {
    const radii = radiusCurve(WEIGHTS);
    const size = 24;
    let gap = 0;
    for (let round = 0; round < 60; round++) {
      const spread = 12 * uniform();
      const eigenvalues = Array.from({ length: size }, () => 10 ** (-spread * uniform()) * (uniform() < 0.3 ? 0 : 1));
      const basis = randomBasis(size);
      const diagonal = Array.from({ length: size }, (_, i) =>
        eigenvalues.reduce((sum, value, k) => sum + value * basis[k]![i]! ** 2, 0),
      );
      const choice = { batch: 1, epsilon: 10 ** (-4 + 3 * uniform()) };
      const byDiagonal = optimizerLimit(momentsOf(diagonal), radii, choice) ?? NaN;
      const byAll = optimizerLimit(momentsOf(eigenvalues), radii, choice) ?? NaN;
      expect(byDiagonal).toBeLessThanOrEqual(byAll + 1e-12);
      gap = Math.max(gap, byAll - byDiagonal);
    }
    expect(gap).toBeGreaterThan(0.1);
  });

  it('depends on the tolerated loss over the batch size alone', () => {
    const moments = momentsOf([1e-7, 1e-6, 1e-4]);
    const radii = radiusCurve(WEIGHTS);
    const limit = optimizerLimit(moments, radii, { batch: 128, epsilon: 0.005 }) ?? NaN;
    expect(optimizerLimit(moments, radii, { batch: 32, epsilon: 0.00125 })).toBeCloseTo(limit, 12);
    expect(optimizerLimit(moments, radii, { batch: 64, epsilon: 0.005 })).toBeGreaterThan(limit);
  });
});

describe('radii from the distribution of the weights', () => {
  it('are those of the sorted weights', () => {
    const [ofCells, ofWeights] = [radiiOfCells(CELLS), radiusCurve(WEIGHTS)];
    for (let place = 0; place <= 1; place += 0.05) {
      expect(radiusAt(ofCells, place)).toBeCloseTo(radiusAt(ofWeights, place), 9);
    }
  });
});

describe('the estimate from optimiser state', () => {
  const moments = momentsOf([0, 1e-8, 1e-6, 1e-4]);
  const [estimate] = optimizerEstimate('weights', moments, CELLS, new CosineCurve(CELLS));

  it('has an interval for less and more tolerated loss, about the usual one', () => {
    const radii = radiusCurve(WEIGHTS);
    expect(estimate?.inputs).toBe('optimizer');
    expect(estimate?.prunedFraction).toBeCloseTo(optimizerLimit(moments, radii, CHOICE) ?? NaN, 9);
    expect(estimate?.interval?.[0]).toBeCloseTo(
      optimizerLimit(moments, radii, { ...CHOICE, epsilon: 0.001 }) ?? NaN,
      9,
    );
    expect(estimate?.interval?.[1]).toBeCloseTo(optimizerLimit(moments, radii, { ...CHOICE, epsilon: 0.02 }) ?? NaN, 9);
  });

  it('says what it takes for granted: batch size, tolerated loss, that only a bound is known', () => {
    const text = estimate?.assumptions.join(' ') ?? '';
    expect(text).toContain('Batch size: 128');
    expect(text).toContain('With 64 it would be');
    expect(text).toContain('ε = 0.005');
    expect(text).toContain('upper bound');
  });

  it('warns of networks whose weights are not mostly small, as an L1 penalty makes them', () => {
    expect(estimate?.verdict).toContain('Probably far too high');
    const sparse = atomCells([...WEIGHTS, ...new Array<number>(1700).fill(1e-4)]);
    const [other] = optimizerEstimate('weights', moments, sparse, new CosineCurve(sparse));
    expect(other?.verdict).toContain('Rough, and not measured');
  });

  it('takes another batch size and tolerated loss', () => {
    const choice = { batch: 64, epsilon: 0.05 };
    const [other] = optimizerEstimate('weights', moments, CELLS, new CosineCurve(CELLS), choice);
    expect(other?.prunedFraction).toBeCloseTo(optimizerLimit(moments, radiusCurve(WEIGHTS), choice) ?? NaN, 9);
    expect(other?.assumptions[0]).toContain('Batch size: 64');
  });

  it('is none of a scope without values, or of zeros alone', () => {
    for (const values of [[], [0, 0]]) {
      const cells = atomCells(values);
      expect(optimizerEstimate('weights', moments, cells, new CosineCurve(cells))).toEqual([]);
    }
  });
});

describe('a choice of batch size and tolerated loss', () => {
  it('is taken if both are positive numbers', () => {
    expect(chosenCurvature({ batch: 32, epsilon: 0.1, other: 1 })).toEqual({ batch: 32, epsilon: 0.1 });
    for (const wrong of [
      undefined,
      null,
      3,
      {},
      { batch: 32 },
      { batch: 0, epsilon: 1 },
      { batch: 32, epsilon: NaN },
      { batch: Infinity, epsilon: 1 },
      { batch: '32', epsilon: 1 },
    ]) {
      expect(chosenCurvature(wrong)).toBeUndefined();
    }
  });
});
