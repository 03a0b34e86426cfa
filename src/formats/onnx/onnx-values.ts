import type { TensorRecord } from './onnx-record';

/** A tensor as an operator sees it. */
export interface Carried {
  readonly record: TensorRecord;
  /** Dimension of the tensor that each dimension of the value is; undefined if they do not correspond. */
  readonly axes?: readonly number[] | undefined;
}

/** What a name in a graph stands for. */
export interface Value {
  /** A tensor of the model, maybe given on by operators that do not change its numbers. */
  readonly carried?: Carried;
  /** Name in the topology, for everything else. */
  readonly id: string;
  readonly origin?: Origin;
}

/** What is remembered of the operator that computed a value, for the one that comes after it. */
export interface Origin {
  readonly linear: boolean;
  /** It multiplied by a vector, as the last but one step of a normalisation does. */
  readonly scaled?: boolean;
  /** A table it was looked up in. */
  readonly table?: Carried;
  /** Codes of weights that were multiplied as integers, to be scaled yet. */
  readonly product?: IntegerProduct;
  /** One or two tensors that were multiplied, with something computed or with one another. */
  readonly factors?: readonly TensorRecord[];
}

interface IntegerProduct {
  readonly weight: Carried;
  readonly zero: TensorRecord | undefined;
  readonly axis: number;
  /** What it was multiplied with, if that was looked up in a table. */
  readonly table: Carried | undefined;
  readonly tableZero: TensorRecord | undefined;
}
