import { describe, expect, it } from 'vitest';
import {
  directTestLimit,
  firstBelowTolerance,
  lastAboveDense,
  lastWithinLoss,
  lastWithinOnePoint,
} from '../../../src/limits/sweep-thresholds';

const points = [
  { prunedFraction: 0, loss: 0.1, accuracy: 0.97 },
  { prunedFraction: 0.5, loss: 0.101, accuracy: 0.972 },
  { prunedFraction: 0.8, loss: 0.104, accuracy: 0.9695 },
  { prunedFraction: 0.9, loss: 0.11, accuracy: 0.971 },
  { prunedFraction: 0.95, loss: 0.12, accuracy: 0.961 },
  { prunedFraction: 0.97, loss: 0.2, accuracy: 0.95 },
  { prunedFraction: 1, loss: Number.NaN, accuracy: 0.1 },
];

describe('thresholds of a sweep', () => {
  it('are the last copies within the loss, above the accuracy, within a point, and the first below', () => {
    expect(lastWithinLoss(points, 0.1, 0.015)).toEqual({ prunedFraction: 0.9, next: 0.95 });
    expect(lastAboveDense(points, 0.97)).toEqual({ prunedFraction: 0.9, next: 0.95 });
    expect(firstBelowTolerance(points, 0.97)).toBe(0.95);
    expect(lastWithinOnePoint(points, 0.97)).toEqual({ prunedFraction: 0.95, next: 0.97 });
  });

  it('are undefined where no copy meets the condition, and open where none fails it', () => {
    expect(lastAboveDense(points, 0.98)).toBeUndefined();
    expect(firstBelowTolerance(points.slice(0, 4), 0.97)).toBeUndefined();
    expect(lastWithinLoss(points.slice(0, 3), 0.1, 1)).toEqual({ prunedFraction: 0.8, next: undefined });
    expect(lastWithinOnePoint([{ prunedFraction: 0, loss: 1 }], 0.9)).toBeUndefined();
    expect(lastWithinLoss([], 0, 1)).toBeUndefined();
  });

  it('have a second-order counterpart', () => {
    const direct = [
      { prunedFraction: 0, linear: 0, quadratic: 0 },
      { prunedFraction: 0.9, linear: 0.01, quadratic: 0.02 },
      { prunedFraction: 0.95, linear: 0.03, quadratic: 0.04 },
    ];
    expect(directTestLimit(direct, 0.04)).toEqual({ prunedFraction: 0.9, next: 0.95 });
    expect(directTestLimit(direct, 0.001)).toEqual({ prunedFraction: 0, next: 0.9 });
  });
});
