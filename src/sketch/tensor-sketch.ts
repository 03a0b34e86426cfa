import { AtomDistribution } from './atoms';
import { binMagnitudeCells, binStatistics, binValueCells, discreteBins, type BinnedTotals } from './bin-sketch';
import type { MagnitudeCells, ValueCells } from './cells';
import { addHistograms, EMPTY_HISTOGRAM, type Histogram } from './histogram';
import { mergeMoments, NO_MOMENTS, type Moments } from './moments';
import type { SketchPlan } from './plan';
import { BLOCK_COLUMNS, type BinnedSegment, type SegmentSketch } from './segment';
import type { SketchStatistics } from './statistics';
import { coarsenValues } from './value-cells';

/**
 * The sketch of one tensor: the sum of its segments. Everything but the order of merging the blocks' moments is
 * integer arithmetic, so segments that are added in the order of their position give the same bits however the
 * tensor was cut into segments and whoever sketched them.
 */
export class TensorSketch {
  private bins: Histogram = EMPTY_HISTOGRAM;
  private total: BinnedTotals;
  private elements = 0;
  /** Made when asked for; forgotten when a segment is added. */
  private known: { readonly atoms: AtomDistribution | undefined } | undefined;

  constructor(readonly plan: SketchPlan) {
    this.total = {
      moments: NO_MOMENTS,
      min: Infinity,
      max: -Infinity,
      zeroCount: 0,
      nanCount: 0,
      infCount: 0,
      absoluteSum: plan.kind === 'converted' ? 0 : undefined,
    };
  }

  /** Elements so far, non-finite ones included. */
  get count(): number {
    return this.elements;
  }

  /** Counts of the float32 bins, or of the stored patterns if the plan is to count those. */
  get histogram(): Histogram {
    return this.bins;
  }

  /** @throws {TypeError} if the segment was made by another plan. */
  add(segment: SegmentSketch): void {
    if ((segment.kind === 'codes') !== (this.plan.kind === 'codes')) {
      throw new TypeError(`A segment of ${segment.kind} does not belong to a sketch of ${this.plan.kind}`);
    }
    const lowSums = segment.kind === 'binned' ? segment.lowSums : EMPTY_HISTOGRAM.lowSums;
    this.bins = addHistograms(this.bins, { codes: segment.codes, counts: segment.counts, lowSums });
    this.elements += segment.count;
    this.known = undefined;
    if (segment.kind === 'binned') this.total = addTotals(this.total, segment);
  }

  /** Moments of the finite values. */
  moments(): Moments {
    return this.plan.kind === 'codes' ? this.codes(this.plan.values).moments : this.total.moments;
  }

  /** Exact zeros, of either sign. */
  get zeroCount(): number {
    return this.plan.kind === 'codes' ? this.codes(this.plan.values).zeroCount : this.total.zeroCount;
  }

  /**
   * Every value and how often it occurs, where that is known: of stored patterns that were counted, and of float32
   * tensors that have one value to a bin (ternary, dequantised, small ones); undefined else.
   */
  atoms(): AtomDistribution | undefined {
    if (this.plan.kind === 'codes') return this.codes(this.plan.values);
    this.known ??= { atoms: discreteBins(this.bins, this.total) };
    return this.known.atoms;
  }

  statistics(): SketchStatistics {
    if (this.plan.kind === 'codes') return this.codes(this.plan.values).statistics();
    const statistics = binStatistics(this.bins, this.total);
    const atoms = this.atoms();
    return atoms === undefined ? statistics : { ...statistics, meanAbsoluteDeviation: atoms.meanAbsoluteDeviation() };
  }

  /**
   * Signed distribution of the finite values in at most `maxCells` cells, as {@link coarsenValues} makes them.
   * @throws {RangeError} if `maxCells` is under 8.
   */
  valueCells(maxCells: number): ValueCells {
    const cells = this.atoms()?.valueCells() ?? binValueCells(this.bins, this.total.zeroCount);
    return coarsenValues(cells, this.moments(), maxCells);
  }

  /** Distribution of |w| of the finite values at full resolution. */
  magnitudeCells(): MagnitudeCells {
    return this.atoms()?.magnitudeCells() ?? binMagnitudeCells(this.bins, this.total.zeroCount);
  }

  private codes(values: Float64Array): AtomDistribution {
    const atoms =
      this.known?.atoms ??
      new AtomDistribution(
        Float64Array.from(this.bins.codes, (code) => values[code] ?? NaN),
        this.bins.counts,
      );
    this.known = { atoms };
    return atoms;
  }
}

function addTotals(total: BinnedTotals, segment: BinnedSegment): BinnedTotals {
  let { moments, absoluteSum } = total;
  for (let row = 0; row < segment.blocks.length; row += BLOCK_COLUMNS) {
    const column = (index: number): number => segment.blocks[row + index] ?? 0;
    const block = { count: column(0), mean: column(1), m2: column(2), m3: column(3), m4: column(4) };
    moments = mergeMoments(moments, block);
    if (absoluteSum !== undefined) absoluteSum += column(5);
  }
  return {
    moments,
    absoluteSum,
    min: Math.min(total.min, segment.min),
    max: Math.max(total.max, segment.max),
    zeroCount: total.zeroCount + segment.zeroCount,
    nanCount: total.nanCount + segment.nanCount,
    infCount: total.infCount + segment.infCount,
  };
}
