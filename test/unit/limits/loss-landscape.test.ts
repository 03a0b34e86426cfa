import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/curvature/random-stream';
import {
  coveredFraction,
  crossingCurves,
  limitConvergence,
  lossLandscapeLimit,
  spectrumResolution,
  traceBoundOfKept,
} from '../../../src/limits/loss-landscape';
import { landscapeAssumptions, landscapeWarnings } from '../../../src/limits/landscape-warnings';
import { fractionWithin, radiusAt, radiusCurve } from '../../../src/limits/radius-curve';
import type { RadiusCurve, SpectrumFacts, SpectrumNode } from '../../../src/report/measurement';

const evenly = (eigenvalues: readonly number[]): SpectrumNode[] =>
  eigenvalues.map((eigenvalue) => ({ eigenvalue, weight: 1 / eigenvalues.length }));

/** Eigenvalues log-uniform from 10⁻⁴ to 10. */
const logUniform = (count: number): number[] =>
  Array.from({ length: count }, (_, index) => 10 ** (-4 + (5 * (index + 0.5)) / count));

/** A curve on which every prune is at the same distance. */
const constant = (radius: number): RadiusCurve => ({
  prunedFractions: Float64Array.of(0, 1),
  radii: Float64Array.of(radius, radius),
});

const epsilonOfTable = 0.01;

