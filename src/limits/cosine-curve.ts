import type { MagnitudeCells, ValueCells } from '../sketch/cells';
import { CompensatedSum } from './compensated-sum';

/** The magnitude at which a prune of k values stops, and how the values of its cell are shared. */
export interface PruneThreshold {
  /** Values with |w| under it are pruned, values over it stay; of values equal to it (an atom) `prunedShare` goes. */
  readonly magnitude: number;
  /** Index of the cell of the curve that holds it; −1 if the curve is empty. */
  readonly cell: number;
  /** Fraction of that cell's values that is pruned, in [0, 1]. 0 only if nothing is pruned at all. */
  readonly prunedShare: number;
}

/**
 * The cosine similarity between a weight vector w and the same vector with its k smallest |wᵢ| set to zero, for every k:
 * C(k) = sqrt(1 − E_k), E_k = Σ_{i≤k} a₍ᵢ₎² / Σ aᵢ² with a₍ᵢ₎ the magnitudes in ascending order (Mason-Williams &
 * Dahlqvist, ICLR 2024: global unstructured L1 pruning; the closed form follows from ⟨w, w∘m⟩ = |w∘m|²).
 *
 * Exact for atoms. Inside a wider cell the values are taken as uniformly spread over that part of [low, high] that gives
 * the cell its energy. For cells of float32's upper 16 bits (relative width 2⁻⁷) that is within 1e-6 in C where a smooth
 * distribution fills the cells (measured: 4e-7 for a million normal values, a little over 1e-6 for 100,000), and
 * {@link cosineInterval} holds for every distribution.
 *
 * C(0) = 1, C(count) = 0 (as the authors' `nan_to_num` has it), C(0) = 1 also if count is 0. A vector of zeros alone has
 * no direction: pruning some of its values changes nothing, so C = 1 for k < count. Never NaN.
 */
export class CosineCurve {
  /** Number of values. */
  readonly count: number;
  /** Σw². */
  readonly energy: number;

  /** Magnitudes and energies of the cells in units of `unit` and `unit`². */
  private readonly cells: MagnitudeCells;
  private readonly unit: number;
  /** Number of values in the cells before cell i; one entry more than there are cells. */
  private readonly countBelow: Float64Array;
  /** Energy of the cells before cell i, and of the cells from i on: the small ends of the curve need both. */
  private readonly energyBelow: Float64Array;
  private readonly energyFrom: Float64Array;

  constructor(cells: MagnitudeCells) {
    const { scaled, unit } = representable(cells);
    const size = scaled.count.length;
    this.cells = scaled;
    this.unit = unit;
    this.countBelow = new Float64Array(size + 1);
    this.energyBelow = new Float64Array(size + 1);
    this.energyFrom = new Float64Array(size + 1);
    const below = new CompensatedSum();
    for (let i = 0; i < size; i++) {
      this.countBelow[i + 1] = at(this.countBelow, i) + at(scaled.count, i);
      this.energyBelow[i + 1] = below.add(at(scaled.energy, i));
    }
    const from = new CompensatedSum();
    for (let i = size - 1; i >= 0; i--) this.energyFrom[i] = from.add(at(scaled.energy, i));
    this.count = at(this.countBelow, size);
    this.energy = at(this.energyFrom, 0) * unit * unit;
  }

  /** C(k) for k pruned values; k may be fractional, and is clamped to [0, count]. */
  cosine(k: number): number {
    if (!(k > 0) || this.count === 0) return 1;
    if (k >= this.count) return 0;
    const cell = this.cellOf(k);
    const pruned = this.energyInCell(cell, k - at(this.countBelow, cell));
    return this.cosineFromCell(cell, pruned);
  }

  /** Bounds of C(k) that hold however the values lie inside their cells; as narrow as a point where cells are atoms. */
  cosineInterval(k: number): readonly [number, number] {
    const estimate = this.cosine(k);
    if (!(k > 0) || k >= this.count) return [estimate, estimate];
    const cell = this.cellOf(k);
    const pruned = k - at(this.countBelow, cell);
    const count = at(this.cells.count, cell);
    const energy = at(this.cells.energy, cell);
    const least = Math.max(
      pruned * at(this.cells.low, cell) ** 2,
      energy - (count - pruned) * at(this.cells.high, cell) ** 2,
    );
    const lower = this.cosineFromCell(cell, (pruned / count) * energy);
    const upper = this.cosineFromCell(cell, Math.min(least, energy));
    return [Math.min(lower, estimate), Math.max(upper, estimate)];
  }

  /** Σw² of the k smallest magnitudes. */
  prunedEnergy(k: number): number {
    if (!(k > 0) || this.count === 0) return 0;
    if (k >= this.count) return this.energy;
    const cell = this.cellOf(k);
    const inCell = this.energyInCell(cell, k - at(this.countBelow, cell));
    return (at(this.energyBelow, cell) + inCell) * this.unit * this.unit;
  }

