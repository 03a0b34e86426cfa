import type { PreparedSamples } from '../data/dataset';
import type { Evaluation } from '../measurement/objective';
import type { Loss } from '../network/loss';
import type { BackendFacts } from '../report/measurement';

/** One of the objectives that a thread has. */
interface Which {
  readonly objective: number;
}

/**
 * Calls to a thread that computes a share of the samples. Vectors of parameters go through memory that both sides see:
 * what is given is written there before a call, what comes back is there after it.
 */
export interface ObjectiveMethods {
  readonly load: {
    readonly params: {
      /** Path of the model file. */
      readonly model: string;
      readonly backend: BackendFacts['name'];
      readonly vectors: SharedVectors;
    };
    /** Number of parameters. */
    readonly result: number;
  };
  readonly add: {
    readonly params: Which & { readonly samples: PreparedSamples; readonly batch: number; readonly loss: Loss };
    readonly result: undefined;
  };
  /** Gives its memory back. */
  readonly remove: { readonly params: Which; readonly result: undefined };
  readonly evaluate: { readonly params: Which; readonly result: Evaluation };
  /** The loss. */
  readonly gradient: { readonly params: Which; readonly result: number };
  readonly hessianTimes: { readonly params: Which; readonly result: undefined };
  readonly squaredGradients: { readonly params: Which; readonly result: undefined };
  readonly inputNorms: { readonly params: Which; readonly result: readonly (Float32Array | undefined)[] };
}

/** Each as long as there are parameters, in shared memory. */
export interface SharedVectors {
  readonly weights: Float32Array;
  /** What H is multiplied with. */
  readonly direction: Float32Array;
  readonly result: Float32Array;
}
