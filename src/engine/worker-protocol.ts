import type { MagnitudeBins } from '../compare/joint-magnitudes';
import type { PairSums } from '../compare/pair-sums';
import type { TensorStorage } from '../formats/storage';
import type { WireError } from '../protocol/rpc';
import type { SegmentSketch } from '../sketch/segment';

/** A run of consecutive elements of one tensor. */
export interface ElementRun {
  readonly storage: TensorStorage;
  readonly shape: readonly number[];
  /** First element and number of elements, in storage order. */
  readonly first: number;
  readonly count: number;
}

/** A run of elements to be read and sketched in one go. */
export interface Segment extends ElementRun {
  /** Index of the tensor in the checkpoint. */
  readonly tensor: number;
  /** Number of the segment within the tensor, from 0. */
  readonly ordinal: number;
  /** Also hash the values: only for segments that are a whole tensor. */
  readonly hash: boolean;
}

export interface SegmentResult {
  readonly tensor: number;
  readonly ordinal: number;
  readonly sketch: SegmentSketch;
  /** Hexadecimal, if it was asked for and the tensor's layout allows it in bounded memory. */
  readonly sha256?: string;
}

/** The same run of elements in two checkpoints, to be read at once and compared position by position. */
export interface PairSegment {
  /** Index of the tensor in the list of those that are compared. */
  readonly tensor: number;
  readonly ordinal: number;
  /** Of the same count; `storage` indexes the files of the job. */
  readonly before: ElementRun;
  readonly after: ElementRun;
  /** Whether elements must be brought into C order: else their order in memory is the same on both sides. */
  readonly ordered: boolean;
  /** Also count the magnitudes. */
  readonly magnitudes: boolean;
}

export interface PairResult {
  readonly tensor: number;
  readonly ordinal: number;
  readonly sums: PairSums;
  readonly magnitudes?: MagnitudeBins;
}

/** What threads can do: the segments that a batch is made of, and what each of them gives (one result or several). */
export interface Work {
  readonly sketch: { readonly segment: Segment; readonly result: SegmentResult };
  readonly compare: { readonly segment: PairSegment; readonly result: PairResult };
}

export type WorkKind = keyof Work;

/** What a worker must know of the files that it reads. */
export interface WorkerFile {
  readonly path: string;
  /** Size when the header was read: another size now means that the file is being written. */
  readonly size: number;
}

interface Batch<K extends WorkKind> {
  readonly kind: 'batch';
  readonly job: number;
  readonly work: K;
  readonly segments: readonly Work[K]['segment'][];
}

export type AnyBatch = { readonly [K in WorkKind]: Batch<K> }[WorkKind];

export type ToWorker =
  | {
      readonly kind: 'begin';
      readonly job: number;
      readonly files: readonly WorkerFile[];
      /** One Int32; not 0 once the job is cancelled. Workers look at it between chunks. */
      readonly cancelled: SharedArrayBuffer;
    }
  | AnyBatch
  | { readonly kind: 'end'; readonly job: number };

export type FromWorker =
  | { readonly kind: 'done'; readonly job: number; readonly results: readonly Work[WorkKind]['result'][] }
  | { readonly kind: 'failed'; readonly job: number; readonly error: WireError };
