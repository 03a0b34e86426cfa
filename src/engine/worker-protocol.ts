import type { TensorStorage } from '../formats/checkpoint';
import type { WireError } from '../protocol/rpc';
import type { SegmentSketch } from '../sketch/segment';

/** A run of consecutive elements of one tensor, to be read and sketched in one go. */
export interface Segment {
  /** Index of the tensor in the checkpoint. */
  readonly tensor: number;
  /** Number of the segment within the tensor, from 0. */
  readonly ordinal: number;
  readonly storage: TensorStorage;
  readonly shape: readonly number[];
  /** First element and number of elements, in storage order. */
  readonly first: number;
  readonly count: number;
  /** Also hash the values: only for segments that are a whole tensor. */
  readonly hash: boolean;
}

/** What a worker must know of the files that it reads. */
export interface WorkerFile {
  readonly path: string;
  /** Size when the header was read: another size now means that the file is being written. */
  readonly size: number;
}

export type ToWorker =
  | {
      readonly kind: 'begin';
      readonly job: number;
      readonly files: readonly WorkerFile[];
      /** One Int32; not 0 once the job is cancelled. Workers look at it between chunks. */
      readonly cancelled: SharedArrayBuffer;
    }
  | { readonly kind: 'batch'; readonly job: number; readonly segments: readonly Segment[] }
  | { readonly kind: 'end'; readonly job: number };

export interface SegmentResult {
  readonly tensor: number;
  readonly ordinal: number;
  readonly sketch: SegmentSketch;
  /** Hexadecimal, if it was asked for and the tensor's layout allows it in bounded memory. */
  readonly sha256?: string;
}

export type FromWorker =
  | { readonly kind: 'done'; readonly job: number; readonly results: readonly SegmentResult[] }
  | { readonly kind: 'failed'; readonly job: number; readonly error: WireError };