  /** Σw² of the count − k largest magnitudes; accurate also where it is a tiny part of the whole. */
  keptEnergy(k: number): number {
    if (!(k > 0)) return this.energy;
    if (k >= this.count) return 0;
    const cell = this.cellOf(k);
    const inCell = this.energyInCell(cell, k - at(this.countBelow, cell));
    return (at(this.energyFrom, cell + 1) + (at(this.cells.energy, cell) - inCell)) * this.unit * this.unit;
  }

  /** The largest pruned magnitude when k values go. */
  threshold(k: number): PruneThreshold {
    if (this.count === 0) return { magnitude: 0, cell: -1, prunedShare: 0 };
    if (!(k > 0)) return { magnitude: 0, cell: 0, prunedShare: 0 };
    const cell = this.cellOf(Math.min(k, this.count));
    const prunedShare = Math.min(1, (k - at(this.countBelow, cell)) / at(this.cells.count, cell));
    return { magnitude: this.magnitudeInCell(cell, prunedShare) * this.unit, cell, prunedShare };
  }

  /**
   * Largest whole k with C(k) ≥ `minCosine`. A cosine that misses it by no more than rounding counts as reaching it.
   * For `minCosine` ≤ 0 that is every value.
   */
  largestPrunedCount(minCosine: number): number {
    return this.largestCountWhere((k) => this.cosine(k) >= minCosine - COSINE_ROUNDING);
  }

  /** Bounds of {@link largestPrunedCount} that hold however the values lie inside their cells. */
  largestPrunedCountInterval(minCosine: number): readonly [number, number] {
    const level = minCosine - COSINE_ROUNDING;
    return [
      this.largestCountWhere((k) => this.cosineInterval(k)[0] >= level),
      this.largestCountWhere((k) => this.cosineInterval(k)[1] >= level),
    ];
  }

  /**
   * Derivative of the squared distance (1 − C)² + (1 − k/n)² to the right of k, up to the positive factor 1/n. It never
   * decreases in k: E is convex in k, so C = sqrt(1 − E) is concave and both squares are convex.
   */
  distanceSlope(k: number): number {
    const keptFraction = 1 - k / this.count;
    const cosine = this.cosine(k);
    if (cosine === 1) return -2 * keptFraction;
    if (cosine === 0) return Infinity;
    const cell = Math.min(this.cellAfter(k), this.cells.count.length - 1);
    const share = (k - at(this.countBelow, cell)) / at(this.cells.count, cell);
    const meanEnergy = at(this.energyFrom, 0) / this.count;
    const relative = this.magnitudeInCell(cell, share) ** 2 / meanEnergy;
    return ((1 - cosine) / cosine) * relative - 2 * keptFraction;
  }

  /**
   * How many values of a part of this vector (a tensor of the model) stay at a threshold of this curve. Values in the
   * threshold's own cell are shared in proportion, so that over parts that make up the whole the counts add up to
   * count − k. Parts whose cells are coarser than the curve's are cut in proportion to length.
   */
  survivingCount(part: MagnitudeCells, threshold: PruneThreshold): number {
    const size = part.count.length;
    let survivors = 0;
    for (let i = 0; i < size; i++) {
      const low = at(part.low, i) / this.unit;
      const high = at(part.high, i) / this.unit;
      survivors += at(part.count, i) * (1 - this.prunedShareOf(low, high, threshold));
    }
    return survivors;
  }

  private prunedShareOf(low: number, high: number, { cell, prunedShare }: PruneThreshold): number {
    if (cell < 0) return 0;
    const cellLow = at(this.cells.low, cell);
    const cellHigh = at(this.cells.high, cell);
    if (low === high) return this.prunedShareOfAtom(low, cellLow, cellHigh, cell, prunedShare);
    if (high <= cellLow) return 1;
    if (low >= cellHigh) return 0;
    const length = high - low;
    const below = Math.max(0, cellLow - low) / length;
    const inside = (Math.min(high, cellHigh) - Math.max(low, cellLow)) / length;
    return below + inside * prunedShare;
  }

  private prunedShareOfAtom(value: number, low: number, high: number, cell: number, prunedShare: number): number {
    if (value < low) return 1;
    if (value > high) return 0;
    if (low === high) return prunedShare;
    // Neighbouring cells may share a bound; a value on it belongs to the cell that it begins, or to its own atom.
    const last = this.cells.count.length - 1;
    if (value === high && cell < last && at(this.cells.low, cell + 1) === high) return 0;
    if (value === low && cell > 0 && at(this.cells.low, cell - 1) === low) return 1;
    return prunedShare;
  }

  /** Cosine if of `cell` the energy `prunedInCell` goes, of those before it everything. */
  private cosineFromCell(cell: number, prunedInCell: number): number {
    const total = at(this.energyFrom, 0);
    if (total === 0) return 1;
    const pruned = at(this.energyBelow, cell) + prunedInCell;
    const kept = at(this.energyFrom, cell + 1) + (at(this.cells.energy, cell) - prunedInCell);
    // Taking the smaller of the two keeps the relative precision of 1 − C² near one end and of C² near the other.
    const squared = pruned < kept ? 1 - pruned / total : kept / total;
    return Math.sqrt(Math.min(1, Math.max(0, squared)));
  }

