import type { Moments } from './moments';

/** Values whose mean is the pivot of a block: enough to come within a fraction of a standard deviation of its mean. */
const PIVOT_VALUES = 256;

/**
 * A pivot for the power sums of a block: the mean of its first 256 finite values; 0 if it has none. Sums of float32
 * values are exact here, so the pivot of a constant block is that constant, and its deviations are exactly 0.
 */
export function choosePivot(values: Float32Array | Float64Array): number {
  let sum = 0;
  let count = 0;
  // By index: an iterator over every block's values costs as much as the kernel.
  for (let i = 0; i < values.length && count < PIVOT_VALUES; i++) {
    const value = values[i] ?? 0;
    if (!Number.isFinite(value)) continue;
    sum += value;
    count++;
  }
  const mean = count === 0 ? 0 : sum / count;
  return Number.isFinite(mean) ? mean : 0;
}

/** Central moments from power sums about a pivot, by lane: four Σd, four Σd², four Σd³, four Σd⁴. */
export function centralMoments(sums: Float64Array, count: number, pivot: number): Moments {
  const s1 = lanes(sums, 0);
  const s2 = lanes(sums, 4);
  const s3 = lanes(sums, 8);
  const s4 = lanes(sums, 12);
  const shift = s1 / count;
  const square = shift * shift;
  return {
    count,
    mean: pivot + shift,
    m2: Math.max(0, s2 - s1 * shift),
    m3: s3 - 3 * shift * s2 + 2 * count * square * shift,
    m4: Math.max(0, s4 - 4 * shift * s3 + 6 * square * s2 - 3 * count * square * square),
  };
}

/**
 * Whether the pivot was so far from the mean (more than one standard deviation) that subtracting its share from the
 * sums has cost digits. Half a decimal digit of m4 is lost at that distance, four digits at ten times as much.
 */
export function isPivotFar({ count, mean, m2 }: Moments, pivot: number): boolean {
  const shift = mean - pivot;
  return count * shift * shift > m2;
}

function lanes(sums: Float64Array, first: number): number {
  return (sums[first] ?? 0) + (sums[first + 1] ?? 0) + ((sums[first + 2] ?? 0) + (sums[first + 3] ?? 0));
}
