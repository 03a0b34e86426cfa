import { CellColumns } from './cell-columns';
import type { MagnitudeCells, ValueCells } from './cells';
import { kurtosis, NO_MOMENTS, skewness, standardDeviation, type Moments } from './moments';
import type { SketchStatistics } from './statistics';

/** A tensor of which every value is known, and how often it occurs: all is exact up to rounding. */
export class AtomDistribution {
  /** Distinct finite values, ascending. Zeros of both signs are one value. */
  readonly values: Float64Array;
  /** How often each of them occurs. */
  readonly counts: Float64Array;
  readonly zeroCount: number;
  /** Moments of the finite values: two passes in float64, relative error some 1e-13. */
  readonly moments: Moments;
  private readonly nanCount: number;
  private readonly infCount: number;

  /** @param values in any order, non-finite ones and repetitions among them; @param counts how often each occurs. */
  constructor(values: Float64Array, counts: Float64Array) {
    const atoms: { readonly value: number; readonly count: number }[] = [];
    let nanCount = 0;
    let infCount = 0;
    values.forEach((value, i) => {
      const count = counts[i] ?? 0;
      if (Number.isNaN(value)) nanCount += count;
      else if (!Number.isFinite(value)) infCount += count;
      else atoms.push({ value: value + 0, count });
    });
    atoms.sort((a, b) => a.value - b.value);
    const distinctValues = new Float64Array(atoms.length);
    const distinctCounts = new Float64Array(atoms.length);
    let length = 0;
    for (const { value, count } of atoms) {
      if (length === 0 || distinctValues[length - 1] !== value) distinctValues[length++] = value;
      distinctCounts[length - 1] = (distinctCounts[length - 1] ?? 0) + count;
    }
    this.values = distinctValues.slice(0, length);
    this.counts = distinctCounts.slice(0, length);
    this.nanCount = nanCount;
    this.infCount = infCount;
    this.zeroCount = this.counts[this.values.indexOf(0)] ?? 0;
    this.moments = this.computeMoments();
  }

  statistics(): SketchStatistics {
    const { moments, values } = this;
    const isEmpty = values.length === 0;
    return {
      nanCount: this.nanCount,
      infCount: this.infCount,
      zeroCount: this.zeroCount,
      min: values[0] ?? null,
      max: values[values.length - 1] ?? null,
      mean: isEmpty ? null : moments.mean,
      std: standardDeviation(moments),
      skewness: skewness(moments),
      kurtosis: kurtosis(moments),
      meanAbsoluteDeviation: this.meanAbsoluteDeviation(),
      l1Norm: this.sum(Math.abs),
      l2Norm: Math.sqrt(this.sum((value) => value * value)),
    };
  }

  meanAbsoluteDeviation(): number | null {
    const { count, mean } = this.moments;
    return count === 0 ? null : this.sum((value) => Math.abs(value - mean)) / count;
  }

  valueCells(): ValueCells {
    const columns = new CellColumns();
    this.values.forEach((value, i) => {
      columns.pushAtom(value, this.counts[i] ?? 0);
    });
    return columns.values();
  }

  magnitudeCells(): MagnitudeCells {
    const columns = new CellColumns();
    const { values, counts } = this;
    // Two ways outwards from zero: the negative ones and the others.
    let up = values.findIndex((value) => value >= 0);
    if (up === -1) up = values.length;
    let down = up - 1;
    while (down >= 0 || up < values.length) {
      const magnitude = Math.min(Math.abs(values[down] ?? Infinity), values[up] ?? Infinity);
      let count = 0;
      if (values[up] === magnitude) count += counts[up++] ?? 0;
      if (values[down] === -magnitude) count += counts[down--] ?? 0;
      columns.pushAtom(magnitude, count);
    }
    return columns.magnitudes();
  }

  /** Σ count × f(value). */
  private sum(f: (value: number) => number): number {
    let sum = 0;
    for (let i = 0; i < this.values.length; i++) sum += (this.counts[i] ?? 0) * f(this.values[i] ?? 0);
    return sum;
  }

  private computeMoments(): Moments {
    const count = this.sum(() => 1);
    const only = this.values[0];
    if (only === undefined) return NO_MOMENTS;
    if (this.values.length === 1) return { ...NO_MOMENTS, count, mean: only };
    const roughMean = this.sum((value) => value) / count;
    const mean = roughMean + this.sum((value) => value - roughMean) / count;
    return {
      count,
      mean,
      m2: this.sum((value) => (value - mean) ** 2),
      m3: this.sum((value) => (value - mean) ** 3),
      m4: this.sum((value) => (value - mean) ** 4),
    };
  }
}
