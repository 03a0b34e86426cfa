import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tridiagonalSpectrum } from '../../../src/curvature/tridiagonal';

const close = (received: ArrayLike<number>, expected: readonly number[], digits = 12): void => {
  expect(received.length).toBe(expected.length);
  for (const [index, value] of expected.entries()) expect(received[index]).toBeCloseTo(value, digits);
};

describe('tridiagonalSpectrum', () => {
  it.each([1, 2, 3, 10, 200])('has the eigenvalues 2 − 2cos(kπ/(m+1)) of the discrete Laplacian, m = %i', (size) => {
    const { eigenvalues, firstComponents } = tridiagonalSpectrum(Array(size).fill(2), Array(size - 1).fill(-1));
    const angles = Array.from({ length: size }, (_, k) => ((k + 1) * Math.PI) / (size + 1));
    close(
      eigenvalues,
      angles.map((angle) => 2 - 2 * Math.cos(angle)),
    );
    close(
      firstComponents.map(Math.abs),
      angles.map((angle) => Math.sqrt(2 / (size + 1)) * Math.sin(angle)),
    );
  });

  it('gives the nodes and weights of Gauss–Legendre quadrature with five points', () => {
    const offDiagonal = [1, 2, 3, 4].map((k) => k / Math.sqrt(4 * k * k - 1));
    const { eigenvalues, firstComponents } = tridiagonalSpectrum([0, 0, 0, 0, 0], offDiagonal);
    const inner = Math.sqrt(5 - 2 * Math.sqrt(10 / 7)) / 3;
    const outer = Math.sqrt(5 + 2 * Math.sqrt(10 / 7)) / 3;
    close(eigenvalues, [-outer, -inner, 0, inner, outer]);
    const [few, more] = [(322 - 13 * Math.sqrt(70)) / 900, (322 + 13 * Math.sqrt(70)) / 900];
    close(
      firstComponents.map((component) => 2 * component ** 2),
      [few, more, 128 / 225, more, few],
    );
  });

  it('agrees with numpy.linalg.eigh', () => {
    const { eigenvalues, firstComponents } = tridiagonalSpectrum(
      [4, 1.5, -2, 0.25, 3, 1e-3],
      [1, -0.5, 2, 0.125, 0.75],
    );
    close(
      eigenvalues,
      [
        -3.211205850685535, -0.1764441646285835, 1.0375439400372164, 1.5611757071312318, 3.1839901645522906,
        4.355940203593379,
      ],
    );
    close(
      firstComponents.map(Math.abs),
      [
        0.013066674798965922, 0.000988205530900714, 0.269060398885798, 0.20231006233320878, 0.004668105264007477,
        0.9415325988423981,
      ],
    );
  });

  it('takes a matrix that falls apart', () => {
    const { eigenvalues, firstComponents } = tridiagonalSpectrum([3, 1, 2, 2], [0, 0, 5]);
    close(eigenvalues, [-3, 1, 3, 7]);
    close(firstComponents.map(Math.abs), [0, 0, 1, 0]);
  });

  it('takes the empty matrix, and refuses numbers that are not finite', () => {
    expect(tridiagonalSpectrum([], []).eigenvalues).toHaveLength(0);
    expect(() => tridiagonalSpectrum([1, Number.NaN], [0])).toThrow('not finite');
    expect(() => tridiagonalSpectrum([1, 2], [Number.POSITIVE_INFINITY])).toThrow('not finite');
  });

  it('keeps the moments that its first entry has: Σ τ = 1, Σ τθ = T₁₁, Σ τθ² = (T²)₁₁', () => {
    const entry = fc.double({ min: -100, max: 100, noNaN: true });
    const matrix = fc.integer({ min: 2, max: 40 }).chain((size) =>
      fc.record({
        diagonal: fc.array(entry, { minLength: size, maxLength: size }),
        offDiagonal: fc.array(entry, { minLength: size - 1, maxLength: size - 1 }),
      }),
    );
    fc.assert(
      fc.property(matrix, ({ diagonal, offDiagonal }) => {
        const { eigenvalues, firstComponents } = tridiagonalSpectrum(diagonal, offDiagonal);
        const moment = (power: number): number =>
          eigenvalues.reduce((sum, value, index) => sum + firstComponents[index]! ** 2 * value ** power, 0);
        expect(moment(0)).toBeCloseTo(1, 10);
        expect(moment(1)).toBeCloseTo(diagonal[0]!, 8);
        expect(moment(2) / 1e4).toBeCloseTo((diagonal[0]! ** 2 + offDiagonal[0]! ** 2) / 1e4, 9);
      }),
    );
  });
});
