/** What a sample is to be compared with. */
export type Targets =
  | {
      readonly kind: 'classes';
      readonly classes: number;
      /** One class (from 0) a sample. */
      readonly labels: Int32Array;
    }
  | {
      readonly kind: 'values';
      /** Numbers a sample. */
      readonly size: number;
      readonly values: Float32Array;
    };

/** Samples in memory, as they are in the file: not normalised yet. */
export interface Samples {
  /** Shape of one sample, e.g. [28, 28, 1] (channels last) or [784]. */
  readonly shape: readonly number[];
  readonly count: number;
  /** All samples in C order. */
  readonly values: Uint8Array | Float32Array;
  readonly targets: Targets;
}

/** How the values of a file become those that the network was trained on: (value · scale − mean) / std. */
export interface Normalisation {
  readonly scale: number;
  /** One number, or one a channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** What a network is measured on, fitted to its input: what is trained on, and, where there are any, samples of their own for the accuracy. */
export interface DataSet {
  readonly train: PreparedSamples;
  readonly test?: PreparedSamples;
}

/** Samples as the network takes them. */
export interface PreparedSamples {
  /** Of one sample, in the network's order of dimensions. */
  readonly shape: readonly number[];
  readonly count: number;
  /** Normalised, in C order. */
  readonly values: Float32Array;
  readonly targets: Targets;
}
