import type { FileFacts, InitialisationState } from '../report/report';

/** Asks what a file is: by its header, and by what an earlier analysis has left in the result cache. */
export interface DescribeRequest {
  /** Absolute path of a model file, or of a folder that holds one. */
  readonly path: string;
  /** The name does not say that it is a model: only the first bytes of the content can. */
  readonly contentOnly: boolean;
}

/** A model as its header tells it. The weights are not read. */
export interface ModelDescription {
  readonly state: 'readable';
  readonly file: FileFacts;
  /** Absolute path of the file that was opened: the given one, or the model in the given folder. */
  readonly mainFile: string;
  readonly tensorCount: number;
  /** Elements of all tensors, shared memory counted once. */
  readonly count: number;
  /** Elements of the tensors that a limit could prune: the network's parameters, without buffers and optimiser state. */
  readonly prunableCount: number;
  /** Elements by type (as stored), the most frequent first. */
  readonly dtypes: readonly { readonly dtype: string; readonly count: number }[];
  /** What an analysis of this very file has found; null if there was none, or the file is another one since. */
  readonly analysis: AnalysisSummary | null;
}

/** Why a file cannot be described. */
export interface UnreadableDescription {
  readonly state: 'unreadable';
  /** False if neither name nor content say that it is a model at all: then there is nothing to tell about it. */
  readonly recognised: boolean;
  /** The file at fault: the given one, or one that belongs to it. */
  readonly path: string;
  /** What is wrong, as a sentence without the file's name. */
  readonly reason: string;
  readonly offset?: number | undefined;
  readonly tensor?: string | undefined;
  readonly remedy: string;
}

export type DescriptionResult = ModelDescription | UnreadableDescription;

/** The few numbers of an analysis that fit where there is little room. */
export interface AnalysisSummary {
  /** When the weights were read, in milliseconds since 1970. */
  readonly analyzedAt: number;
  /**
   * `prunedFraction` of `cosine-utopia-grid` over the weights of two or more dimensions (over all parameters, if there
   * are none): the figure that the panel opens with. Null if there is none.
   */
  readonly limit: number | null;
  /** Fraction that can go without fine-tuning (`cosine-0.99`), over the same values; null if there is none. */
  readonly limitWithoutTuning: number | null;
  /** Pearson kurtosis over the same values; null where undefined. */
  readonly kurtosis: number | null;
  /** Fraction of the prunable values that are zero already. */
  readonly zeroFraction: number;
  /** At initialisation, the limit says nothing. */
  readonly initialisation: InitialisationState;
  /** Messages of the report's warnings. */
  readonly warnings: readonly string[];
  /** The distribution of the same values, in bins of equal width over [low, high]; null if there are none. */
  readonly histogram: SummaryHistogram | null;
}

export interface SummaryHistogram {
  /** Lower edge of the first bin and upper edge of the last; values beyond are counted in the outermost bins. */
  readonly low: number;
  readonly high: number;
  /** Fraction of the values in each bin. */
  readonly fractions: readonly number[];
}
