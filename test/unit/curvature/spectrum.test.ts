import { describe, expect, it } from 'vitest';
import { RandomStream, shuffle } from '../../../src/curvature/random-stream';
import { spectrumOf } from '../../../src/curvature/spectrum';
import { CancelledError } from '../../../src/formats/errors';
import { coveredFraction, limitConvergence, spectrumResolution } from '../../../src/limits/loss-landscape';
import {
  largestEigenvalue,
  negativeMass,
  smallestEigenvalue,
  traceEstimate,
} from '../../../src/limits/spectrum-figures';

const never = new AbortController().signal;
const size = 500;
/** Most of them tiny, some of them negative, as in trained networks. */
const eigenvalues = Float64Array.from({ length: size }, (_, index) =>
  index % 10 === 0 ? -(10 ** (-3 + index / 200)) : 10 ** (-6 + index / 70),
);
const diagonal = (vector: Float32Array): Promise<Float32Array> =>
  Promise.resolve(vector.map((value, index) => value * eigenvalues[index]!));

describe('spectrumOf', () => {
  it('sees the outer eigenvalues and the trace as they are', async () => {
    // For a diagonal operator a Rademacher probe has the same weight on each eigenvalue: only the quadrature can err.
    const spectrum = await spectrumOf(diagonal, { size, steps: 60, probes: 1, seed: 3, samples: 10 }, never);
    expect(spectrum).toMatchObject({ steps: 60, probes: 1, samples: 10 });
    expect(spectrum.nodes.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 10);
    const exact = eigenvalues.reduce((sum, value) => sum + value, 0);
    expect(traceEstimate(spectrum.nodes, size) / exact).toBeCloseTo(1, 5);
    expect(largestEigenvalue(spectrum.nodes)).toBeCloseTo(Math.max(...eigenvalues), 3);
    expect(smallestEigenvalue(spectrum.nodes)).toBeCloseTo(Math.min(...eigenvalues), 4);
  });

  describe('in front of the covered fraction', () => {
    const epsilon = 0.01;
    const exact = (values: Float64Array, radius: number): number =>
      values.reduce((sum, value) => sum + (2 * epsilon) / (2 * epsilon + radius ** 2 * Math.abs(value)) / size, 0);
    const options = { size, steps: 60, probes: 1, seed: 3, samples: 10 };

    it('is right where it can tell the deciding eigenvalues apart, and says where it cannot', async () => {
      const positive = eigenvalues.map(Math.abs);
      const operator = (vector: Float32Array): Promise<Float32Array> =>
        Promise.resolve(vector.map((value, index) => value * positive[index]!));
      const spectrum = await spectrumOf(operator, options, never);
      for (const radius of [0.03, 0.1, 0.3, 1]) {
        expect(spectrumResolution(spectrum, radius, epsilon).resolved).toBe(true);
        expect(Math.abs(coveredFraction(spectrum.nodes, radius, epsilon)! - exact(positive, radius))).toBeLessThan(
          1e-3,
        );
      }
      for (const radius of [10, 30]) {
        expect(spectrumResolution(spectrum, radius, epsilon).resolved).toBe(false);
        expect(exact(positive, radius) - coveredFraction(spectrum.nodes, radius, epsilon)!).toBeGreaterThan(0.05);
      }
    });

    it('has not settled where a tenth of the curvature is negative, so that 0 is inside of the spectrum', async () => {
      const spectrum = await spectrumOf(diagonal, options, never);
      const radii = { prunedFractions: Float64Array.of(0, 1), radii: Float64Array.of(1, 1) };
      expect(exact(eigenvalues, 1) - coveredFraction(spectrum.nodes, 1, epsilon)!).toBeGreaterThan(0.05);
      expect(limitConvergence(spectrum, radii, epsilon)?.converged).toBe(false);
    });
  });

  it('counts negative curvature', async () => {
    const mixed = (vector: Float32Array): Promise<Float32Array> =>
      Promise.resolve(vector.map((value, index) => value * (index % 4 === 0 ? -1 : 2)));
    const { nodes } = await spectrumOf(mixed, { size, steps: 2, probes: 1, seed: 1, samples: 1 }, never);
    expect(nodes.map(({ eigenvalue }) => eigenvalue)).toEqual([expect.closeTo(-1, 5), expect.closeTo(2, 5)]);
    expect(negativeMass(nodes)).toBeCloseTo(0.25, 5);
  });

  it('averages probes, tells after each step, and has the nodes of half the steps', async () => {
    const told: [number, number, number][] = [];
    const spectrum = await spectrumOf(
      diagonal,
      {
        size,
        steps: 8,
        probes: 3,
        seed: 3,
        samples: 10,
        onStep: (done, total, facts) => told.push([done, total, facts().nodes.length]),
      },
      never,
    );
    expect(spectrum.nodes).toHaveLength(24);
    expect(spectrum.halfNodes).toHaveLength(12);
    expect(spectrum.nodes.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 10);
    expect(told.map(([done]) => done)).toEqual(Array.from({ length: 24 }, (_, index) => index + 1));
    expect(told.at(-1)).toEqual([24, 24, 24]);
    const half = await spectrumOf(diagonal, { size, steps: 4, probes: 3, seed: 3, samples: 10 }, never);
    expect(spectrum.halfNodes).toEqual(half.nodes);
  });

  it('can be cancelled', async () => {
    const controller = new AbortController();
    const options = {
      size,
      steps: 8,
      probes: 1,
      seed: 3,
      samples: 10,
      onStep: (): void => {
        controller.abort();
      },
    };
    await expect(spectrumOf(diagonal, options, controller.signal)).rejects.toThrow(CancelledError);
  });
});

it('does not begin what the disk has no room for', async () => {
  const products: number[] = [];
  const size = 2 ** 40;
  const run = spectrumOf(
    (vector) => {
      products.push(vector.length);
      return Promise.resolve(vector);
    },
    { size, steps: 128, probes: 1, seed: 1, samples: 1 },
    new AbortController().signal,
  );
  await expect(run).rejects.toThrow(/^516\sTB of temporary files are needed in .*, where .* are free$/);
  expect(products).toEqual([]);
});

describe('RandomStream', () => {
  it('spreads its numbers evenly', () => {
    const random = new RandomStream(5);
    const counts = new Uint32Array(16);
    for (let draw = 0; draw < 16_000; draw++) counts[random.nextBelow(16)]!++;
    const chiSquare = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // The 0.1 % point of χ² with 15 degrees of freedom.
    expect(chiSquare).toBeLessThan(37.7);
  });

  it('shuffles: each order of three with the same chance', () => {
    const counts = new Map<string, number>();
    const random = new RandomStream(9);
    for (let draw = 0; draw < 6000; draw++) {
      const numbers = Uint32Array.from([0, 1, 2]);
      shuffle(numbers, random);
      counts.set(numbers.join(''), (counts.get(numbers.join('')) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
