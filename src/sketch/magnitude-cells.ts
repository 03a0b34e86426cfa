import { CellColumns } from './cell-columns';
import type { MagnitudeCells } from './cells';

/** Fewer could not show a curve. */
const FEWEST_CELLS = 8;

/**
 * The sum of several distributions: their cells in one ascending list, those that overlap made one (see
 * {@link CellColumns.append}).
 */
export function mergeMagnitudes(parts: readonly MagnitudeCells[]): MagnitudeCells {
  const filled = parts.filter((part) => part.count.length > 0);
  const [only] = filled;
  if (only === undefined) return new CellColumns().magnitudes();
  if (filled.length === 1) return only;
  const columns = new CellColumns();
  const next = filled.map(() => 0);
  for (;;) {
    let least = -1;
    let leastLow = Infinity;
    let leastHigh = Infinity;
    filled.forEach((part, i) => {
      const low = part.low[next[i] ?? 0] ?? Infinity;
      const high = part.high[next[i] ?? 0] ?? Infinity;
      // Atoms before the intervals that start with them.
      if (low < leastLow || (low === leastLow && high < leastHigh)) {
        least = i;
        leastLow = low;
        leastHigh = high;
      }
    });
    const part = filled[least];
    if (part === undefined) return columns.magnitudes();
    const index = next[least] ?? 0;
    columns.append(leastLow, leastHigh, part.count[index] ?? 0, part.energy[index] ?? 0);
    next[least] = index + 1;
  }
}

/**
 * At most `maxCells` cells with the same count and energy, by merging neighbours. A merged cell is bounded in two ways.
 * Its share of the values, because a threshold is only known to be somewhere in it. And the error it can cause in the
 * cosine C = √(1 − E): the pruned energy E as a function of the number of pruned values is convex in the cell, with
 * slopes between low² and high², so it strays from the chord by at most n·(high² − low²)/4, and C by that over 2·C.
 * The common tolerance is the least that gives few enough cells; from 4,096 cells on C is right to 1e-4 everywhere.
 * Zero stays an atom.
 * @throws {RangeError} if `maxCells` is under 8.
 */
export function coarsenMagnitudes(cells: MagnitudeCells, maxCells: number): MagnitudeCells {
  if (!(maxCells >= FEWEST_CELLS)) throw new RangeError(`${String(maxCells)} cells are too few`);
  if (cells.count.length <= maxCells) return cells;
  const costs = new MergeCosts(cells);
  // Bisection on a logarithmic scale: each step halves the uncertainty of the exponent.
  let [tooFine, enough] = [1e-16, 2];
  for (let step = 0; step < 40; step++) {
    const middle = Math.sqrt(tooFine * enough);
    if (costs.starts(middle).length > maxCells) tooFine = middle;
    else enough = middle;
  }
  return mergeFrom(cells, costs.starts(enough));
}

/** A share of the values weighs as a hundredth of it in the error of C: cells hold under 1e-2 of the values where 1e-4 is kept. */
const SHARE_WEIGHT = 0.01;

class MergeCosts {
  private readonly total: number;
  /** Energy of the cells from each one on, over the whole: C² after pruning all before it. */
  private readonly keptEnergy: Float64Array;
  private readonly energy: number;

  constructor(private readonly cells: MagnitudeCells) {
    const length = cells.count.length;
    this.keptEnergy = new Float64Array(length + 1);
    let total = 0;
    let energy = 0;
    // Summed from the top down, not subtracted from the whole: C near 0 is made of the last few.
    for (let i = length - 1; i >= 0; i--) {
      total += cells.count[i] ?? 0;
      energy += cells.energy[i] ?? 0;
      this.keptEnergy[i] = energy;
    }
    this.total = total;
    this.energy = energy;
  }

  /** Indices of the first cells of the merged ones if none may cost more than `tolerance`. Does not grow with it. */
  starts(tolerance: number): number[] {
    const { low, high, count } = this.cells;
    const starts: number[] = [];
    let start = 0;
    let merged = 0;
    for (let i = 0; i < count.length; i++) {
      merged += count[i] ?? 0;
      const isAfterZero = low[i - 1] === 0 && high[i - 1] === 0;
      if (i === 0 || isAfterZero || this.cost(low[start] ?? 0, high[i] ?? 0, merged, i) > tolerance) {
        starts.push(i);
        start = i;
        merged = count[i] ?? 0;
      }
    }
    return starts;
  }

  private cost(low: number, high: number, merged: number, last: number): number {
    const share = (SHARE_WEIGHT * merged) / this.total;
    if (this.energy === 0) return share;
    // The cosine is least, and the error greatest, where the cell ends; the last one ends at 0, where what it has is all.
    const kept = Math.max(this.keptEnergy[last + 1] ?? 0, (this.cells.energy[last] ?? 0) / 4) / this.energy;
    const strayed = (merged * (high * high - low * low)) / 4 / this.energy;
    return Math.max(share, strayed / (2 * Math.sqrt(kept)));
  }
}

function mergeFrom(cells: MagnitudeCells, starts: readonly number[]): MagnitudeCells {
  const columns = new CellColumns();
  starts.forEach((start, i) => {
    const end = starts[i + 1] ?? cells.count.length;
    let count = 0;
    let energy = 0;
    for (let j = start; j < end; j++) {
      count += cells.count[j] ?? 0;
      energy += cells.energy[j] ?? 0;
    }
    columns.push(cells.low[start] ?? 0, cells.high[end - 1] ?? 0, count, energy);
  });
  return columns.magnitudes();
}