  /** The cell in which the k-th smallest value lies, for 0 < k ≤ count: the first that ends at or after k. */
  private cellOf(k: number): number {
    return firstIndex(this.countBelow.length - 1, (i) => at(this.countBelow, i + 1) >= k);
  }

  /** The cell of the value that would be pruned next after k. */
  private cellAfter(k: number): number {
    return firstIndex(this.countBelow.length - 1, (i) => at(this.countBelow, i + 1) > k);
  }

  private energyInCell(cell: number, pruned: number): number {
    const count = at(this.cells.count, cell);
    const energy = at(this.cells.energy, cell);
    const share = pruned / count;
    if (share >= 1) return energy;
    if (at(this.cells.low, cell) === at(this.cells.high, cell)) return energy * share;
    const [from, to] = this.support(cell);
    const length = to - from;
    const whole = from * from + from * length + (length * length) / 3;
    if (whole === 0) return energy * share;
    const part = share * (from * from + share * (from * length + (share * length * length) / 3));
    return energy * (part / whole);
  }

  private magnitudeInCell(cell: number, share: number): number {
    const [from, to] = this.support(cell);
    return from + share * (to - from);
  }

  /** The part of the cell over which a uniform density has the cell's mean square: one end stays, the other moves in. */
  private support(cell: number): readonly [number, number] {
    const low = at(this.cells.low, cell);
    const high = at(this.cells.high, cell);
    if (low === high) return [low, high];
    const meanSquare = at(this.cells.energy, cell) / at(this.cells.count, cell);
    if (meanSquare <= (low * low + low * high + high * high) / 3) {
      const root = Math.sqrt(Math.max(0, 12 * meanSquare - 3 * low * low));
      return [low, clamp((root - low) / 2, low, high)];
    }
    const root = Math.sqrt(12 * meanSquare - 3 * high * high);
    return [clamp((root - high) / 2, low, high), high];
  }

  private largestCountWhere(holds: (k: number) => boolean): number {
    return firstIndex(this.count, (k) => !holds(k + 1));
  }
}

/**
 * Fraction of the values of a signed distribution with |w| over `threshold`; of an atom at the threshold itself
 * `prunedShare` is gone. Cells that the threshold cuts are divided in proportion to length. 1 for an empty distribution.
 */
export function survivingFraction(cells: ValueCells, threshold: number, prunedShare = 1): number {
  // The cells are float32; a float64 threshold must not fall beside the atom that it came from.
  const bound = Math.fround(threshold);
  let total = 0;
  let survivors = 0;
  for (let i = 0; i < cells.count.length; i++) {
    const low = at(cells.low, i);
    const high = at(cells.high, i);
    const count = at(cells.count, i);
    total += count;
    if (low === high) {
      const magnitude = Math.abs(low);
      if (magnitude > bound) survivors += count;
      else if (magnitude === bound) survivors += count * (1 - prunedShare);
    } else {
      const inside = Math.max(0, Math.min(high, bound) - Math.max(low, -bound));
      survivors += count * (1 - inside / (high - low));
    }
  }
  return total === 0 ? 1 : survivors / total;
}

/** Cosines are computed to about 1e-15 (compensated sums, one division, one root); twice that and some. */
const COSINE_ROUNDING = 4e-15;

/**
 * The cells as they are, unless float64 cannot hold their energy (|w| over 1e154, or all of it under 1e-162): then in
 * units of the largest magnitude, with the energy of a uniform density. The cosine does not depend on the unit.
 */
function representable(cells: MagnitudeCells): { readonly scaled: MagnitudeCells; readonly unit: number } {
  const size = cells.count.length;
  const largest = size === 0 ? 0 : at(cells.high, size - 1);
  const energy = cells.energy.reduce((sum, term) => sum + term, 0);
  if (largest === 0 || (Number.isFinite(energy) && energy > 0)) return { scaled: cells, unit: 1 };
  const low = cells.low.map((value) => value / largest);
  const high = cells.high.map((value) => value / largest);
  const scaledEnergy = cells.count.map((count, i) => {
    const from = at(low, i);
    const to = at(high, i);
    return (count * (from * from + from * to + to * to)) / 3;
  });
  return { scaled: { low, high, count: cells.count, energy: scaledEnergy }, unit: largest };
}

/** First index in [0, length) for which the monotone predicate holds; `length` if for none. */
function firstIndex(length: number, holds: (index: number) => boolean): number {
  let from = 0;
  let to = length;
  while (from < to) {
    const middle = from + Math.floor((to - from) / 2);
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function at(column: Float64Array | Float32Array, index: number): number {
  return column[index] ?? 0;
}