describe('lossLandscapeLimit', () => {
  it.each([
    [0.3, 0.667],
    [1, 0.461],
    [3, 0.274],
    [10, 0.096],
  ])('is, at a constant distance of %f, the covered fraction of a log-uniform spectrum: %f', (radius, expected) => {
    const limit = lossLandscapeLimit(evenly(logUniform(300)), constant(radius), epsilonOfTable)!;
    expect(Math.abs(limit.prunedFraction - expected)).toBeLessThan(0.001);
    expect(limit.radius).toBe(radius);
  });

  it.each([
    [1, 0.946],
    [10, 0.633],
  ])('is, at a constant distance of %f, that of a two-level spectrum: %f', (radius, expected) => {
    const nodes = [
      { eigenvalue: 1, weight: 0.05 },
      { eigenvalue: 1e-4, weight: 0.95 },
    ];
    const limit = lossLandscapeLimit(nodes, constant(radius), epsilonOfTable)!;
    expect(Math.abs(limit.prunedFraction - expected)).toBeLessThan(0.001);
  });

  it('has a closed form for equal curvatures and equal weights', () => {
    // R² = s n w², so that s = 2ε / (λ s n w² + 2ε): a quadratic equation.
    const [lambda, weight, count, epsilon] = [3, 0.02, 1000, 0.05];
    const radii = radiusCurve(new Float32Array(count).fill(weight));
    const ratio = (lambda * count * Math.fround(weight) ** 2) / (2 * epsilon);
    const expected = (Math.sqrt(1 + 4 * ratio) - 1) / (2 * ratio);
    const limit = lossLandscapeLimit([{ eigenvalue: lambda, weight: 1 }], radii, epsilon)!;
    expect(limit.prunedFraction).toBeCloseTo(expected, 9);
    expect(limit.radius ** 2).toBeCloseTo(expected * count * Math.fround(weight) ** 2, 9);
  });

  const spectrumOf = fc
    .array(fc.double({ min: -1, max: 20, noNaN: true }), { minLength: 1, maxLength: 30 })
    .map(evenly);
  const weightsOf = fc
    .array(fc.float({ min: -2, max: 2, noNaN: true }), { minLength: 1, maxLength: 300 })
    .map((weights) => Float32Array.from(weights));
  const epsilonOf = fc.double({ min: 1e-4, max: 1, noNaN: true });

  it('solves s = G(R(s)), grows with ε, falls with the weights and with the curvature', () => {
    fc.assert(
      fc.property(spectrumOf, weightsOf, epsilonOf, (nodes, weights, epsilon) => {
        const radii = radiusCurve(weights);
        const limit = lossLandscapeLimit(nodes, radii, epsilon)!;
        const below = limit.prunedFraction - 1e-9;
        const above = limit.prunedFraction + 1e-9;
        if (below > 0) expect(coveredFraction(nodes, radiusAt(radii, below), epsilon)).toBeGreaterThanOrEqual(below);
        if (above < 1) expect(coveredFraction(nodes, radiusAt(radii, above), epsilon)).toBeLessThanOrEqual(above);
        const doubled = radiusCurve(weights.map((weight) => 2 * weight));
        const sharper = nodes.map(({ eigenvalue, weight }) => ({ eigenvalue: 4 * eigenvalue, weight }));
        const lower = lossLandscapeLimit(nodes, doubled, epsilon)!.prunedFraction;
        expect(lower).toBeLessThanOrEqual(limit.prunedFraction);
        expect(lossLandscapeLimit(nodes, radii, 2 * epsilon)!.prunedFraction).toBeGreaterThanOrEqual(
          limit.prunedFraction,
        );
        // Only λR²/ε counts.
        expect(lossLandscapeLimit(sharper, radii, epsilon)!.prunedFraction).toBeCloseTo(lower, 12);
        expect(lossLandscapeLimit(sharper, doubled, 16 * epsilon)!.prunedFraction).toBeCloseTo(
          limit.prunedFraction,
          12,
        );
      }),
    );
  });

  it('keeps no more than the trace bound says', () => {
    fc.assert(
      fc.property(spectrumOf, weightsOf, epsilonOf, (nodes, weights, epsilon) => {
        const { prunedFraction, radius } = lossLandscapeLimit(nodes, radiusCurve(weights), epsilon)!;
        expect(1 - prunedFraction).toBeLessThanOrEqual(traceBoundOfKept(nodes, radius, epsilon)! + 1e-9);
      }),
    );
    const one = [{ eigenvalue: 5, weight: 1 }];
    const { prunedFraction, radius } = lossLandscapeLimit(one, constant(0.4), 0.1)!;
    expect(traceBoundOfKept(one, radius, 0.1)).toBeCloseTo(1 - prunedFraction, 12);
  });

  it('takes negative curvature as its absolute value, as flat, or not at all', () => {
    const nodes = [
      { eigenvalue: -2, weight: 0.25 },
      { eigenvalue: 6, weight: 0.75 },
    ];
    const at = (negatives: 'absolute' | 'clip' | 'drop'): number | undefined => coveredFraction(nodes, 1, 1, negatives);
    expect(at('absolute')).toBeCloseTo(0.25 * 0.5 + 0.75 * 0.25, 12);
    expect(at('clip')).toBeCloseTo(0.25 + 0.75 * 0.25, 12);
    expect(at('drop')).toBeCloseTo(0.25, 12);
    expect(coveredFraction(nodes, 1, 1)).toBe(at('absolute'));
    expect(lossLandscapeLimit([nodes[0]!], constant(1), 1, 'drop')).toBeUndefined();
    expect(traceBoundOfKept(nodes, 1, 1, 'drop')).toBeCloseTo(6 / 8, 12);
    expect(traceBoundOfKept(nodes, 1, 1, 'clip')).toBeCloseTo(4.5 / 6.5, 12);
  });

  it('has no answer without a spectrum or without a tolerated loss', () => {
    expect(lossLandscapeLimit([], constant(1), 1)).toBeUndefined();
    expect(lossLandscapeLimit(evenly([1]), constant(1), Number.NaN)).toBeUndefined();
    expect(lossLandscapeLimit(evenly([1]), constant(1), -1)).toBeUndefined();
    // Weights of zero are free even if no loss is tolerated.
    const radii = radiusCurve(Float32Array.of(0, 0, 0, 1));
    expect(lossLandscapeLimit(evenly([1]), radii, 0)!.prunedFraction).toBeCloseTo(0.75, 6);
  });
});

describe('the limit beside random subspaces', () => {
  it(
    'is a lower bound of what can be removed along random subspaces, and their theory is met',
    { timeout: 60_000 },
    () => {
      // Points at distance R in a random direction, subspaces of random directions through them: the loss that is left is
      // ½(Nx)ᵀ(NH⁻¹Nᵀ)⁻¹(Nx) for m = s·D normals N, so that it is at most ε in half of the draws where the theory says so.
      const size = 60;
      const eigenvalues = logUniform(size);
      const random = new RandomStream(11);
      for (const radius of [0.3, 1, 3]) {
        const theory = exactThrough(eigenvalues, radius, epsilonOfTable);
        expect(coveredFraction(evenly(eigenvalues), radius, epsilonOfTable)).toBeLessThan(theory);
        const rate = (removed: number): number =>
          successes(eigenvalues, radius, epsilonOfTable, Math.round(removed * size), 60, random) / 60;
        expect(rate(theory - 0.1)).toBeGreaterThan(0.6);
        expect(rate(theory + 0.1)).toBeLessThan(0.4);
      }
    },
  );
});

