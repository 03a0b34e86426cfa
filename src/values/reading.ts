import type { ByteExtent, TensorStorage } from '../formats/storage';

/** Reads the bytes of a checkpoint's files. Synchronous: it works in a thread of its own. */
export interface ByteReader {
  /** Fills `target` with the bytes from `offset` on, counted over the extents as if they were one run. */
  read(extents: readonly ByteExtent[], offset: number, target: Uint8Array): void;
  /** @throws {CancelledError} once the work is not wanted any more. */
  checkCancelled(): void;
}

/** The elements of a storage before its strides, byte order and quantisation are applied. */
export interface ElementSource {
  /** Fills `target` with the elements from `first` on. Forwards is fast; any place is possible. */
  read(first: number, target: Uint8Array): void;
}

/** Opens a storage that a coding takes its input from. `count`: number of its elements. */
export type OpenStorage = (storage: TensorStorage, count: number) => ElementSource;

/** Stored bytes are not what the header says. The caller knows which file and tensor it is. */
export class DecodingError extends Error {}

/** Whether any run of elements can be read at a cost that does not grow with the tensor. */
export function isRandomAccess({ deflate, strides, coding }: TensorStorage): boolean {
  if (deflate !== undefined || strides !== undefined) return false;
  switch (coding?.kind) {
    case undefined:
    case 'packed':
    case 'blocks':
      return true;
    case 'protobuf':
      return coding.wire !== 'varint';
    case 'scaled':
      return isRandomAccess(coding.codes);
    default:
      return false;
  }
}
