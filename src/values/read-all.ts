import type { TensorStorage } from '../formats/storage';
import { toFloat32, toFloat64 } from './convert';
import { orderedBytes } from './ordered-bytes';
import type { OpenStorage } from './reading';

/** All values of a small storage, in C order. */
export function readAll(
  storage: TensorStorage,
  shape: readonly number[],
  open: OpenStorage,
): Float32Array<ArrayBuffer> {
  return toFloat32(orderedBytes(storage, shape, open), storage.dtype, storage.quantization);
}

/** The same in double precision. */
export function readAllWide(storage: TensorStorage, shape: readonly number[], open: OpenStorage): Float64Array {
  return toFloat64(orderedBytes(storage, shape, open), storage.dtype, storage.quantization);
}