/** The root a of a = mean r²/(r² + (1 − a)R²): random subspaces through a point at distance R, D → ∞. */
function exactThrough(eigenvalues: readonly number[], radius: number, epsilon: number): number {
  let removed = 0;
  for (let iteration = 0; iteration < 10_000; iteration++) {
    const kept = (1 - removed) * radius ** 2;
    removed = eigenvalues.reduce((sum, value) => sum + (2 * epsilon) / (2 * epsilon + value * kept), 0);
    removed /= eigenvalues.length;
  }
  return removed;
}

function successes(
  eigenvalues: readonly number[],
  radius: number,
  epsilon: number,
  removed: number,
  draws: number,
  random: RandomStream,
): number {
  const gaussian = (): number =>
    Math.sqrt(-2 * Math.log((random.nextUint32() + 1) / 2 ** 32)) *
    Math.cos((2 * Math.PI * random.nextUint32()) / 2 ** 32);
  let count = 0;
  for (let draw = 0; draw < draws; draw++) {
    const direction = eigenvalues.map(gaussian);
    const length = Math.hypot(...direction);
    const normals = Array.from({ length: removed }, () => eigenvalues.map(gaussian));
    const distances = normals.map((normal) => (radius / length) * dot(normal, direction));
    const gram = normals.map((a) =>
      normals.map((b) => a.reduce((sum, value, at) => sum + (value * b[at]!) / eigenvalues[at]!, 0)),
    );
    if (dot(distances, solved(gram, distances)) / 2 <= epsilon) count++;
  }
  return count;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0);
}

/** Gauss' elimination; positive definite matrices need no pivots. */
function solved(matrix: number[][], right: readonly number[]): number[] {
  const values = [...right];
  for (const [row, pivot] of matrix.entries()) {
    for (let below = row + 1; below < matrix.length; below++) {
      const factor = matrix[below]![row]! / pivot[row]!;
      for (let column = row; column < matrix.length; column++) matrix[below]![column]! -= factor * pivot[column]!;
      values[below]! -= factor * values[row]!;
    }
  }
  for (let row = matrix.length - 1; row >= 0; row--) {
    for (let column = row + 1; column < matrix.length; column++)
      values[row]! -= matrix[row]![column]! * values[column]!;
    values[row]! /= matrix[row]![row]!;
  }
  return values;
}

describe('radiusCurve', () => {
  it('is the root of cumulated squares, as numpy gives it', () => {
    const { prunedFractions, radii } = radiusCurve(Float32Array.of(3, -1, 0.5, 2, -0.25, 7, 0, 1e-4));
    expect([...prunedFractions]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8].map((count) => count / 8));
    const expected = [
      0, 0, 0.0001, 0.2500000199999992, 0.5590170033192192, 1.1456439281033177, 2.3048861164925265, 3.783186488927026,
      7.956915232048159,
    ];
    for (const [index, value] of expected.entries()) expect(radii[index]).toBeCloseTo(value, 10);
  });

  it('is sampled at no more than 2,001 counts, finely near 1, and right between them', () => {
    const count = 200_000;
    const random = new RandomStream(2);
    const weights = Float32Array.from({ length: count }, () => (random.nextUint32() / 2 ** 32) ** 4 - 0.1);
    const curve = radiusCurve(weights);
    expect(curve.radii.length).toBeLessThanOrEqual(2001);
    expect(1 - curve.prunedFractions.at(-2)!).toBeCloseTo(1 / count, 12);
    const squares = weights.map(Math.abs).sort();
    let energy = 0;
    const exact = Array.from(squares, (magnitude) => Math.sqrt((energy += magnitude ** 2)));
    expect(curve.radii.at(-1)).toBeCloseTo(exact.at(-1)!, 9);
    for (const fraction of [0.0505, 0.3333, 0.51234, 0.9, 0.98765, 0.9994, 0.99999]) {
      const value = exact[Math.ceil(fraction * count) - 1]!;
      // Interpolating a smooth curve between thousandths: of second order in the distance, and ⌈·⌉ is not interpolated.
      expect(Math.abs(radiusAt(curve, fraction) / value - 1)).toBeLessThan(
        (0.001 / fraction) ** 2 + 1 / count / (1 - fraction),
      );
      expect(fractionWithin(curve, radiusAt(curve, fraction))).toBeCloseTo(fraction, 9);
    }
    expect(radiusAt(curve, 0)).toBe(0);
    expect(radiusAt(curve, 1)).toBe(curve.radii.at(-1));
    expect(fractionWithin(curve, 1e9)).toBe(1);
  });

  it('keeps its digits over a million equal weights', () => {
    const { radii } = radiusCurve(new Float32Array(1_000_000).fill(0.1));
    expect(radii.at(-1)! / (Math.fround(0.1) * 1000)).toBeCloseTo(1, 10);
  });

  it('is 0 where there is nothing to prune', () => {
    const curve = radiusCurve(new Float32Array(0));
    expect([radiusAt(curve, 0.5), fractionWithin(curve, 1)]).toEqual([0, 0]);
  });
});

