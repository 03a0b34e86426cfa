import { CompensatedSum } from './compensated-sum';
import type { CosineCurve } from './cosine-curve';
import { GRID_POINTS, gridPrunedCount, nearestGridPoint, type PrunePoint } from './cosine-utopia';

/**
 * The cosine curve if the same fraction is pruned from every tensor, each by its own magnitudes, on the 101-point grid:
 * C(p) = sqrt(Σ kept energy / Σ energy). At the same number of pruned values it is never over the curve of the whole
 * vector. Tensors may come in any order; memory does not grow with them.
 */
export class LayerwiseCurve {
  private readonly pruned = Array.from({ length: GRID_POINTS }, () => new CompensatedSum());
  private readonly kept = Array.from({ length: GRID_POINTS }, () => new CompensatedSum());
  private readonly prunedCounts = new Float64Array(GRID_POINTS);
  private total = 0;

  /** Number of values of all tensors so far. */
  get count(): number {
    return this.total;
  }

  /** Adds a tensor; an empty one changes nothing. */
  add(curve: CosineCurve): void {
    this.total += curve.count;
    for (let index = 0; index < GRID_POINTS; index++) {
      const prunedCount = gridPrunedCount(index, curve.count);
      this.prunedCounts[index] = this.prunedCount(index) + prunedCount;
      this.pruned[index]?.add(curve.prunedEnergy(prunedCount));
      this.kept[index]?.add(curve.keptEnergy(prunedCount));
    }
  }

  /** Values pruned from all tensors together at point `index`, each tensor's own number rounded half to even. */
  prunedCount(index: number): number {
    return this.prunedCounts[index] ?? 0;
  }

  /**
   * Cosine at point `index`, pruned fraction index / 100. As for one vector, 0 where everything is pruned. 1 if the
   * energies are all zero, or too large for float64 (|w| over 1e154): see {@link optimum}.
   */
  cosine(index: number): number {
    if (index === 0 || this.total === 0) return 1;
    if (this.prunedCount(index) >= this.total) return 0;
    const pruned = this.pruned[index]?.value ?? 0;
    const kept = this.kept[index]?.value ?? 0;
    const energy = pruned + kept;
    if (!(energy > 0 && Number.isFinite(energy))) return 1;
    return Math.sqrt(Math.min(1, Math.max(0, pruned < kept ? 1 - pruned / energy : kept / energy)));
  }

  /** The point of the grid nearest to utopia; undefined without values, if all are zero, or if Σw² exceeds float64. */
  optimum(): PrunePoint | undefined {
    const energy = this.kept[0]?.value ?? 0;
    if (!(energy > 0 && Number.isFinite(energy))) return undefined;
    return nearestGridPoint(
      (index) => this.cosine(index),
      (index) => this.prunedCount(index),
    );
  }
}
