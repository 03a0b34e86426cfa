/** Figures of the network at one point over all samples. */
export interface Evaluation {
  /** Mean loss over the samples; NaN or infinite if the network gives such numbers. */
  readonly loss: number;
  /** The loss of each sample, in their order. */
  readonly losses: Float32Array;
  /** Fraction of the samples whose class is the most probable one; undefined where the targets are not classes. */
  readonly accuracy: number | undefined;
}

/**
 * The mean loss of a network over a fixed set of samples, as a function of all parameters in one vector: the parameters of
 * the network one after another, each in C order; D numbers. No call changes the vectors that it is given;
 * they must not change until it is done. Those that it gives are the caller's.
 * All calls reject with a {@link CancelledError} once the signal is raised.
 */
export interface Objective {
  /** D, the number of parameters. */
  readonly size: number;
  /** Number of samples. */
  readonly samples: number;
  evaluate(weights: Float32Array, signal: AbortSignal): Promise<Evaluation>;
  /** ∇L, D numbers. */
  gradient(
    weights: Float32Array,
    signal: AbortSignal,
  ): Promise<{ readonly loss: number; readonly gradient: Float32Array }>;
  /** H·v of the mean loss, exact (no finite differences); D numbers. */
  hessianTimes(weights: Float32Array, vector: Float32Array, signal: AbortSignal): Promise<Float32Array>;
  /** Mean over the samples of the square of each sample's gradient (the diagonal of the empirical Fisher matrix); D numbers. */
  squaredGradients(weights: Float32Array, signal: AbortSignal): Promise<Float32Array>;
  /**
   * For each parameter that inputs are multiplied with, the square root of the mean over samples (and places) of each
   * input's square: as many numbers as the parameter has inputs; undefined for the others.
   */
  inputNorms(weights: Float32Array, signal: AbortSignal): Promise<readonly (Float32Array | undefined)[]>;
}

/** Where a parameter is in the vector, and what pruning has to know of it. */
export interface ParameterLayout {
  /** Name of the tensor in the checkpoint. */
  readonly name: string;
  readonly shape: readonly number[];
  /** First of its numbers in the vector. */
  readonly offset: number;
  /** Product of the shape. */
  readonly count: number;
  /** Matrices and kernels: what pruning may set to zero. Biases and normalisations are kept. */
  readonly prunable: boolean;
  /** The dimension along which the outputs run (rows of a matrix, filters of a convolution); undefined for vectors. */
  readonly outputDimension?: number;
  /** The dimension along which the inputs run; its length is that of {@link Objective.inputNorms}. */
  readonly inputDimension?: number;
}