describe('what is said about the limit', () => {
  const spectrum = (nodes: SpectrumNode[], halfNodes: SpectrumNode[], steps: number): SpectrumFacts => ({
    nodes,
    halfNodes,
    steps,
    probes: 1,
    samples: 100,
  });
  const nodes = evenly([0.001, 0.01, 1]);

  it('compares what decides with what so many steps can tell apart', () => {
    const facts = spectrum(nodes, nodes, 10);
    expect(spectrumResolution(facts, 1, 0.01)).toEqual({
      decisiveEigenvalue: 0.02,
      resolvedEigenvalue: 0.01,
      resolved: true,
    });
    expect(spectrumResolution(facts, 2, 0.01).resolved).toBe(false);
  });

  it('compares the limit with that after half of the steps', () => {
    const same = limitConvergence(spectrum(nodes, nodes, 10), constant(1), 0.01)!;
    expect(same.converged).toBe(true);
    const other = limitConvergence(spectrum(nodes, evenly([0.001, 0.02, 1]), 10), constant(1), 0.01)!;
    expect(other.converged).toBe(false);
    expect(other.halfLimit).toBeCloseTo(coveredFraction(evenly([0.001, 0.02, 1]), 1, 0.01)!, 9);
  });

  it('warns of networks not trained to be sparse, of too few steps and of limits that have not settled', () => {
    const good = { spectrum: spectrum(nodes, nodes, 100), radii: constant(1), smallFraction: 0.94 };
    expect(landscapeWarnings(good, 0.01)).toEqual([]);
    expect(landscapeWarnings({ ...good, smallFraction: 0.014 }, 0.01)).toEqual([
      expect.stringContaining('Only 1.4 % of the weights'),
    ]);
    const few = { ...good, spectrum: spectrum(nodes, evenly([1]), 2) };
    expect(landscapeWarnings(few, 0.01)).toEqual([
      expect.stringContaining('2.0e-2 decide the limit, but 2 steps tell apart only those above 2.5e-1'),
      expect.stringContaining('After half of the steps the limit was 2 %'),
    ]);
    expect(landscapeWarnings(good, Number.NaN)).toEqual([expect.stringContaining('There is no limit')]);
    expect(landscapeWarnings({ radii: constant(1), smallFraction: 0 }, 1)).toEqual([]);
    expect(landscapeAssumptions('clip').join(' ')).toContain('flat');
  });

  it('draws the two curves whose crossing is the limit', () => {
    const radii = radiusCurve(Float32Array.from({ length: 100 }, (_, index) => index / 100));
    const limit = lossLandscapeLimit(nodes, radii, 0.01)!;
    const curves = crossingCurves(nodes, radii, 0.01);
    expect(curves).toHaveLength(201);
    expect(curves[0]).toEqual({ radius: 0, allowed: 1, pruned: 0.01 });
    expect(curves.at(-1)!.pruned).toBe(1);
    for (const { radius, allowed, pruned } of curves) expect(pruned > allowed).toBe(radius > limit.radius);
    expect(crossingCurves([], radii, 0.01)).toEqual([]);
  });
});
