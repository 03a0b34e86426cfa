import { product } from '../formats/shape';

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

/** What one input of a network is given, in memory, as it is in the file: not normalised yet. */
export interface SampleArray {
  /** Shape of one sample, e.g. [28, 28, 1] (channels last) or [784]. */
  readonly shape: readonly number[];
  readonly count: number;
  /** All samples in C order. */
  readonly values: Uint8Array | Float32Array;
}

/** Samples in memory: what the first input of the network is given, and all else. */
export interface Samples extends SampleArray {
  /** What the further inputs of a network with several are given, in their order; each for as many samples. */
  readonly further?: readonly SampleArray[];
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
  readonly count: number;
  /** One for each input of the network. */
  readonly inputs: readonly PreparedInput[];
  readonly targets: Targets;
}

/** What one input of a network is given. */
export interface PreparedInput {
  /** Of one sample, in the network's order of dimensions. */
  readonly shape: readonly number[];
  /** Of all samples, normalised, in C order. */
  readonly values: Float32Array;
}

/** What all inputs of a network are given. */
export function arraysOf(samples: Samples): readonly SampleArray[] {
  return [samples, ...(samples.further ?? [])];
}

/** The samples from `first` to before `end` of an input, in the same memory. */
export function inputBetween({ shape, values }: PreparedInput, first: number, end: number): PreparedInput {
  const size = product(shape);
  return { shape, values: values.subarray(first * size, end * size) };
}
