/**
 * Elements to a block: moments are taken block by block and merged in the order of position, so they do not depend on
 * how the reading was cut up. 64 Ki float32 are 256 KiB, which stays in a core's L2 cache for a second look.
 */
export const BLOCK_ELEMENTS = 65_536;

/**
 * Most elements to a segment. A bin of the float32 kernel holds its count in 24 bits of a 64-bit word, so fewer than
 * 2²⁴ elements may be counted before it is emptied; half of that keeps progress (and cancelling) within some 15 ms.
 */
export const MAX_SEGMENT_ELEMENTS = 128 * BLOCK_ELEMENTS;

/** Columns of {@link BinnedSegment.blocks}, one row a block: count of finite values, mean, m2, m3, m4, Σ|x| (converted only). */
export const BLOCK_COLUMNS = 6;

/** What one worker found out about a run of consecutive elements of a tensor. Plain data, to be sent. */
export type SegmentSketch = BinnedSegment | CodeSegment;

/** Histogram over the upper 16 bits of the float32 pattern, and the moments. */
export interface BinnedSegment {
  readonly kind: 'binned';
  /** Elements, non-finite ones included. */
  readonly count: number;
  /** Bins that hold something (upper 16 bits of the pattern, sign included), ascending. */
  readonly codes: Uint16Array;
  /** Elements in each of them. */
  readonly counts: Float64Array;
  /** Sum of the lower 16 bits of the patterns in each of them. */
  readonly lowSums: Float64Array;
  /** Moments of the finite values of each block, {@link BLOCK_COLUMNS} numbers a row. */
  readonly blocks: Float64Array;
  /** Over the finite values; +∞ and −∞ if there are none. */
  readonly min: number;
  readonly max: number;
  readonly zeroCount: number;
  readonly nanCount: number;
  readonly infCount: number;
}

/** Counts of the stored patterns. */
export interface CodeSegment {
  readonly kind: 'codes';
  readonly count: number;
  /** Patterns that occur, ascending. */
  readonly codes: Uint16Array;
  readonly counts: Float64Array;
}

/** The buffers of a segment, to be moved rather than copied to another thread. */
export function segmentTransfer(segment: SegmentSketch): ArrayBuffer[] {
  const columns: ArrayBufferView[] = [segment.codes, segment.counts];
  if (segment.kind === 'binned') columns.push(segment.lowSums, segment.blocks);
  return columns.map((column) => column.buffer as ArrayBuffer);
}
