/** Central moments of a set of finite values, mergeable (Pébay 2008, SAND2008-6212, eqs. 2.1, 3.1). */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Σ(x−mean)², Σ(x−mean)³, Σ(x−mean)⁴. */
  readonly m2: number;
  readonly m3: number;
  readonly m4: number;
}

/** The moments of no values at all: what merging starts from. */
export const NO_MOMENTS: Moments = { count: 0, mean: 0, m2: 0, m3: 0, m4: 0 };

/**
 * Moments of the union of two disjoint sets (Pébay 2008, SAND2008-6212, eqs. 1.1–1.4, 2.1, 3.1). Exact in real
 * arithmetic, hence associative only up to rounding: whoever wants the same bits every time merges in the same order.
 */
export function mergeMoments(a: Moments, b: Moments): Moments {
  if (a.count === 0) return b;
  if (b.count === 0) return a;
  const count = a.count + b.count;
  const delta = b.mean - a.mean;
  const step = delta / count;
  const mean = a.mean + step * b.count;
  const product = delta * step * a.count * b.count;
  const m2 = a.m2 + b.m2 + product;
  const m3 = a.m3 + b.m3 + product * step * (a.count - b.count) + 3 * step * (a.count * b.m2 - b.count * a.m2);
  const m4 =
    a.m4 +
    b.m4 +
    product * step * step * (a.count * a.count - a.count * b.count + b.count * b.count) +
    6 * step * step * (a.count * a.count * b.m2 + b.count * b.count * a.m2) +
    4 * step * (a.count * b.m3 - b.count * a.m3);
  return { count, mean, m2, m3, m4 };
}

/** Population standard deviation; null for no values. */
export function standardDeviation(moments: Moments): number | null {
  return moments.count === 0 ? null : finiteOrNull(Math.sqrt(moments.m2 / moments.count));
}

/** Skewness √n·m3 / m2^{3/2} (biased, as scipy.stats.skew); null for no values or if all are equal. */
export function skewness(moments: Moments): number | null {
  if (moments.m2 === 0) return null;
  const variance = moments.m2 / moments.count;
  return finiteOrNull(moments.m3 / moments.count / variance / Math.sqrt(variance));
}

/** Pearson's kurtosis n·m4 / m2² (normal = 3; biased, as scipy.stats.kurtosis with fisher=False); null for no values or if all are equal. */
export function kurtosis(moments: Moments): number | null {
  if (moments.m2 === 0) return null;
  const variance = moments.m2 / moments.count;
  return finiteOrNull(moments.m4 / moments.count / variance / variance);
}

/** Float64 tensors may hold values whose fourth power overflows or underflows: the statistic is then unknown, not infinite. */
function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
