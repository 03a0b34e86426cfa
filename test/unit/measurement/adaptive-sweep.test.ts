import { describe, expect, it } from 'vitest';
import { firstBelowTolerance, lastWithinLoss, lastWithinOnePoint } from '../../../src/limits/sweep-thresholds';
import { adaptiveSweep, prunedCount, type SweepPlan } from '../../../src/measurement/adaptive-sweep';
import { sensitivityPlan } from '../../../src/measurement/sensitivity';
import type { SweepPoint } from '../../../src/report/measurement';

const dense: SweepPoint = { prunedFraction: 0, loss: 0.1, accuracy: 0.98 };
const plan: SweepPlan = { count: 1_000_000, evaluations: 48, resolution: 0.001, epsilon: 0.01 };

describe('adaptiveSweep', () => {
  it.each([0.07, 0.3333, 0.61, 0.871, 0.9567, 0.978, 0.9951])(
    'finds the thresholds of a curve that breaks about %f, with a twentieth of the runs of a full sweep',
    async (edge) => {
      // The loss passes +0.01 at the edge; the accuracy −0.1 points a little later, −1 point later still.
      const measure = (count: number): Promise<SweepPoint> => {
        const s = count / plan.count;
        const past = (1 - edge) / (1 - Math.min(s, 1 - 1e-9));
        return Promise.resolve({
          prunedFraction: s,
          loss: 0.1 + 0.01 * past ** 4,
          accuracy: 0.98 - 0.0008 * past ** 3,
        });
      };
      let runs = 0;
      const points = await adaptiveSweep(dense, plan, (count) => {
        runs++;
        return measure(count);
      });
      expect(runs).toBeLessThanOrEqual(48);
      expect(points).toHaveLength(runs + 1);
      expect(points[0]).toBe(dense);
      const keptAt = (factor: number): number => 1 - (1 - edge) / factor;
      const within = lastWithinLoss(points, 0.1, 0.01)!;
      expect(within.prunedFraction).toBeLessThanOrEqual(edge + 1e-9);
      expect(within.next! - within.prunedFraction).toBeLessThanOrEqual(0.001001);
      expect(within.next).toBeGreaterThan(edge);
      const second = firstBelowTolerance(points, 0.98)!;
      expect(Math.abs(second - Math.max(0, keptAt((0.001 / 0.0008) ** (1 / 3))))).toBeLessThan(0.0011);
      const practical = lastWithinOnePoint(points, 0.98)!;
      expect(Math.abs(practical.prunedFraction - keptAt((0.01 / 0.0008) ** (1 / 3)))).toBeLessThan(0.0011);
    },
  );

  it('puts what is left of the runs where the curve bends', async () => {
    // No threshold but a kink at 0.4, on a logarithmic scale.
    const measure = (count: number): Promise<SweepPoint> => {
      const s = count / plan.count;
      return Promise.resolve({ prunedFraction: s, loss: s < 0.4 ? 0.1 : 0.1 * 10 ** (5 * (s - 0.4)) });
    };
    const points = await adaptiveSweep({ prunedFraction: 0, loss: 0.1 }, { ...plan, epsilon: 1e9 }, measure);
    const nearest = Math.min(...points.map(({ prunedFraction }) => Math.abs(prunedFraction - 0.4)));
    expect(nearest).toBeLessThan(0.02);
    expect(points.length).toBeLessThan(30);
  });

  it('tells the curve after each copy, ascending, and takes losses that are not finite as too high', async () => {
    const told: number[] = [];
    const points = await adaptiveSweep(
      { prunedFraction: 0, loss: 0.1 },
      { ...plan, evaluations: 30 },
      (count) => Promise.resolve({ prunedFraction: count / plan.count, loss: count < 750_000 ? 0.1 : Number.NaN }),
      (soFar) => told.push(soFar.length),
    );
    expect(told).toEqual(Array.from({ length: points.length - 1 }, (_, index) => index + 2));
    const fractions = points.map(({ prunedFraction }) => prunedFraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    const { prunedFraction, next } = lastWithinLoss(points, 0.1, 0.01)!;
    expect(prunedFraction).toBeLessThan(0.75);
    expect(next! - prunedFraction).toBeLessThan(0.0011);
    expect(next).toBeGreaterThanOrEqual(0.75);
  });

  it('measures no copy twice where there are few weights', async () => {
    for (const count of [1, 2, 7, 40]) {
      const counts: number[] = [];
      await adaptiveSweep(dense, { ...plan, count }, (pruned) => {
        counts.push(pruned);
        return Promise.resolve({ prunedFraction: pruned / count, loss: 0.1 + pruned / count, accuracy: 0.5 });
      });
      expect(new Set(counts).size).toBe(counts.length);
      expect(Math.min(...counts)).toBeGreaterThan(0);
      expect(Math.max(...counts)).toBe(count);
    }
  });
});

describe('prunedCount', () => {
  it('is ⌈s·n⌉, without the rounding of the product', () => {
    expect([prunedCount(0.9, 10), prunedCount(0.07, 100), prunedCount(0.901, 10), prunedCount(1, 10)]).toEqual([
      9, 7, 10, 10,
    ]);
  });
});

describe('sensitivityPlan', () => {
  const layout = (parameters: number): Parameters<typeof sensitivityPlan>[0] =>
    Array.from({ length: parameters }, (_, index) => ({
      ...{ name: `w${index}`, shape: [index + 1], offset: 0, count: index + 1, prunable: index > 0 },
    }));

  it('has fewer levels for more parameters, and leaves the smallest away if there are too many', () => {
    expect(sensitivityPlan(layout(11)).levels).toEqual([0.5, 0.8, 0.9, 0.95, 0.99]);
    expect(sensitivityPlan(layout(51)).levels).toEqual([0.5, 0.9, 0.99]);
    const { parameters, levels } = sensitivityPlan(layout(301));
    expect(levels).toEqual([0.9]);
    expect(parameters).toHaveLength(150);
    expect(parameters[0]!.count).toBe(152);
    expect(sensitivityPlan([]).parameters).toEqual([]);
  });
});
