import { appendMagnitudes } from './bin-sketch';
import { CellColumns } from './cell-columns';
import type { MagnitudeCells } from './cells';
import { codeValues } from '../values/code-values';
import { binBase, binOf, MAGNITUDE_BINS, SIGN } from './float32-bins';
import type { Histogram } from './histogram';
import { mergeMagnitudes } from './magnitude-cells';
import { mergeMoments, NO_MOMENTS, type Moments } from './moments';
import type { TensorSketch } from './tensor-sketch';

/** Finite magnitudes of float16: codes 0 … 0x7bff. */
const FLOAT16_MAGNITUDES = 0x7c00;

/**
 * Most magnitudes that are kept one by one although neither 16-bit type has them (of quantised, ternary or integer
 * weights): a few MiB. Further ones go into the float32 bins.
 */
const MAX_ODD_MAGNITUDES = 65_536;

/**
 * The sum of the sketches of many tensors, in memory that does not grow with them. All counts are integers, so only
 * the last bits of the moments depend on the order of adding.
 */
export class ModelSketch {
  private readonly binCounts = new Float64Array(MAGNITUDE_BINS);
  private readonly binLowSums = new Float64Array(MAGNITUDE_BINS);
  private binZeros = 0;
  /** Magnitudes whose float32 pattern ends in 16 zeros, by its upper half: all of bfloat16, and the small integers and 8-bit floats. */
  private readonly bfloat16Counts = new Float64Array(MAGNITUDE_BINS);
  /** The other magnitudes of float16, by code. */
  private readonly float16Counts = new Float64Array(FLOAT16_MAGNITUDES);
  private readonly oddCounts = new Map<number, number>();
  private merged: Moments = NO_MOMENTS;

  /** Adds a whole tensor, in time proportional to its populated bins. */
  add(tensor: TensorSketch): void {
    this.merged = mergeMoments(this.merged, tensor.moments());
    const atoms = tensor.atoms();
    if (atoms === undefined) this.addBins(tensor);
    else if (tensor.plan.kind === 'codes' && tensor.plan.values === codeValues('float16')) {
      this.addFloat16(tensor.histogram, tensor.plan.values);
    } else {
      atoms.values.forEach((value, i) => {
        this.addAtom(Math.abs(value), atoms.counts[i] ?? 0);
      });
    }
  }

  /** Moments of all finite values taken as one vector. */
  moments(): Moments {
    return this.merged;
  }

  /** Distribution of |w| over all finite values, at full resolution. */
  magnitudeCells(): MagnitudeCells {
    return mergeMagnitudes([this.binCells(), this.bfloat16Cells(), this.float16Cells(), this.oddCells()]);
  }

  private addBins({ histogram, zeroCount }: TensorSketch): void {
    histogram.codes.forEach((code, i) => {
      const bin = code & (SIGN - 1);
      if (bin < MAGNITUDE_BINS) this.addToBin(bin, histogram.counts[i] ?? 0, histogram.lowSums[i] ?? 0);
    });
    this.binZeros += zeroCount;
  }

  private addFloat16({ codes, counts }: Histogram, values: Float64Array): void {
    codes.forEach((code, i) => {
      const magnitude = code & (SIGN - 1);
      if (magnitude >= FLOAT16_MAGNITUDES) return;
      const bin = binOf(values[magnitude] ?? 0);
      // Those that bfloat16 has as well go where other tensors put them.
      if (bin.low === 0) increase(this.bfloat16Counts, bin.code, counts[i] ?? 0);
      else increase(this.float16Counts, magnitude, counts[i] ?? 0);
    });
  }

  private addAtom(magnitude: number, count: number): void {
    const bin = binOf(magnitude);
    if (bin.low === 0) increase(this.bfloat16Counts, bin.code, count);
    else if (this.oddCounts.has(magnitude) || this.oddCounts.size < MAX_ODD_MAGNITUDES) {
      this.oddCounts.set(magnitude, (this.oddCounts.get(magnitude) ?? 0) + count);
    } else this.addToBin(bin.code, count, bin.low * count);
  }

  private addToBin(bin: number, count: number, lowSum: number): void {
    increase(this.binCounts, bin, count);
    increase(this.binLowSums, bin, lowSum);
  }

  private binCells(): MagnitudeCells {
    const columns = new CellColumns();
    this.binCounts.forEach((count, bin) => {
      if (count > 0) appendMagnitudes(columns, bin, count, this.binLowSums[bin] ?? 0, bin === 0 ? this.binZeros : 0);
    });
    return columns.magnitudes();
  }

  private bfloat16Cells(): MagnitudeCells {
    const columns = new CellColumns();
    this.bfloat16Counts.forEach((count, code) => {
      if (count > 0) columns.pushAtom(binBase(code), count);
    });
    return columns.magnitudes();
  }

  private float16Cells(): MagnitudeCells {
    const values = codeValues('float16');
    const columns = new CellColumns();
    this.float16Counts.forEach((count, code) => {
      if (count > 0) columns.pushAtom(values?.[code] ?? 0, count);
    });
    return columns.magnitudes();
  }

  private oddCells(): MagnitudeCells {
    const columns = new CellColumns();
    for (const [value, count] of [...this.oddCounts].sort(([a], [b]) => a - b)) columns.pushAtom(value, count);
    return columns.magnitudes();
  }
}

function increase(counts: Float64Array, index: number, by: number): void {
  counts[index] = (counts[index] ?? 0) + by;
}
