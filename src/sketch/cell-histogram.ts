import type { ValueCells } from './cells';

/** Counts in equal bins over [low, high); what lies outside is counted apart. */
export interface Histogram {
  readonly low: number;
  readonly high: number;
  readonly counts: Float64Array;
  readonly below: number;
  readonly above: number;
  /** Values that are exactly zero; they are in no bin (a pruned layer's would dwarf all others). */
  readonly zeros: number;
}

/**
 * Draws a histogram of equal bins from cells of any width: a cell's values are spread evenly over it, an atom goes into
 * the one bin that holds it.
 */
export function histogramOf(cells: ValueCells, low: number, high: number, bins: number): Histogram {
  const counts = new Float64Array(bins);
  const width = (high - low) / bins;
  let below = 0;
  let above = 0;
  let zeros = 0;
  for (let cell = 0; cell < cells.count.length; cell++) {
    const from = cells.low[cell] ?? 0;
    const to = cells.high[cell] ?? 0;
    const count = cells.count[cell] ?? 0;
    if (from === to) {
      const bin = Math.floor((from - low) / width);
      if (from === 0) zeros += count;
      else if (bin < 0) below += count;
      else if (bin >= bins) above += count;
      else counts[bin] = (counts[bin] ?? 0) + count;
      continue;
    }
    const perUnit = count / (to - from);
    below += perUnit * Math.max(0, Math.min(to, low) - from);
    above += perUnit * Math.max(0, to - Math.max(from, high));
    const first = Math.max(0, Math.floor((from - low) / width));
    const last = Math.min(bins - 1, Math.floor((to - low) / width));
    for (let bin = first; bin <= last; bin++) {
      const left = low + bin * width;
      const overlap = Math.min(to, left + width) - Math.max(from, left);
      if (overlap > 0) counts[bin] = (counts[bin] ?? 0) + perUnit * overlap;
    }
  }
  return { low, high, counts, below, above, zeros };
}
