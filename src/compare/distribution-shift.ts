import type { DistributionShift } from '../report/comparison';
import type { ValueCells } from '../sketch/cells';

/**
 * Kolmogorov–Smirnov statistic and 1-Wasserstein distance of two distributions given as cells: atoms, and intervals over
 * which values are spread evenly. The distribution functions are then linear between the cells' edges, and both numbers
 * exact up to rounding. Null if a side is empty.
 *
 * @param deviation standard deviation before.
 */
export function distributionShift(
  before: ValueCells,
  after: ValueCells,
  deviation: number | null,
): DistributionShift | null {
  if (before.count.length === 0 || after.count.length === 0) return null;
  const left = new DistributionFunction(before);
  const right = new DistributionFunction(after);
  let kolmogorovSmirnov = 0;
  let wasserstein = 0;
  let previousEdge = 0;
  /** F − G just above the edge before. */
  let above = 0;
  for (const edge of edges(before, after)) {
    const below = left.below(edge) - right.below(edge);
    wasserstein += (edge - previousEdge) * meanDistance(above, below);
    above = left.at(edge) - right.at(edge);
    kolmogorovSmirnov = Math.max(kolmogorovSmirnov, Math.abs(below), Math.abs(above));
    previousEdge = edge;
  }
  return {
    kolmogorovSmirnov: Math.min(1, kolmogorovSmirnov),
    wasserstein,
    relativeWasserstein: deviation === null || deviation === 0 ? null : wasserstein / deviation,
  };
}

/** Mean of |d| where d goes evenly from `from` to `to`. */
function meanDistance(from: number, to: number): number {
  if (from * to >= 0) return Math.abs(from + to) / 2;
  return (from * from + to * to) / (2 * (Math.abs(from) + Math.abs(to)));
}

/** All cells' edges, ascending, each once. */
function edges(before: ValueCells, after: ValueCells): Float64Array {
  const all = Float64Array.from([...before.low, ...before.high, ...after.low, ...after.high]).sort();
  return all.filter((edge, i) => i === 0 || edge !== all[i - 1]);
}

/** The share of values below, and at or below, places that are asked for in ascending order. */
class DistributionFunction {
  private readonly total: number;
  private cell = 0;
  /** Values in the cells before {@link cell}. */
  private passed = 0;

  constructor(private readonly cells: ValueCells) {
    this.total = cells.count.reduce((sum, count) => sum + count, 0);
  }

  /** P(X < x), x being no less than what was asked for before. */
  below(x: number): number {
    const { low, high, count } = this.cells;
    while (this.cell < count.length && high[this.cell]! < x) this.passed += count[this.cell++]!;
    return (this.passed + this.within(x, low[this.cell], high[this.cell])) / this.total;
  }

  /** P(X ≤ x). */
  at(x: number): number {
    const { low, high, count } = this.cells;
    while (this.cell < count.length && high[this.cell]! <= x) this.passed += count[this.cell++]!;
    return (this.passed + this.within(x, low[this.cell], high[this.cell])) / this.total;
  }

  /** Values of the current cell below x. */
  private within(x: number, low: number | undefined, high: number | undefined): number {
    if (low === undefined || high === undefined || x <= low) return 0;
    return (this.cells.count[this.cell]! * (x - low)) / (high - low);
  }
}
