import type { DirectTestPoint } from '../report/measurement';
import { prunedCount } from './adaptive-sweep';
import { once, type KeptResults } from './kept-results';
import type { Objective } from './objective';
import { prunedCopy } from './pruning-order';

/** Hessian-vector products that the direct test may cost; ten halvings of a tenth come down to a ten-thousandth. */
export const DIRECT_TEST_PRODUCTS = 16;

const GRID = [0.9, 0.5, 0.8, 0.95, 0.98, 0.99];

export interface DirectTestInput {
  readonly objective: Objective;
  readonly weights: Float32Array;
  /** As magnitude prunes. */
  readonly order: Uint32Array;
  readonly epsilon: number;
  /** The threshold is found to within this pruned fraction. */
  readonly resolution: number;
  readonly kept?: KeptResults | undefined;
}

/**
 * The second-order model of the loss, gᵀd + ½dᵀHd with d = pruned − original, at some pruned copies: first a coarse grid,
 * then towards the last copy at which it is at most ε.
 * @param onPoints is told the points, by pruned fraction, after each
 */
export async function directTest(
  { objective, weights, order, epsilon, resolution, kept }: DirectTestInput,
  signal: AbortSignal,
  onPoints: (points: readonly DirectTestPoint[], done: number) => void,
): Promise<readonly DirectTestPoint[]> {
  let slope: Float32Array | undefined;
  const measured = async (count: number): Promise<Omit<DirectTestPoint, 'prunedFraction'>> => {
    slope ??= (await objective.gradient(weights, signal)).gradient;
    const pruned = prunedCopy(weights, order, count);
    const change = pruned.map((value, at) => value - weights[at]!);
    const product = await objective.hessianTimes(weights, change, signal);
    const figures = { linear: dot(slope, change), quadratic: dot(product, change) / 2 };
    if (!Number.isFinite(figures.linear + figures.quadratic)) {
      throw new Error('The second-order model has numbers that are not finite.');
    }
    return figures;
  };
  let points: readonly DirectTestPoint[] = [{ prunedFraction: 0, linear: 0, quadratic: 0 }];
  for (let products = 0; products < DIRECT_TEST_PRODUCTS; products++) {
    const count = nextCount(points, order.length, epsilon, resolution);
    if (count === undefined) break;
    const figures = await once(kept, `direct ${count}`, () => measured(count));
    const point = { prunedFraction: count / order.length, ...figures };
    points = [...points, point].sort((a, b) => a.prunedFraction - b.prunedFraction);
    onPoints(points, products + 1);
  }
  return points;
}

function nextCount(
  points: readonly DirectTestPoint[],
  total: number,
  epsilon: number,
  resolution: number,
): number | undefined {
  const known = new Set(points.map(({ prunedFraction }) => Math.round(prunedFraction * total)));
  const coarse = GRID.map((fraction) => prunedCount(fraction, total)).find((count) => !known.has(count));
  if (coarse !== undefined) return coarse;
  const last = points.findLastIndex(({ linear, quadratic }) => linear + quadratic <= epsilon);
  const low = points[last]?.prunedFraction ?? 0;
  const high = points[last + 1]?.prunedFraction ?? 1;
  const middle = Math.round(((low + high) / 2) * total);
  return high - low > resolution * (1 + 1e-9) && !known.has(middle) ? middle : undefined;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}
