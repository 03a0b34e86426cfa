import { BYTES_PER_ELEMENT } from '../formats/dtype';
import type { TensorStorage } from '../formats/storage';
import { swapByteOrder } from './convert';
import type { OpenStorage } from './reading';
import { gatherStrided } from './strides';
import { spanOf } from './view-parts';
import { product } from '../formats/shape';

/** All bytes of a small storage: little-endian, in C order of a shape. */
export function orderedBytes(storage: TensorStorage, shape: readonly number[], open: OpenStorage): Uint8Array {
  const width = BYTES_PER_ELEMENT[storage.dtype];
  const bytes = storedOrder(storage, shape, open);
  if (storage.bigEndian === true) swapByteOrder(bytes, width);
  return bytes;
}

/** The same in the byte order of the storage. */
export function storedOrder(storage: TensorStorage, shape: readonly number[], open: OpenStorage): Uint8Array {
  const width = BYTES_PER_ELEMENT[storage.dtype];
  const count = product(shape);
  const bytes = new Uint8Array(count * width);
  if (storage.strides === undefined || count === 0) {
    open(storage, count).read(0, bytes);
    return bytes;
  }
  const view = { shape, strides: storage.strides };
  const span = new Uint8Array(spanOf(view) * width);
  open(storage, span.length / width).read(0, span);
  gatherStrided(view, 0, count, width, span, 0, bytes);
  return bytes;
}
