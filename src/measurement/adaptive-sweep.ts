import { ACCURACY_TOLERANCE, PRACTICAL_ACCURACY_TOLERANCE } from '../limits/sweep-thresholds';
import type { SweepPoint } from '../report/measurement';

/** Where every sweep looks first: coarse where little happens, closer where networks break. */
const GRID = [0.5, 0.9, 0.8, 0.95, 0.98, 0.7, 0.99, 0.3, 0.6, 0.995, 1];

/** How the curve is to be measured. */
export interface SweepPlan {
  /** n: prunable weights; copies are told apart by whole weights. */
  readonly count: number;
  /** Copies that may be measured beside the unpruned network. */
  readonly evaluations: number;
  /** Thresholds are found to within this pruned fraction. */
  readonly resolution: number;
  /** ε: the threshold of the loss is where it has grown by so much. */
  readonly epsilon: number;
}

/**
 * Measures pruned copies where it tells most: first a coarse grid, then between the two copies that enclose a threshold
 * (loss + ε, accuracy − 0.1 and − 1 points; the widest gap first), then where the curve bends, until all of this is known
 * well enough or the evaluations are spent.
 * @param dense the unpruned network
 * @param measure a copy with so many weights pruned
 * @param onPoints is told the curve after each copy
 * @returns the curve, by pruned fraction, beginning with the unpruned network
 */
export async function adaptiveSweep(
  dense: SweepPoint,
  plan: SweepPlan,
  measure: (prunedCount: number) => Promise<SweepPoint>,
  onPoints: (points: readonly SweepPoint[]) => void = () => undefined,
): Promise<readonly SweepPoint[]> {
  let points: readonly SweepPoint[] = [dense];
  for (let evaluation = 0; evaluation < plan.evaluations; evaluation++) {
    const next = nextCount(points, plan);
    if (next === undefined) break;
    const point = await measure(next);
    points = [...points, point].sort((a, b) => a.prunedFraction - b.prunedFraction);
    onPoints(points);
  }
  return points;
}

/** How many weights to prune for the next copy; undefined if the curve is known well enough. */
export function nextCount(points: readonly SweepPoint[], plan: SweepPlan): number | undefined {
  const { count } = plan;
  const known = new Set(points.map(({ prunedFraction }) => Math.round(prunedFraction * count)));
  const coarse = GRID.map((fraction) => prunedCount(fraction, count)).find((pruned) => !known.has(pruned));
  if (coarse !== undefined) return coarse;
  const gap = widest(enclosing(points, plan), plan.resolution) ?? bend(points, plan.resolution);
  return gap && between(gap, count);
}

/** ⌈s·n⌉, as the authors count. */
export function prunedCount(prunedFraction: number, count: number): number {
  // Products such as 0.9 · 10 may come out above the whole number that they are.
  return Math.min(count, Math.ceil(prunedFraction * count - 1e-9));
}

interface Gap {
  readonly low: number;
  readonly high: number;
}

function between({ low, high }: Gap, count: number): number | undefined {
  const middle = Math.round(((low + high) / 2) * count);
  return middle > Math.round(low * count) && middle < Math.round(high * count) ? middle : undefined;
}

/** Gaps between two copies of which one is on either side of a threshold. */
function enclosing(points: readonly SweepPoint[], { epsilon, count }: SweepPlan): Gap[] {
  const [dense] = points;
  if (dense === undefined) return [];
  const bound = dense.accuracy;
  const within = points.findLastIndex(({ loss }) => loss <= dense.loss + epsilon);
  const befores = [within];
  if (bound !== undefined) {
    befores.push(points.findIndex(({ accuracy = bound }) => accuracy < bound - ACCURACY_TOLERANCE) - 1);
    befores.push(points.findLastIndex(({ accuracy = 0 }) => accuracy >= bound - PRACTICAL_ACCURACY_TOLERANCE));
  }
  return befores.flatMap((before) => gapAfter(points, before)).filter((gap) => between(gap, count) !== undefined);
}

function gapAfter(points: readonly SweepPoint[], index: number): Gap[] {
  const [low, high] = [points[index], points[index + 1]];
  return low === undefined || high === undefined ? [] : [{ low: low.prunedFraction, high: high.prunedFraction }];
}

function widest(gaps: readonly Gap[], resolution: number): Gap | undefined {
  const [first] = [...gaps].sort((a, b) => b.high - b.low - (a.high - a.low));
  // Halving leaves a rest of rounding.
  return first !== undefined && first.high - first.low > resolution * (1 + 1e-9) ? first : undefined;
}

/** Bends smaller than this part of the curve's height cannot be seen in a chart. */
const VISIBLE_BEND = 0.02;

/** A gap is split at bends down to so many times the resolution. */
const BEND_RESOLUTION = 5;

/**
 * The wider gap beside the copy that is farthest from the line between its neighbours, in the logarithm of the loss (as it
 * is drawn) or in the accuracy, each relative to its range.
 */
function bend(points: readonly SweepPoint[], resolution: number): Gap | undefined {
  const curves = [points.map(({ loss }) => Math.log(Math.max(loss, Number.MIN_VALUE)))];
  if (points.every(({ accuracy }) => accuracy !== undefined)) curves.push(points.map(({ accuracy = 0 }) => accuracy));
  let best: Gap | undefined;
  let largest = VISIBLE_BEND;
  for (const heights of curves) {
    const finite = heights.filter(Number.isFinite);
    const range = Math.max(...finite) - Math.min(...finite);
    for (let index = 1; index + 1 < points.length; index++) {
      const [before, at, after] = [points[index - 1]!, points[index]!, points[index + 1]!].map(
        ({ prunedFraction }) => prunedFraction,
      ) as [number, number, number];
      const line =
        heights[index - 1]! + ((at - before) / (after - before)) * (heights[index + 1]! - heights[index - 1]!);
      const distance = Math.abs(heights[index]! - line) / range;
      const gap = at - before > after - at ? { low: before, high: at } : { low: at, high: after };
      if (!(distance > largest) || gap.high - gap.low <= BEND_RESOLUTION * resolution) continue;
      largest = distance;
      best = gap;
    }
  }
  return best;
}
