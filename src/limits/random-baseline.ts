import type { Moments } from '../sketch/moments';

/** What is left of the cosine if a fraction p of the weights, chosen at random, is set to zero. */
export interface RandomPrune {
  /** E[C²] = 1 − p, whatever the distribution of the weights. */
  readonly meanSquaredCosine: number;
  /** Standard deviation of C² over the choices. */
  readonly squaredCosineDeviation: number;
}

/** The pruned fraction at which random pruning comes down to a cosine, and its spread over the choices. */
export interface RandomLevel {
  /** 1 − level². */
  readonly prunedFraction: number;
  /** Fractions at which `level` is within {@link SPREAD_DEVIATIONS} standard deviations of what a draw gives. */
  readonly interval: readonly [number, number];
}

/** Two-sided 95 % of a normal distribution; C² is a mean over very many weights. */
export const SPREAD_DEVIATIONS = 1.959964;

/**
 * Raw kurtosis R = n Σw⁴ / (Σw²)² (about zero, not about the mean), ≥ 1, from central moments; undefined if the vector
 * is empty or all zero.
 */
export function rawKurtosis({ count, mean, m2, m3, m4 }: Moments): number | undefined {
  // In units of the root mean square, so that squares of squares stay inside float64.
  const meanSquare = m2 / count + mean * mean;
  if (!(meanSquare > 0) || !Number.isFinite(meanSquare)) return undefined;
  const unit = Math.sqrt(meanSquare);
  const shift = mean / unit;
  const second = m2 / count / meanSquare;
  const third = m3 / count / meanSquare / unit;
  const fourth = m4 / count / meanSquare / meanSquare;
  return Math.max(1, fourth + 4 * shift * third + 6 * shift ** 2 * second + shift ** 4);
}

/**
 * E[C²] = 1 − p and Var(C²) = p(1 − p)(R − 1)/(n − 1) for k = pn of n weights pruned uniformly at random, R the raw
 * kurtosis (own derivation: variance of a sample sum without replacement).
 */
export function randomPrune(prunedFraction: number, count: number, rawKurtosis: number): RandomPrune {
  const variance = count > 1 ? (prunedFraction * (1 - prunedFraction) * (rawKurtosis - 1)) / (count - 1) : 0;
  return { meanSquaredCosine: 1 - prunedFraction, squaredCosineDeviation: Math.sqrt(Math.max(0, variance)) };
}

/**
 * Where random pruning comes down to `level`: p = 1 − level², with the p for which |1 − p − level²| is at most
 * {@link SPREAD_DEVIATIONS} standard deviations of C² (the roots of a quadratic, as in Wilson's interval).
 */
export function randomLevel(level: number, count: number, rawKurtosis: number): RandomLevel {
  const target = level * level;
  const spread = count > 1 ? (SPREAD_DEVIATIONS ** 2 * (rawKurtosis - 1)) / (count - 1) : 0;
  // (q − target)² = spread · q(1 − q) with q = 1 − p.
  const centre = (target + spread / 2) / (1 + spread);
  const half = Math.sqrt(Math.max(0, spread * target * (1 - target) + (spread * spread) / 4)) / (1 + spread);
  return { prunedFraction: 1 - target, interval: [clamp(1 - centre - half), clamp(1 - centre + half)] };
}

function clamp(fraction: number): number {
  return Math.min(1, Math.max(0, fraction));
}
