import type { RoleSource, TensorRole } from '../formats/checkpoint';
import type { DType } from '../formats/dtype';
import type { Topology } from '../formats/topology';
import type { SketchStatistics } from '../sketch/statistics';
import type { Measurement } from './measurement';

/** Version of the report's layout; `report.schema.json` describes it. */
export const REPORT_SCHEMA = 'prunability-report/1';

/**
 * Which tensors a limit counts and prunes. `parameters`: all prunable tensors, with biases and the affine parameters of
 * normalisation, as the authors of the cosine method do. `weights`: only those of ≥ 2 dimensions; the rest is kept.
 */
export type LimitScope = 'parameters' | 'weights';

/** Names of the methods; fixed, so that others can build on them. */
export type LimitMethod =
  | 'cosine-utopia-grid'
  | 'cosine-utopia'
  | 'cosine-utopia-layerwise'
  | 'cosine-safe'
  | 'cosine-0.99'
  | 'cosine-0.95'
  | 'random-0.99'
  | 'statistical-dimension'
  | 'direct-quadratic'
  | 'measured-loss'
  | 'measured-accuracy'
  | 'optimizer-curvature';

/** One method's answer to "how far can it be pruned". */
export interface LimitEstimate {
  readonly method: LimitMethod;
  readonly scope: LimitScope;
  /** Fraction of the scope's values that the method would set to zero, in [0, 1]. */
  readonly prunedFraction: number;
  /** Number of values set to zero: round(prunedFraction × count), half to even. */
  readonly prunedCount: number;
  /** Cosine between the original and the pruned vector, in [0, 1]. */
  readonly cosineSimilarity?: number;
  /** Values with |w| at or under it are pruned. */
  readonly threshold?: number;
  /** Range of prunedFraction, where the method states one. */
  readonly interval?: readonly [number, number];
  readonly inputs: 'weights' | 'optimizer' | 'data';
  /** Name of the file beside the weights that the optimiser state is from, where it is not with the weights. */
  readonly inputFile?: string;
  /** What must hold for the number to mean anything, each a sentence. */
  readonly assumptions: readonly string[];
  /** One sentence for a person who has to decide. */
  readonly verdict: string;
  /** Where the method is from: paper, section or equation. */
  readonly reference: string;
}

/** What `optimizer-curvature` takes that no file says. It depends on the quotient of the two alone: ε/B. */
export interface CurvatureChoice {
  /** B, samples to a batch in training. */
  readonly batch: number;
  /** ε, by how much the loss may grow, in its units. */
  readonly epsilon: number;
}

export interface ReportWarning {
  /** Stable identifier in kebab-case, e.g. `non-finite`, `layer-emptied`, `at-initialisation`, `already-pruned`. */
  readonly code: string;
  readonly message: string;
  readonly tensors?: readonly string[];
}

/** What the header tells about a tensor, before its values have been read. */
export interface TensorFacts {
  readonly name: string;
  readonly dtype: DType;
  /** How the elements are stored where that differs from `dtype` (quantised weights): a type, or in the format's words. */
  readonly storedDtype?: string;
  readonly shape: readonly number[];
  /** Name of the layer that it belongs to. */
  readonly layer: string;
  readonly role: TensorRole;
  /** What has decided the role. */
  readonly roleFrom: RoleSource;
  readonly prunable: boolean;
  /** The operators (or layers) that take it, as the format calls them, where the file has the network's graph. */
  readonly operators?: readonly string[];
  readonly count: number;
  readonly aliasOf?: string;
}

/** Numbers of one tensor, over its finite values. `null` where undefined. */
export interface TensorStatistics extends SketchStatistics {
  /** Best trade-off of this tensor alone (the 101-point optimum). */
  readonly limit: number | null;
}

export interface TensorReport extends TensorFacts, TensorStatistics {
  /** Fraction of the values that stay at the global threshold of `cosine-utopia-grid` over all parameters; null if not prunable. */
  readonly survivingFraction: number | null;
  /** SHA-256 of the values as little-endian float32 in C order, in hexadecimal; only if asked for. */
  readonly sha256?: string;
}

export interface FileFacts {
  readonly path: string;
  readonly format: string;
  /** The format for people, e.g. `PyTorch zip`. */
  readonly formatLabel: string;
  /** Bytes of all files of the model. */
  readonly bytes: number;
  /** Number of files that hold weights. */
  readonly files: number;
}

/**
 * Whether the weights still look as they were drawn at initialisation. Only distributions and scales are looked at, so
 * `trained` means no more than "not recognised as freshly drawn"; `mixed`: some layers are.
 */
export type InitialisationState = 'at-initialisation' | 'trained' | 'mixed' | 'unknown';

export interface ModelStatistics {
  readonly initialisation: InitialisationState;
  /** Elements of all tensors, shared memory counted once. */
  readonly count: number;
  readonly prunableCount: number;
  /** Elements of prunable tensors with ≥ 2 dimensions. */
  readonly weightCount: number;
  /** Pearson kurtosis over all prunable values taken as one vector. */
  readonly kurtosis: number | null;
  /** The same over the tensors of ≥ 2 dimensions only. */
  readonly kurtosisWeights: number | null;
  /** Kurtosis of the prunable tensors' kurtoses (K2); null, as the authors' code has it, if a tensor is constant. */
  readonly kurtosisOfKurtoses: number | null;
  /** K2 over the tensors whose kurtosis is defined. */
  readonly kurtosisOfDefinedKurtoses: number | null;
}

/** What every surface shows. Valid after each layer; `complete` is false until the last one. */
export interface ModelReport {
  readonly schema: typeof REPORT_SCHEMA;
  readonly complete: boolean;
  readonly file: FileFacts;
  readonly tensors: readonly TensorReport[];
  readonly model: ModelStatistics;
  readonly limits: readonly LimitEstimate[];
  readonly warnings: readonly ReportWarning[];
  /** The network's graph, where the file has it. */
  readonly topology?: Topology;
  /** What was measured with data, where that was done; its limits are among `limits`, in the scope `weights`. */
  readonly measurement?: Measurement;
  /** Seconds from the request to the last layer. */
  readonly seconds: number;
}
