import type { MagnitudeCells, ValueCells } from './cells';

/** Cells while they are being made: signed values or magnitudes, ascending. */
export class CellColumns {
  readonly low: number[] = [];
  readonly high: number[] = [];
  readonly count: number[] = [];
  readonly energy: number[] = [];

  get length(): number {
    return this.low.length;
  }

  /** Appends a cell. @param low and what follows: as in {@link MagnitudeCells}. */
  push(low: number, high: number, count: number, energy: number): void {
    this.low.push(low);
    this.high.push(high);
    this.count.push(count);
    this.energy.push(energy);
  }

  pushAtom(value: number, count: number): void {
    this.push(value, value, count, count * value * value);
  }

  /**
   * Appends a cell that starts at or above the last one's start, and joins the two where they overlap:
   * atoms of one value add up, and what reaches into an interval becomes part of it. An atom at the lower edge of an
   * interval that comes after it stays apart, and so do cells that only touch.
   */
  append(low: number, high: number, count: number, energy: number): void {
    const last = this.length - 1;
    const lastLow = this.low[last];
    const lastHigh = this.high[last];
    const overlaps =
      lastLow !== undefined &&
      lastHigh !== undefined &&
      (low < lastHigh || (lastLow === lastHigh && low === high && low === lastLow));
    if (!overlaps) {
      this.push(low, high, count, energy);
      return;
    }
    this.high[last] = Math.max(lastHigh, high);
    this.count[last] = (this.count[last] ?? 0) + count;
    this.energy[last] = (this.energy[last] ?? 0) + energy;
  }

  magnitudes(): MagnitudeCells {
    return {
      low: Float64Array.from(this.low),
      high: Float64Array.from(this.high),
      count: Float64Array.from(this.count),
      energy: Float64Array.from(this.energy),
    };
  }

  values(): ValueCells {
    return {
      low: Float32Array.from(this.low),
      high: Float32Array.from(this.high),
      count: Float64Array.from(this.count),
    };
  }
}
