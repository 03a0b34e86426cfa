import type { CosineCurve } from './cosine-curve';

/** A prune, and how far it is from pruning everything at no cost, the point (cosine, pruned fraction) = (1, 1). */
export interface PrunePoint {
  /** Fraction of the values set to zero; on the grid the nominal one, not prunedCount / count. */
  readonly prunedFraction: number;
  readonly prunedCount: number;
  readonly cosineSimilarity: number;
  /** sqrt((1 − cosineSimilarity)² + (1 − prunedFraction)²). */
  readonly distance: number;
}

/** Number of points of the authors' sweep: 0, 0.01, …, 1. */
export const GRID_POINTS = 101;

/** Distance from utopia, (cosine, pruned fraction) = (1, 1). */
function utopiaDistance(cosineSimilarity: number, prunedFraction: number): number {
  return Math.hypot(1 - cosineSimilarity, 1 - prunedFraction);
}

/**
 * Number of values that PyTorch prunes for the i-th amount of the authors' sweep: round(float32(i/100) × count), half to
 * even. `torch.linspace` differs from float32(i/100) by one unit in the last place at 25 of the 101 points, which moves
 * the number by one or two from 25 million values on, and the cosine by less than 1e-7.
 */
export function gridPrunedCount(index: number, count: number): number {
  return Math.min(count, roundHalfToEven(Math.fround(index / (GRID_POINTS - 1)) * count));
}

/** Rounds as Python's `round` does, for values ≥ 0. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * The authors' optimum: of the 101 points p = 0, 0.01, …, 1 the first that is nearest to utopia, with the nominal p in
 * the distance (Mason-Williams & Dahlqvist, ICLR 2024). `cosineAt(i)` is C at point i, `countAt(i)` the number pruned.
 */
export function nearestGridPoint(cosineAt: (index: number) => number, countAt: (index: number) => number): PrunePoint {
  let best: PrunePoint | undefined;
  for (let index = 0; index < GRID_POINTS; index++) {
    const prunedFraction = index / (GRID_POINTS - 1);
    const cosineSimilarity = cosineAt(index);
    const distance = utopiaDistance(cosineSimilarity, prunedFraction);
    if (best !== undefined && distance >= best.distance) continue;
    best = { prunedFraction, prunedCount: countAt(index), cosineSimilarity, distance };
  }
  if (best === undefined) throw new RangeError('The grid has no points');
  return best;
}

/** The authors' optimum of one vector; undefined if it is empty or all zero. */
export function cosineUtopiaOnGrid(curve: CosineCurve): PrunePoint | undefined {
  if (curve.count === 0 || curve.energy === 0) return undefined;
  const countAt = (index: number): number => gridPrunedCount(index, curve.count);
  return nearestGridPoint((index) => curve.cosine(countAt(index)), countAt);
}

/**
 * The point nearest to utopia over all k = 0 … count, with prunedFraction = k / count; undefined if the vector is empty
 * or all zero. The squared distance is convex in k (see {@link CosineCurve.distanceSlope}), so a bisection finds it.
 */
export function cosineUtopia(curve: CosineCurve): PrunePoint | undefined {
  const { count } = curve;
  if (count === 0 || curve.energy === 0) return undefined;
  let from = 0;
  let to = count;
  while (to - from > 1) {
    const middle = from + Math.floor((to - from) / 2);
    if (curve.distanceSlope(middle) < 0) from = middle;
    else to = middle;
  }
  const before = pointAt(curve, from);
  const after = pointAt(curve, to);
  return before.distance <= after.distance ? before : after;
}

function pointAt(curve: CosineCurve, prunedCount: number): PrunePoint {
  const prunedFraction = prunedCount / curve.count;
  const cosineSimilarity = curve.cosine(prunedCount);
  return { prunedFraction, prunedCount, cosineSimilarity, distance: utopiaDistance(cosineSimilarity, prunedFraction) };
}
