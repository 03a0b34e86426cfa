/** Version of the measurement's layout. */
export const MEASUREMENT_SCHEMA = 'prunability-measurement/1';

/** What the network is trained to make small. */
export type LossKind = 'softmax-cross-entropy' | 'sigmoid-cross-entropy' | 'mean-squared-error';

/** Orders in which weights are pruned: by a score, lowest first, over all layers or in each on its own. */
export const PRUNING_CRITERIA = [
  'magnitude',
  'magnitude-layerwise',
  'random',
  'taylor',
  'snip',
  'grasp',
  'wanda',
  'fisher',
] as const;

export type PruningCriterion = (typeof PRUNING_CRITERIA)[number];

/** What negative eigenvalues count as: their absolute value (the authors' choice), none at all, or not in the mean. */
export type NegativeConvention = 'absolute' | 'clip' | 'drop';

/** What the numbers are computed with. */
export interface BackendFacts {
  readonly name: 'tensorflow' | 'webgpu' | 'wasm' | 'cpu';
  /** For people: why this one, and why not the ones before it. */
  readonly reason: string;
  /** Relative error of its Hessian-vector product in the self-test. */
  readonly selfTestError: number;
}

/** One set of samples, as far as people want to know it. */
export interface SampleFacts {
  /** Path of its main file or folder. */
  readonly path: string;
  readonly count: number;
}

/** Figures of the unpruned network. */
export interface DenseFigures {
  /** Mean loss over the samples that the curvature is taken of. */
  readonly loss: number;
  /** On the test samples, or on the same ones where there are no others; undefined where the targets are not classes. */
  readonly accuracy?: number;
  /** The loss may grow by so much: population standard deviation of the mean losses of shuffled batches. */
  readonly epsilon: number;
  readonly batchSize: number;
}

/** A node of the quadrature of the spectrum: a Ritz value and the share of the parameters that it stands for. */
export interface SpectrumNode {
  readonly eigenvalue: number;
  /** All weights add up to 1. */
  readonly weight: number;
}

/** The spectrum of the Hessian of the loss, by stochastic Lanczos quadrature. */
export interface SpectrumFacts {
  /** Eigenvalues ascending. */
  readonly nodes: readonly SpectrumNode[];
  readonly steps: number;
  readonly probes: number;
  /** Samples that the Hessian is the mean over. */
  readonly samples: number;
  /** The nodes after half of the steps: a limit that differs between them has not converged. */
  readonly halfNodes: readonly SpectrumNode[];
}

/** R(s): the norm of the pruned weights by the pruned fraction of the prunable ones, in global order of magnitude. */
export interface RadiusCurve {
  /** Ascending from 0 to 1. */
  readonly prunedFractions: Float64Array;
  /** As many; from 0 to the norm of all prunable weights. */
  readonly radii: Float64Array;
}

/** The second-order model of the loss at a pruned copy: gᵀd + ½dᵀHd, d = pruned − original. */
export interface DirectTestPoint {
  readonly prunedFraction: number;
  readonly linear: number;
  readonly quadratic: number;
}

/** A pruned copy of the network, measured. */
export interface SweepPoint {
  readonly prunedFraction: number;
  readonly loss: number;
  readonly accuracy?: number;
}

export interface CriterionSweep {
  readonly criterion: PruningCriterion;
  /** By pruned fraction, ascending; begins with the unpruned network. */
  readonly points: readonly SweepPoint[];
}

/** What happens to the loss when one parameter alone is pruned by magnitude. */
export interface ParameterSensitivity {
  readonly name: string;
  readonly count: number;
  readonly points: readonly SweepPoint[];
}

/** Prediction and measurement of one network on one data set; valid after each stage. */
export interface Measurement {
  readonly schema: typeof MEASUREMENT_SCHEMA;
  readonly complete: boolean;
  /** Path of the model file. */
  readonly model: string;
  readonly data: SampleFacts;
  /** Samples of their own for the accuracy. */
  readonly test?: SampleFacts;
  readonly backend: BackendFacts;
  readonly loss: LossKind;
  /** D: all parameters that the loss is differentiated by. */
  readonly parameterCount: number;
  /** n: those of them that pruning may set to zero (matrices and kernels). */
  readonly prunableCount: number;
  readonly dense: DenseFigures;
  readonly radii: RadiusCurve;
  /** Fraction of the prunable weights with |w| < 10⁻³: a baseline that needs no data. */
  readonly smallFraction: number;
  readonly spectrum?: SpectrumFacts;
  readonly directTest: readonly DirectTestPoint[];
  readonly sweeps: readonly CriterionSweep[];
  readonly sensitivity: readonly ParameterSensitivity[];
  /** What a reader has to know: layers that act differently in training, where a run was cut short, and so on. */
  readonly notes: readonly string[];
  readonly seconds: number;
}
