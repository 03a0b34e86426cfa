import { centralMoments, choosePivot, isPivotFar } from './block-moments';
import type { Kernel } from './kernel';
import { EXTREMES_OFFSET, INFINITIES_OFFSET, INPUT_OFFSET, SCRATCH_BYTES, SCRATCH_OFFSET, SUMS_OFFSET } from './layout';
import { NO_MOMENTS, type Moments } from './moments';
import { sumPowers } from './plain-kernel';
import type { BinnedSegment } from './segment';

/** Greatest finite float32. */
const MAX_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;

/** What is known of a segment's blocks: a row of moments each, and the extremes and counts over all of them. */
export class BlockRows {
  private readonly floats: Float32Array;
  private readonly sums: Float64Array;
  private readonly extremes: Float32Array;
  private readonly infinities: Int32Array;
  private readonly rows: number[] = [];
  private min = Infinity;
  private max = -Infinity;
  private zeroCount = 0;
  private nanCount = 0;
  private infCount = 0;

  constructor(private readonly kernel: Kernel) {
    this.floats = new Float32Array(kernel.memory, INPUT_OFFSET, (SCRATCH_OFFSET + SCRATCH_BYTES) / 4);
    this.sums = new Float64Array(kernel.memory, SUMS_OFFSET, 16);
    this.extremes = new Float32Array(kernel.memory, EXTREMES_OFFSET, 8);
    this.infinities = new Int32Array(kernel.memory, INFINITIES_OFFSET, 1);
  }

  /** Bins a block of float32 in the kernel's memory and adds its row. Leaves the block as it is. */
  addFloat32(offset: number, count: number): void {
    this.kernel.binFloat32(offset, count);
    if (this.measureFloat32(offset, count)) return;
    const kept = this.kernel.keepFinite(offset, count);
    const infinities = this.infinities[0] ?? 0;
    this.infCount += infinities;
    this.nanCount += count - kept - infinities;
    this.measureFloat32(SCRATCH_OFFSET, kept);
  }

  /** Adds a block of values that had to be converted: moments of the values themselves, bins of them as float32. */
  addConverted(values: Float64Array): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? 0;
      // A finite number beyond float32 goes to the outermost finite bin, not among the infinities.
      this.floats[i] = Number.isFinite(value) ? Math.max(-MAX_FLOAT32, Math.min(MAX_FLOAT32, value)) : value;
    }
    this.kernel.binFloat32(INPUT_OFFSET, values.length);

    const finite = values.every(Number.isFinite) ? values : values.filter(Number.isFinite);
    let nans = 0;
    for (const value of values) if (Number.isNaN(value)) nans++;
    this.nanCount += nans;
    this.infCount += values.length - finite.length - nans;
    let least = Infinity;
    let greatest = -Infinity;
    let absoluteSum = 0;
    for (const value of finite) {
      if (value < least) least = value;
      if (value > greatest) greatest = value;
      if (value === 0) this.zeroCount++;
      absoluteSum += Math.abs(value);
    }
    const pivoted = (pivot: number): Moments => {
      sumPowers(finite, pivot, this.sums);
      return centralMoments(this.sums, finite.length, pivot);
    };
    this.addRow(finite.length, choosePivot(finite), least, greatest, pivoted, absoluteSum);
  }

  summary(): Pick<BinnedSegment, 'blocks' | 'min' | 'max' | 'zeroCount' | 'nanCount' | 'infCount'> {
    const { min, max, zeroCount, nanCount, infCount } = this;
    return { blocks: Float64Array.from(this.rows), min, max, zeroCount, nanCount, infCount };
  }

  /** False, with nothing added, if some of the values are not finite. */
  private measureFloat32(offset: number, count: number): boolean {
    const pivot = choosePivot(this.floats.subarray(offset / 4, offset / 4 + count));
    let zeros = 0;
    const pivoted = (about: number): Moments => {
      zeros = this.kernel.powerSums(offset, count, about);
      return centralMoments(this.sums, count, about);
    };
    const moments = pivoted(pivot);
    if (!Number.isFinite(moments.m2)) return false;
    const extreme = (lane: number): number => this.extremes[lane] ?? 0;
    const least = Math.min(extreme(0), extreme(1), extreme(2), extreme(3));
    const greatest = Math.max(extreme(4), extreme(5), extreme(6), extreme(7));
    this.zeroCount += zeros;
    this.addRow(count, pivot, least, greatest, (about) => (about === pivot ? moments : pivoted(about)));
    return true;
  }

  private addRow(
    count: number,
    pivot: number,
    least: number,
    greatest: number,
    momentsAbout: (pivot: number) => Moments,
    absoluteSum = 0,
  ): void {
    if (count === 0) return;
    let moments: Moments;
    if (least === greatest) {
      // Adding 0 makes the mean of negative zeros 0.
      moments = { ...NO_MOMENTS, count, mean: least + 0 };
    } else {
      moments = momentsAbout(pivot);
      if (isPivotFar(moments, pivot)) moments = momentsAbout(moments.mean);
    }
    this.min = Math.min(this.min, least);
    this.max = Math.max(this.max, greatest);
    this.rows.push(count, moments.mean, moments.m2, moments.m3, moments.m4, absoluteSum);
  }
}
