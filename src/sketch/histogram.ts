/** Counts by code: the bins or stored patterns that occur, ascending. */
export interface Histogram {
  readonly codes: Uint16Array;
  /** Elements of each. */
  readonly counts: Float64Array;
  /** Σ of the lower 16 bits of each (float32 bins); empty for histograms of stored patterns. */
  readonly lowSums: Float64Array;
}

export const EMPTY_HISTOGRAM: Histogram = {
  codes: new Uint16Array(0),
  counts: new Float64Array(0),
  lowSums: new Float64Array(0),
};

/** The sum of two histograms of one kind. All numbers are integers below 2⁵³, so it is exact and the order is free. */
export function addHistograms(a: Histogram, b: Histogram): Histogram {
  if (a.codes.length === 0) return b;
  if (b.codes.length === 0) return a;
  const most = a.codes.length + b.codes.length;
  const codes = new Uint16Array(most);
  const counts = new Float64Array(most);
  const lowSums = new Float64Array(a.lowSums.length === 0 ? 0 : most);
  let length = 0;
  for (let i = 0, j = 0; i < a.codes.length || j < b.codes.length; length++) {
    const codeA = a.codes[i] ?? Infinity;
    const codeB = b.codes[j] ?? Infinity;
    codes[length] = Math.min(codeA, codeB);
    if (codeA <= codeB) {
      counts[length] = a.counts[i] ?? 0;
      lowSums[length] = a.lowSums[i] ?? 0;
      i++;
    }
    if (codeB <= codeA) {
      counts[length] = (counts[length] ?? 0) + (b.counts[j] ?? 0);
      lowSums[length] = (lowSums[length] ?? 0) + (b.lowSums[j] ?? 0);
      j++;
    }
  }
  return {
    codes: codes.slice(0, length),
    counts: counts.slice(0, length),
    lowSums: lowSums.slice(0, a.lowSums.length === 0 ? 0 : length),
  };
}
