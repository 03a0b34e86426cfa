/** Pearson's kurtosis m₄ / m₂² (normal = 3), biased, of a list of numbers; null if fewer than two differ. */
export function pearsonKurtosis(values: readonly number[]): number | null {
  const count = values.length;
  if (count === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const scale = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  let m2 = 0;
  let m4 = 0;
  for (const value of values) {
    const square = (value - mean) ** 2;
    m2 += square;
    m4 += square * square;
  }
  // Equal numbers leave a rounding error of the mean, whose kurtosis would be noise.
  if (m2 <= count * (EQUAL_WITHIN * scale) ** 2) return null;
  return (count * m4) / (m2 * m2);
}

/** Numbers that differ by less than this, relative to the largest, are the same up to rounding. */
const EQUAL_WITHIN = 1e-12;

/** K2: how unequal the layers are, as the kurtosis of the tensors' kurtoses. */
export interface KurtosisOfKurtoses {
  /** As the authors' code has it: null if a tensor is constant, so that its own kurtosis is undefined. */
  readonly strict: number | null;
  /** Over the tensors whose kurtosis is defined. */
  readonly defined: number | null;
}

/**
 * Kurtosis of the tensors' kurtoses (Mason-Williams & Dahlqvist, ICLR 2024; Pearson, biased, each tensor once whatever
 * its size, biases too). For T tensors it lies in [1, T − 2 + 1/(T − 1)]. `null` in the list: a constant tensor.
 */
export function kurtosisOfKurtoses(kurtoses: readonly (number | null)[]): KurtosisOfKurtoses {
  const known = kurtoses.filter((kurtosis) => kurtosis !== null);
  const defined = pearsonKurtosis(known);
  return { strict: known.length === kurtoses.length ? defined : null, defined };
}

/**
 * The factor by which the authors' `safe_prune` shrinks the optimum: 1/log₂(K2) if K2 < e, else 1/ln(K2), at most 1.
 * Two departures from the authors' code. Under K2 = 2 theirs exceeds 1, which would make the safe prune less safe than
 * the optimum (amount > 1 at K2 = 1.42, their own smallest): clamped. At K2 ≤ 1 it is infinite: undefined, as where K2 is.
 */
export function safePruneModifier(kurtosisOfKurtoses: number | null): number | undefined {
  if (kurtosisOfKurtoses === null || !(kurtosisOfKurtoses > 1 + EQUAL_WITHIN)) return undefined;
  const modifier = kurtosisOfKurtoses < Math.E ? 1 / Math.log2(kurtosisOfKurtoses) : 1 / Math.log(kurtosisOfKurtoses);
  return Math.min(1, modifier);
}
