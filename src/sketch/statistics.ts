/** Numbers of one tensor, over its finite values; null where undefined. The report adds the limit to them. */
export interface SketchStatistics {
  readonly nanCount: number;
  readonly infCount: number;
  readonly zeroCount: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Population standard deviation. */
  readonly std: number | null;
  readonly skewness: number | null;
  /** Pearson's (normal = 3), biased; null if the values are all equal. */
  readonly kurtosis: number | null;
  /** Mean of |w − mean|: the scale of the fitted Laplace distribution. */
  readonly meanAbsoluteDeviation: number | null;
  readonly l1Norm: number;
  readonly l2Norm: number;
}
