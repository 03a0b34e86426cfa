import type { FileFacts, ModelStatistics, ReportWarning, TensorReport } from './report';

/** Version of the comparison's layout. */
export const COMPARISON_SCHEMA = 'prunability-comparison/1';

/** What became of a tensor between the two checkpoints. Tensors are matched by name. */
export type TensorChange = 'common' | 'added' | 'removed' | 'reshaped';

/**
 * Two checkpoints, tensor by tensor. `before` is the reference: differences are `after` − `before`. Statistics are over
 * the positions where both values are finite, values taken as float32 (as {@link TensorReport}'s hashes are).
 */
export interface ComparisonReport {
  readonly schema: typeof COMPARISON_SCHEMA;
  readonly before: ComparedModel;
  readonly after: ComparedModel;
  /** In the order of `before`, then what was added in the order of `after`. */
  readonly tensors: readonly TensorComparison[];
  /** Over all common prunable tensors taken as one vector; null if there is none. */
  readonly pair: PairStatistics | null;
  /** Null unless `after` has zeros, in common prunable tensors, that `before` has not. */
  readonly pruning: PruningComparison | null;
  /** `nothing-in-common`, `matched-without-prefix`, `not-compared-by-position`, `non-finite`. */
  readonly warnings: readonly ReportWarning[];
  readonly seconds: number;
}

/** One side. */
export interface ComparedModel {
  readonly file: FileFacts;
  readonly model: ModelStatistics;
  /** `prunedFraction` of `cosine-utopia-grid` over the weights of ≥ 2 dimensions, else over all parameters. */
  readonly limit: number | null;
  /** Zeros among the prunable values, as a fraction. */
  readonly zeroFraction: number;
}

export interface TensorComparison {
  readonly name: string;
  readonly change: TensorChange;
  /** Null if added. */
  readonly before: TensorReport | null;
  /** Null if removed. */
  readonly after: TensorReport | null;
  /** Null unless common, and for values that cannot be read in the same order (a warning names the tensors). */
  readonly pair: PairStatistics | null;
  /** Null unless both sides have finite values (of a reshaped tensor too: a distribution has no shape). */
  readonly shift: DistributionShift | null;
  /** Null unless common, prunable, and newly pruned in part or whole. */
  readonly pruning: PruningComparison | null;
}

/** Two vectors of equal length, element by element. */
export interface PairStatistics {
  /** Positions where both values are finite. */
  readonly count: number;
  /** a·b / (‖a‖‖b‖), in [−1, 1]; null if either vector is zero. */
  readonly cosineSimilarity: number | null;
  /** ‖b − a‖ / ‖a‖; null if a is zero. */
  readonly relativeChange: number | null;
  /** Largest |b − a|. */
  readonly maxChange: number;
  /** Positions with the same value (−0 = 0). */
  readonly equalCount: number;
  readonly zerosBefore: number;
  readonly zerosAfter: number;
  readonly zerosBoth: number;
  /** Jaccard index of the two sets of zeros, zerosBoth / (zerosBefore + zerosAfter − zerosBoth); null if there is no zero. */
  readonly maskOverlap: number | null;
}

/** How far apart two distributions are, whatever position has which value. From ≤ 512 cells a side. */
export interface DistributionShift {
  /** Largest difference of the two distribution functions (two-sample Kolmogorov–Smirnov statistic), in [0, 1]. */
  readonly kolmogorovSmirnov: number;
  /** ∫ |F − G|, in units of the values (1-Wasserstein distance). */
  readonly wasserstein: number;
  /** Wasserstein distance over the standard deviation before; null if that is 0. */
  readonly relativeWasserstein: number | null;
}

/**
 * What pruning took, and whether taking the smallest magnitudes would have taken the same. Positions are those where
 * both values are finite.
 */
export interface PruningComparison {
  /** Positions that are zero after and were not before. */
  readonly prunedCount: number;
  /** Positions that were zero before and are not after. */
  readonly revivedCount: number;
  /** Zeros after, as a fraction of all positions: the actual pruned fraction. */
  readonly prunedFraction: number;
  /** Fraction of the surviving (non-zero after) positions whose value did not change: 1 without fine-tuning. */
  readonly unchangedFraction: number | null;
  /**
   * L1 rule with one threshold for the whole model, that takes as many of the values that were not zero before: of the
   * pruned positions, the fraction that it would also have taken. Null for a single tensor.
   */
  readonly globalMagnitude: RuleAgreement | null;
  /** The same with a threshold for each tensor, each pruned as much as it was. */
  readonly layerwiseMagnitude: RuleAgreement;
}

/** Agreement of a rule's choice with what was pruned. */
export interface RuleAgreement {
  /** Lower and upper bound of the fraction, equal where it is known exactly (ties of equal magnitude count as agreement). */
  readonly interval: readonly [low: number, high: number];
  /** True if the rule would have chosen the very same positions (apart from ties). */
  readonly same: boolean;
}

/** A series of checkpoints of one training run, in the order of their steps. */
export interface RunReport {
  readonly schema: 'prunability-run/1';
  readonly steps: readonly RunStep[];
  readonly seconds: number;
}

export interface RunStep {
  /** Epoch or step from the file's name; the position in the list where names have none. */
  readonly step: number;
  readonly file: FileFacts;
  readonly model: ModelStatistics;
  readonly limit: number | null;
  readonly zeroFraction: number;
  /** The model's pair statistics with the step before; null for the first, or where nothing is in common. */
  readonly toPrevious: PairStatistics | null;
  /** The same with the first step. */
  readonly toFirst: PairStatistics | null;
  /** Prunable tensors of this step. */
  readonly layers: readonly RunLayer[];
  /** Set instead of numbers that cannot be had: why the file could not be read. Such a step has empty `layers`. */
  readonly unreadable?: string;
}

export interface RunLayer {
  readonly name: string;
  readonly kurtosis: number | null;
  readonly limit: number | null;
  readonly zeroFraction: number;
  /** Cosine similarity with the same tensor one step before and at the first step; null where there is none. */
  readonly cosineToPrevious: number | null;
  readonly cosineToFirst: number | null;
}
