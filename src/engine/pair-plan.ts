import type { TensorEntry } from '../formats/checkpoint';
import { mapExtents, type TensorStorage } from '../formats/storage';
import { BYTES_PER_ELEMENT } from '../formats/dtype';
import { sketchPlan } from '../sketch/plan';
import { isRandomAccess } from '../values/reading';
import { canOrder } from './element-stream';
import { BATCH_BYTES, BATCH_SEGMENTS, readingOrder, SEGMENT_ELEMENTS } from './plan';
import type { ElementRun, PairSegment } from './worker-protocol';

/** Two tensors of equal shape that are to be compared position by position. */
export interface TensorPair {
  readonly before: TensorEntry;
  readonly after: TensorEntry;
  /** Whether a limit would prune both. */
  readonly prunable: boolean;
}

export interface PairPlan {
  /** Indices of the pairs to read, in reading order. */
  readonly toRead: readonly number[];
  /** Pairs of the same two views of the same memory as one that is read. */
  readonly copies: ReadonlyMap<number, readonly number[]>;
  /** Pairs of tensors without elements. */
  readonly empty: readonly number[];
  /** Pairs whose values have no order (complex numbers), or cannot be brought into the same one in bounded memory. */
  readonly unreadable: readonly number[];
  /** Bytes of both sides' elements that are to be read. */
  readonly totalBytes: number;
}

export function planPairs(pairs: readonly TensorPair[]): PairPlan {
  const toRead: number[] = [];
  const empty: number[] = [];
  const unreadable: number[] = [];
  const copies = new Map<number, number[]>();
  const shared = new Map<string, number>();
  const order = readingOrder(
    pairs.map(({ before }) => before),
    (_, index) => pairs[index]?.prunable === true,
  );
  for (const index of order) {
    const pair = pairs[index];
    if (pair === undefined) continue;
    const { before, after } = pair;
    if (pairOrder(before, after) === undefined) unreadable.push(index);
    else if (before.count === 0) empty.push(index);
    else {
      const key = JSON.stringify([before.storage, after.storage, before.shape]);
      const first = shared.get(key);
      if (first !== undefined) copies.set(first, [...(copies.get(first) ?? []), index]);
      else {
        shared.set(key, index);
        toRead.push(index);
      }
    }
  }
  const totalBytes = toRead.reduce((sum, index) => {
    const pair = pairs[index];
    return pair === undefined ? sum : sum + pair.before.count * bytesPerPair(pair);
  }, 0);
  return { toRead, copies, empty, unreadable, totalBytes };
}

/** Bytes of one element of each side. */
export function bytesPerPair({ before, after }: TensorPair): number {
  return BYTES_PER_ELEMENT[before.storage.dtype] + BYTES_PER_ELEMENT[after.storage.dtype];
}

/**
 * The order in which both tensors' elements can be read: that in memory if it is the same on both sides, else C order
 * where the memory that takes is bounded. Undefined if neither can be, or for complex numbers.
 */
function pairOrder(before: TensorEntry, after: TensorEntry): 'memory' | 'C' | undefined {
  if (sketchPlan(before.storage) === undefined || sketchPlan(after.storage) === undefined) return undefined;
  const left = dimensionsInMemory(before);
  const right = dimensionsInMemory(after);
  if (left.every((dimension, i) => dimension === right[i])) return 'memory';
  return canOrder(before) && canOrder(after) ? 'C' : undefined;
}

/** The dimensions that have more than one index, outermost in memory first, as `inMemoryOrder` sorts them. */
function dimensionsInMemory({ shape, storage }: TensorEntry): number[] {
  const { strides } = storage;
  const dimensions = [...shape.keys()].filter((dimension) => shape[dimension] !== 1);
  if (strides === undefined) return dimensions;
  return dimensions.sort((a, b) => (strides[b] ?? 0) - (strides[a] ?? 0) || a - b);
}

/**
 * Cuts the pairs into segments, and packs these into batches for the workers.
 * @param filesBefore number of files of the first side, which come before the other's in the job's list.
 * @param magnitudes whether to count those of prunable pairs.
 */
export function* pairBatches(
  pairs: readonly TensorPair[],
  order: readonly number[],
  filesBefore: number,
  magnitudes: boolean,
): Generator<readonly PairSegment[]> {
  let batch: PairSegment[] = [];
  let bytes = 0;
  for (const index of order) {
    const pair = pairs[index];
    if (pair === undefined) continue;
    const { before, after } = pair;
    const moved = { ...after, storage: withFilesFrom(filesBefore, after.storage) };
    const ordered = pairOrder(before, after) === 'C';
    const step = isCut(before) && isCut(after) ? SEGMENT_ELEMENTS : before.count;
    for (let first = 0, ordinal = 0; first < before.count; first += step, ordinal++) {
      const count = Math.min(step, before.count - first);
      batch.push({
        tensor: index,
        ordinal,
        before: runOf(before, first, count),
        after: runOf(moved, first, count),
        ordered,
        magnitudes: magnitudes && pair.prunable,
      });
      bytes += count * bytesPerPair(pair);
      if (bytes >= BATCH_BYTES || batch.length >= BATCH_SEGMENTS) {
        yield batch;
        batch = [];
        bytes = 0;
      }
    }
  }
  if (batch.length > 0) yield batch;
}

/** Only what can be read from any element on is cut. */
function isCut({ storage }: TensorEntry): boolean {
  return isRandomAccess(storage);
}

function runOf({ storage, shape }: TensorEntry, first: number, count: number): ElementRun {
  return { storage, shape, first, count };
}

function withFilesFrom(first: number, storage: TensorStorage): TensorStorage {
  return mapExtents(storage, (extent) => ({ ...extent, file: extent.file + first }));
}
