import { BYTES_PER_ELEMENT } from '../../../src/formats/dtype';
import type { ByteExtent, TensorStorage } from '../../../src/formats/storage';
import { elementSource } from '../../../src/values/element-source';
import type { ByteReader, ElementSource } from '../../../src/values/reading';

/** Files in memory, and how many bytes were asked for. */
export class MemoryReader implements ByteReader {
  bytesRead = 0;
  readonly files: Uint8Array[] = [];

  /** Adds a file, and gives the extent that is all of it. */
  add(bytes: ArrayLike<number>): ByteExtent {
    this.files.push(Uint8Array.from(bytes));
    return { file: this.files.length - 1, offset: 0, length: bytes.length };
  }

  read(extents: readonly ByteExtent[], offset: number, target: Uint8Array): void {
    let skip = offset;
    let filled = 0;
    for (const { file, offset: start, length } of extents) {
      const taken = Math.min(Math.max(0, length - skip), target.length - filled);
      target.set(this.files[file]!.subarray(start + skip, start + skip + taken), filled);
      filled += taken;
      skip = Math.max(0, skip - length);
    }
    if (filled < target.length) throw new Error('Beyond the extents');
    this.bytesRead += target.length;
  }

  checkCancelled(): void {
    // Nothing cancels a test.
  }
}

/** Elements from `first` on, by their bytes; the array is at an odd address half of the time. */
export function elements(source: ElementSource, width: number, first: number, count: number, shift = 0): Uint8Array {
  const target = new Uint8Array(count * width + shift).subarray(shift);
  source.read(first, target);
  return target;
}

/**
 * All values of a storage, read in pieces of several sizes and from many places, which must agree.
 * @throws {Error} if they do not
 */
export function consistentBytes(storage: TensorStorage, count: number, reader: MemoryReader): Uint8Array {
  const width = BYTES_PER_ELEMENT[storage.dtype];
  const whole = elements(elementSource(storage, count, reader), width, 0, count);
  const same = (part: Uint8Array, first: number): void => {
    const expected = whole.subarray(first * width, first * width + part.length);
    if (Buffer.compare(part, expected) !== 0) throw new Error(`Elements from ${first} differ`);
  };
  for (const step of [1, 2, 3, 7, 8, 31, 32, 33, 100]) {
    const source = elementSource(storage, count, reader);
    const stride = Math.max(step, Math.ceil(count / 50));
    for (let first = 0; first < count; first += stride) {
      same(elements(source, width, first, Math.min(step, count - first), first % 3), first);
    }
    // Backwards, from a source that has read to the end.
    for (let first = count - step; first >= 0; first -= stride) same(elements(source, width, first, step), first);
  }
  return whole;
}

export function floats(bytes: Uint8Array): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
