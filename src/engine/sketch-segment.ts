import { createHash, type Hash } from 'node:crypto';
import type { TensorStorage } from '../formats/storage';
import { BYTES_PER_ELEMENT } from '../formats/dtype';
import { toFloat32 } from '../values/convert';
import type { Kernel } from '../sketch/kernel';
import { sketchPlan } from '../sketch/plan';
import { SegmentBuilder } from '../sketch/segment-builder';
import { canOrder, elementStream, streamError, type ElementStream } from './element-stream';
import type { ExtentReader } from './extent-reader';
import { SEGMENT_ELEMENTS } from './plan';
import type { Segment, SegmentResult } from './worker-protocol';

/**
 * Reads and sketches a run of elements. A run that could not be cut beforehand gives one result for each
 * {@link SEGMENT_ELEMENTS}, so that how a tensor was read changes nothing in its sketch.
 *
 * @param path the file that the tensor begins in, for messages.
 * @throws {FormatError} if the file cannot be read to the end or its compressed data is damaged.
 */
export async function sketchSegment(
  segment: Segment,
  path: string,
  reader: ExtentReader,
  kernel: Kernel,
): Promise<SegmentResult[]> {
  const { storage, count, tensor, ordinal } = segment;
  const plan = sketchPlan(storage);
  if (plan === undefined) throw new Error(`Tensors of type ${storage.dtype} are not sketched`);
  const width = BYTES_PER_ELEMENT[storage.dtype];
  const hash = segment.hash && canOrder(segment) ? createHash('sha256') : undefined;
  const tap = hash === undefined ? undefined : float32Hasher(hash, storage);
  const results: SegmentResult[] = [];
  try {
    const stream = elementStream(segment, reader, hash !== undefined, path);
    for (let done = 0; done < count; done += SEGMENT_ELEMENTS) {
      const builder = new SegmentBuilder(kernel, plan, { bigEndian: storage.bigEndian, tap });
      await fill(builder, stream, Math.min(SEGMENT_ELEMENTS, count - done) * width);
      results.push({ tensor, ordinal: ordinal + results.length, sketch: builder.finish() });
    }
  } catch (error) {
    throw streamError(error, segment, path);
  }
  const last = results.pop();
  if (last !== undefined) results.push(hash === undefined ? last : { ...last, sha256: hash.digest('hex') });
  return results;
}

async function fill(builder: SegmentBuilder, stream: ElementStream, byteLength: number): Promise<void> {
  let left = byteLength;
  while (left > 0) {
    const { space } = builder;
    const read = stream(space.length > left ? space.subarray(0, left) : space);
    const bytes = typeof read === 'number' ? read : await read;
    if (bytes === 0) throw new Error('A tensor has fewer elements than its shape says');
    builder.advance(bytes);
    left -= bytes;
  }
}

function float32Hasher(hash: Hash, storage: TensorStorage): (elements: Uint8Array) => void {
  if (storage.dtype === 'float32') return (elements) => hash.update(elements);
  return (elements) => hash.update(bytesOf(toFloat32(elements, storage.dtype, storage.quantization)));
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
