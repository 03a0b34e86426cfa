import type { Checkpoint, TensorEntry } from '../formats/checkpoint';
import { BYTES_PER_ELEMENT } from '../formats/dtype';
import { extentsOf } from '../formats/storage';
import { MAX_SEGMENT_ELEMENTS } from '../sketch/segment';
import { isRandomAccess } from '../values/reading';
import type { Segment } from './worker-protocol';

/**
 * Elements of one segment: as many as the kernel takes, which is some 10 ms of work. A multiple of the sketch's block, so
 * that cutting does not change a bit of the result.
 */
export const SEGMENT_ELEMENTS = MAX_SEGMENT_ELEMENTS;

/** A batch ends at this many bytes or segments: large models need few messages, small ones fill the panel at once. */
export const BATCH_BYTES = 4 * 1024 * 1024;
export const BATCH_SEGMENTS = 64;

/** Bytes that reading a tensor takes from disk (of a view: what it spans). */
export function storedBytes(tensor: TensorEntry): number {
  let bytes = 0;
  for (const extent of extentsOf(tensor.storage)) bytes += extent.length;
  return bytes;
}

/**
 * Order in which tensors are read: what the limits count first, then the rest (buffers, optimiser state), each by place
 * in the files, so that the disk is read forwards.
 */
export function readingOrder(
  tensors: readonly TensorEntry[],
  first: (tensor: TensorEntry, index: number) => boolean,
): number[] {
  const keys = tensors.map((tensor, index) => {
    const [extent] = extentsOf(tensor.storage);
    return { late: first(tensor, index) ? 0 : 1, file: extent?.file ?? 0, offset: extent?.offset ?? 0 };
  });
  return [...tensors.keys()].sort((a, b) => {
    const left = keys[a];
    const right = keys[b];
    if (left === undefined || right === undefined) return 0;
    return left.late - right.late || left.file - right.file || left.offset - right.offset || a - b;
  });
}

/** Number of results that the segments of a tensor of so many elements give. */
export function segmentCount(count: number): number {
  return Math.ceil(count / SEGMENT_ELEMENTS);
}

/** Number of elements that one of these results is about. */
export function segmentLength(count: number, ordinal: number): number {
  return Math.min(SEGMENT_ELEMENTS, count - ordinal * SEGMENT_ELEMENTS);
}

/** Only what can be read from any element on is cut; a hash needs all values in order. */
function isCut({ storage, count }: TensorEntry, hash: boolean): boolean {
  return count > SEGMENT_ELEMENTS && !hash && isRandomAccess(storage);
}

/** Cuts the tensors into segments, and packs these into batches for the workers. */
export function* batches(
  checkpoint: Checkpoint,
  order: readonly number[],
  hash: boolean,
): Generator<readonly Segment[]> {
  let batch: Segment[] = [];
  let bytes = 0;
  for (const index of order) {
    const tensor = checkpoint.tensors[index];
    if (tensor === undefined) continue;
    const step = isCut(tensor, hash) ? SEGMENT_ELEMENTS : tensor.count;
    for (let first = 0, ordinal = 0; first < tensor.count; first += step, ordinal++) {
      const count = Math.min(step, tensor.count - first);
      batch.push({ tensor: index, ordinal, storage: tensor.storage, shape: tensor.shape, first, count, hash });
      bytes += step === tensor.count ? storedBytes(tensor) : count * BYTES_PER_ELEMENT[tensor.storage.dtype];
      if (bytes >= BATCH_BYTES || batch.length >= BATCH_SEGMENTS) {
        yield batch;
        batch = [];
        bytes = 0;
      }
    }
  }
  if (batch.length > 0) yield batch;
}
