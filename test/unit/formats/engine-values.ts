import { createHash } from 'node:crypto';
import { ExtentReader } from '../../../src/engine/extent-reader';
import { ValueStream } from '../../../src/engine/value-stream';
import type { Checkpoint, TensorEntry } from '../../../src/formats/checkpoint';

/** Values of a tensor as the engine reads them: float32, in C order. */
export async function engineValues(
  checkpoint: Checkpoint,
  { storage, shape, count }: TensorEntry,
): Promise<Float32Array> {
  const reader = new ExtentReader(checkpoint.files, new Int32Array(new SharedArrayBuffer(4)));
  try {
    const stream = new ValueStream({ storage, shape, first: 0, count }, checkpoint.files, reader, true, count);
    return Float32Array.from(await stream.next(count));
  } finally {
    reader.close();
  }
}

/** SHA-256 of {@link engineValues}, little-endian; every NaN as 0x7fc00000. */
export async function engineSha256(checkpoint: Checkpoint, tensor: TensorEntry): Promise<string> {
  const values = tensor.count === 0 ? new Float32Array(0) : await engineValues(checkpoint, tensor);
  const out = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    if (Number.isNaN(value)) out.writeUInt32LE(0x7fc00000, 4 * index);
    else out.writeFloatLE(value, 4 * index);
  });
  return createHash('sha256').update(out).digest('hex');
}
