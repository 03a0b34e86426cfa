/**
 * Bins of |a| over the upper 18 bits of its float32 pattern without the sign: exponent and 10 bits of the fraction. So
 * every magnitude of float16, bfloat16 and the 8-bit floats has a bin of its own; of float32, a bin is 0.1 % wide.
 */
const LOW_BITS = 13;
const LOW_MASK = 2 ** LOW_BITS - 1;
const BINS = 2 ** (31 - LOW_BITS);
const MAGNITUDE_MASK = 0x7fffffff;
const INFINITE = 0x7f800000;

/** `lowestKept` of a bin of which nothing is kept: above all low parts. */
const NOTHING_KEPT = 0xffff;

/**
 * The values that were not zero before, by magnitude, and which of them are zero after. Columns over the bins that hold
 * any, ascending.
 */
export interface MagnitudeBins {
  readonly codes: Uint32Array<ArrayBuffer>;
  readonly counts: Float64Array<ArrayBuffer>;
  /** How many of them are zero after. */
  readonly pruned: Float64Array<ArrayBuffer>;
  /** Lower 13 bits of the largest pruned magnitude in the bin; 0 if there is none. */
  readonly highestPruned: Uint16Array<ArrayBuffer>;
  /** The same of the smallest kept one; 65,535 if there is none. */
  readonly lowestKept: Uint16Array<ArrayBuffer>;
}

/** Counts {@link MagnitudeBins}, in 6 MB however many values there are. */
export class JointMagnitudes {
  private readonly counts = new Float64Array(BINS);
  private readonly pruned = new Float64Array(BINS);
  private readonly highestPruned = new Uint16Array(BINS);
  private readonly lowestKept = new Uint16Array(BINS).fill(NOTHING_KEPT);
  /** Bins that hold any, in order of appearance: few of them do, and a small tensor must not pay for all. */
  private readonly populated = new Uint32Array(BINS);
  private size = 0;

  /** Counts the positions where both values are finite and that before is not zero. */
  count(before: Float32Array, after: Float32Array): void {
    const { counts, pruned, highestPruned, lowestKept, populated } = this;
    const patterns = new Uint32Array(before.buffer, before.byteOffset, before.length);
    let { size } = this;
    for (let i = 0; i < patterns.length; i++) {
      const pattern = patterns[i]! & MAGNITUDE_MASK;
      const value = after[i]!;
      if (pattern === 0 || pattern >= INFINITE || value - value !== 0) continue;
      const bin = pattern >>> LOW_BITS;
      const low = pattern & LOW_MASK;
      if (counts[bin] === 0) populated[size++] = bin;
      counts[bin]!++;
      if (value === 0) {
        pruned[bin]!++;
        if (low > highestPruned[bin]!) highestPruned[bin] = low;
      } else if (low < lowestKept[bin]!) lowestKept[bin] = low;
    }
    this.size = size;
  }

  add(bins: MagnitudeBins): void {
    const { counts, pruned, highestPruned, lowestKept, populated } = this;
    bins.codes.forEach((bin, i) => {
      if (counts[bin] === 0) populated[this.size++] = bin;
      counts[bin]! += bins.counts[i]!;
      pruned[bin]! += bins.pruned[i]!;
      highestPruned[bin] = Math.max(highestPruned[bin]!, bins.highestPruned[i]!);
      lowestKept[bin] = Math.min(lowestKept[bin]!, bins.lowestKept[i]!);
    });
  }

  /** All that was counted; counts nothing any more afterwards. */
  drain(): MagnitudeBins {
    const codes = this.populated.slice(0, this.size).sort();
    const bins = {
      codes,
      counts: Float64Array.from(codes, (bin) => this.counts[bin]!),
      pruned: Float64Array.from(codes, (bin) => this.pruned[bin]!),
      highestPruned: Uint16Array.from(codes, (bin) => this.highestPruned[bin]!),
      lowestKept: Uint16Array.from(codes, (bin) => this.lowestKept[bin]!),
    };
    this.clear();
    return bins;
  }

  /** Forgets what was counted. */
  clear(): void {
    for (let i = 0; i < this.size; i++) {
      const bin = this.populated[i]!;
      this.counts[bin] = 0;
      this.pruned[bin] = 0;
      this.highestPruned[bin] = 0;
      this.lowestKept[bin] = NOTHING_KEPT;
    }
    this.size = 0;
  }
}
