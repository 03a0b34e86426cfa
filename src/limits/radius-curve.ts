import type { RadiusCurve } from '../report/measurement';

/** Samples of the curve: a point every thousandth, and as many again that get closer and closer towards 1. */
const EVEN_SAMPLES = 1000;

/**
 * R(s) = √(sum of the ⌈s·n⌉ smallest squared weights): how far pruning by global magnitude moves the weights
 * (Zhang et al., arXiv 2306.05857). Sampled at pruned counts, so each sample is exact (sums in float64): all counts if there
 * are at most 2,000 weights; otherwise every thousandth and, because networks that can be pruned have their threshold
 * close to 1, another thousand with kept counts in geometric progression.
 * @param weights all weights that pruning may set to zero, in any order; not changed
 */
export function radiusCurve(weights: Float32Array): RadiusCurve {
  const magnitudes = weights.map(Math.abs).sort();
  const counts = sampledCounts(magnitudes.length);
  const radii = new Float64Array(counts.length);
  let energy = 0;
  let pruned = 0;
  for (const [index, count] of counts.entries()) {
    for (; pruned < count; pruned++) energy += magnitudes[pruned]! ** 2;
    radii[index] = Math.sqrt(energy);
  }
  const total = Math.max(1, magnitudes.length);
  return { prunedFractions: Float64Array.from(counts, (count) => count / total), radii };
}

/** Pruned counts from 0 to n, ascending, each once. */
function sampledCounts(total: number): number[] {
  if (total <= 2 * EVEN_SAMPLES) return Array.from({ length: total + 1 }, (_, count) => count);
  const counts = new Set<number>([0, total]);
  for (let sample = 0; sample < EVEN_SAMPLES; sample++) {
    counts.add(Math.ceil((sample / EVEN_SAMPLES) * total));
    counts.add(total - Math.round(total ** (sample / EVEN_SAMPLES)));
  }
  return [...counts].sort((a, b) => a - b);
}

/** R at a pruned fraction from 0 to 1; between samples R² is interpolated. */
export function radiusAt({ prunedFractions, radii }: RadiusCurve, prunedFraction: number): number {
  return Math.sqrt(interpolated(prunedFractions, radii.length, (index) => radii[index]! ** 2, prunedFraction));
}

/** The largest fraction that can be pruned within a radius: the inverse of {@link radiusAt}. */
export function fractionWithin({ prunedFractions, radii }: RadiusCurve, radius: number): number {
  const last = radii.length - 1;
  if (last < 0) return 0;
  const above = firstAbove(radii, radius);
  if (above > last) return prunedFractions[last]!;
  if (above === 0) return 0;
  const low = radii[above - 1]! ** 2;
  const share = (radius ** 2 - low) / (radii[above]! ** 2 - low);
  return prunedFractions[above - 1]! + share * (prunedFractions[above]! - prunedFractions[above - 1]!);
}

function interpolated(places: Float64Array, count: number, valueAt: (index: number) => number, place: number): number {
  if (count === 0) return 0;
  const above = firstAbove(places, place);
  if (above >= count) return valueAt(count - 1);
  if (above === 0) return valueAt(0);
  const share = (place - places[above - 1]!) / (places[above]! - places[above - 1]!);
  return valueAt(above - 1) + share * (valueAt(above) - valueAt(above - 1));
}

/** Index of the first of the ascending numbers that is greater; their count if there is none. */
function firstAbove(numbers: Float64Array, bound: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! > bound) high = middle;
    else low = middle + 1;
  }
  return low;
}
