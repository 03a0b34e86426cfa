import { BYTES_PER_ELEMENT } from '../formats/dtype';
import type { TensorStorage } from '../formats/storage';
import { swapByteOrder, toFloat32 } from './convert';
import type { OpenStorage } from './reading';
import { gatherStrided } from './strides';
import { spanOf } from './view-parts';

/** All values of a small storage, in C order. */
export function readAll(
  storage: TensorStorage,
  shape: readonly number[],
  open: OpenStorage,
): Float32Array<ArrayBuffer> {
  const count = shape.reduce((total, size) => total * size, 1);
  const width = BYTES_PER_ELEMENT[storage.dtype];
  const bytes = new Uint8Array(count * width);
  if (storage.strides === undefined) open(storage, count).read(0, bytes);
  else if (count > 0) {
    const view = { shape, strides: storage.strides };
    const span = new Uint8Array(spanOf(view) * width);
    open(storage, span.length / width).read(0, span);
    gatherStrided(view, 0, count, width, span, 0, bytes);
  }
  if (storage.bigEndian === true) swapByteOrder(bytes, width);
  return toFloat32(bytes, storage.dtype, storage.quantization);
}
