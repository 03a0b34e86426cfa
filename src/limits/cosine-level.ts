import type { CosineCurve } from './cosine-curve';

/** The furthest prune that keeps a cosine. */
export interface LevelPoint {
  readonly prunedFraction: number;
  readonly prunedCount: number;
  /** The cosine that is left: `level` or a little more. */
  readonly cosineSimilarity: number;
  /** Bounds of prunedFraction that hold however the values lie inside their cells. */
  readonly interval: readonly [number, number];
}

/**
 * Largest number of values that can be pruned by magnitude with the cosine at `level` or over it. The authors advise a
 * high cosine, 0.99, where the pruned network is not to be fine-tuned. Undefined if the vector is empty or all zero.
 */
export function cosineLevel(curve: CosineCurve, level: number): LevelPoint | undefined {
  if (curve.count === 0 || curve.energy === 0) return undefined;
  const prunedCount = curve.largestPrunedCount(level);
  const [least, most] = curve.largestPrunedCountInterval(level);
  return {
    prunedFraction: prunedCount / curve.count,
    prunedCount,
    cosineSimilarity: curve.cosine(prunedCount),
    interval: [least / curve.count, most / curve.count],
  };
}
