/**
 * Of the pruned positions (not zero before, zero after; both values finite), how many the L1 rule would also have taken:
 * all below the magnitude at which it has its count, and of those at that very magnitude as many as it still needs.
 */
export function bruteForceOverlap(before: ArrayLike<number>, after: ArrayLike<number>): number {
  const candidates = Array.from(before, (a, i) => ({ magnitude: Math.abs(a), value: after[i]! }))
    .filter(({ magnitude, value }) => magnitude > 0 && magnitude < Infinity && Number.isFinite(value))
    .sort((a, b) => a.magnitude - b.magnitude);
  const count = candidates.filter(({ value }) => value === 0).length;
  if (count === 0) return 0;
  const threshold = candidates[count - 1]!.magnitude;
  const below = candidates.filter(({ magnitude }) => magnitude < threshold);
  const at = candidates.filter(({ magnitude }) => magnitude === threshold);
  const pruned = (some: typeof candidates): number => some.filter(({ value }) => value === 0).length;
  return pruned(below) + Math.min(count - below.length, pruned(at));
}
