import type {
  CurvatureChoice,
  FileFacts,
  LimitEstimate,
  LimitScope,
  ModelStatistics,
  ReportWarning,
  TensorFacts,
  TensorStatistics,
} from '../report/report';
import type { MagnitudeCells, MomentCells, ValueCells } from '../sketch/cells';

/** One layer's numbers and its distribution, coarse enough to send (≤ 512 cells). */
export interface LayerResult {
  /** Index into the tensors of the `opened` event. */
  readonly index: number;
  readonly statistics: TensorStatistics;
  /** Signed distribution of the finite values; empty if there are none. */
  readonly cells: ValueCells;
}

/** The whole model so far: the limits, and the cells from which the panel computes every pruned fraction by itself. */
export interface ModelUpdate {
  readonly model: ModelStatistics;
  readonly limits: readonly LimitEstimate[];
  readonly warnings: readonly ReportWarning[];
  /** Distribution of |w| by scope (≤ 4,096 cells each). */
  readonly magnitudes: Readonly<Record<LimitScope, MagnitudeCells>>;
  /** Distribution of Adam's second moments (some hundred cells), where a limit was estimated from them. */
  readonly moments?: MomentCells;
}

/** What an analysis tells while it runs, in this order: `opened`, then `layers` and `model` in turn, `model` last. */
export type AnalysisEvent =
  | {
      readonly type: 'opened';
      readonly file: FileFacts;
      readonly tensors: readonly TensorFacts[];
      readonly totalBytes: number;
    }
  | { readonly type: 'layers'; readonly layers: readonly LayerResult[]; readonly bytesDone: number }
  | { readonly type: 'model'; readonly update: ModelUpdate; readonly bytesDone: number };

export interface AnalyzeRequest {
  /** Absolute path of the model file. */
  readonly path: string;
  /** Also compute the SHA-256 of each tensor's values. */
  readonly hash: boolean;
  /** Of the limit from optimiser state; undefined: the usual. Such a result is not kept. */
  readonly curvature?: CurvatureChoice;
  /** `use` (default): a known result is told again. `refresh`: the weights are read, the result kept. `none`: neither. */
  readonly cache?: 'use' | 'refresh' | 'none';
}
