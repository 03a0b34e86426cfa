import type { DirectTestPoint, SweepPoint } from '../report/measurement';

/** How far the accuracy may fall before the authors' second measure calls it a loss: 0.1 percentage points. */
export const ACCURACY_TOLERANCE = 0.001;

/** How far the accuracy may fall before most people call it a loss: one percentage point. */
export const PRACTICAL_ACCURACY_TOLERANCE = 0.01;

/** Where a condition on pruned copies ends, as far as measured copies tell. */
export interface PruneThreshold {
  /** The largest measured fraction that meets the condition. */
  readonly prunedFraction: number;
  /** The next measured fraction, which does not; undefined if none was measured beyond. */
  readonly next: number | undefined;
}

/**
 * The last pruned copy whose loss is at most ε higher than that of the unpruned network: the sublevel set that the theory
 * (Zhang et al., arXiv 2306.05857) speaks of.
 * @param points by pruned fraction, ascending
 */
export function lastWithinLoss(
  points: readonly SweepPoint[],
  denseLoss: number,
  epsilon: number,
): PruneThreshold | undefined {
  return lastThat(points, ({ loss }) => loss <= denseLoss + epsilon);
}

/**
 * The last pruned copy with an accuracy above that of the unpruned network: the "actual" threshold of the authors' code.
 * Very noisy (one sample decides), and undefined where no copy is better.
 */
export function lastAboveDense(points: readonly SweepPoint[], denseAccuracy: number): PruneThreshold | undefined {
  return lastThat(points, ({ accuracy }) => accuracy !== undefined && accuracy > denseAccuracy);
}

/**
 * The first pruned copy that has lost more than 0.1 points of accuracy: the other threshold of the authors' code.
 * @returns its pruned fraction; undefined if none has
 */
export function firstBelowTolerance(points: readonly SweepPoint[], denseAccuracy: number): number | undefined {
  return points.find(({ accuracy }) => accuracy !== undefined && accuracy < denseAccuracy - ACCURACY_TOLERANCE)
    ?.prunedFraction;
}

/** The last pruned copy that keeps the accuracy up to one point: what most people mean by "as good as before". */
export function lastWithinOnePoint(points: readonly SweepPoint[], denseAccuracy: number): PruneThreshold | undefined {
  return lastThat(
    points,
    ({ accuracy }) => accuracy !== undefined && accuracy >= denseAccuracy - PRACTICAL_ACCURACY_TOLERANCE,
  );
}

/**
 * The last pruned copy that the second-order model lets pass: gᵀd + ½dᵀHd ≤ ε. One Hessian-vector product a copy, no
 * spectrum: a plain baseline for the limit.
 */
export function directTestLimit(points: readonly DirectTestPoint[], epsilon: number): PruneThreshold | undefined {
  return lastThat(points, ({ linear, quadratic }) => linear + quadratic <= epsilon);
}

function lastThat<Point extends { readonly prunedFraction: number }>(
  points: readonly Point[],
  holds: (point: Point) => boolean,
): PruneThreshold | undefined {
  const index = points.findLastIndex(holds);
  const last = points[index];
  return last && { prunedFraction: last.prunedFraction, next: points[index + 1]?.prunedFraction };
}
