/**
 * A distribution as a sorted list of disjoint cells. A cell with `low === high` is an atom: every value in it is that
 * one number. Columns, not objects: a model has some ten thousand cells, and they travel between processes.
 */
export interface ValueCells {
  /** Smallest value that may be in the cell, ascending; signed. */
  readonly low: Float32Array;
  /** Largest value that may be in the cell; `high[i] <= low[i + 1]`. */
  readonly high: Float32Array;
  /** Number of values in the cell, > 0. */
  readonly count: Float64Array;
}

/**
 * The distribution of |w|: what magnitude pruning and the cosine curve are functions of. Cells ascend from 0; where an
 * atom stands at the lower edge of an interval, the atom comes first.
 */
export interface MagnitudeCells {
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly count: Float64Array;
  /** Sum of w² over the cell: exact up to float64 rounding for atoms, within the stated bound otherwise. */
  readonly energy: Float64Array;
}

/** Distribution of Adam's second moments over all parameters: what a diagonal estimate of the curvature is a function of. */
export interface MomentCells {
  /** Mean square gradients, corrected for their start at 0; ascending, ≥ 0. */
  readonly mean: Float64Array;
  /** Parameters of about this second moment. */
  readonly count: Float64Array;
  /** The fewest steps that any parameter was trained for. */
  readonly steps: number;
}
