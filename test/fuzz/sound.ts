import type { Checkpoint, TensorEntry } from '../../src/formats/checkpoint';
import { BYTES_PER_ELEMENT } from '../../src/formats/dtype';
import { FormatError } from '../../src/formats/errors';
import { extentsOf } from '../../src/formats/storage';
import { elementSource } from '../../src/values/element-source';
import { DecodingError, type ByteReader } from '../../src/values/reading';

/** Values read of one damaged checkpoint at most: enough for every decoder, little enough for thousands of rounds. */
const MAX_VALUES_READ = 1 << 18;

/** What is wrong with a checkpoint that was not refused: what holds for each, whatever is in it. Undefined if all holds. */
export function complaint(checkpoint: Checkpoint): string | undefined {
  const names = new Set(checkpoint.tensors.map(({ name }) => name));
  if (names.size !== checkpoint.tensors.length) return 'two tensors have one name';
  for (const tensor of checkpoint.tensors) {
    const found = complaintAbout(tensor, checkpoint);
    if (found !== undefined) return `${tensor.name}: ${found}`;
  }
  return undefined;
}

function complaintAbout({ shape, count, storage }: TensorEntry, { files }: Checkpoint): string | undefined {
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 0)) return `has the shape ${shape.join()}`;
  if (shape.reduce((product, size) => product * size, 1) !== count) return `has ${count} values in ${shape.join()}`;
  for (const { file, offset, length } of extentsOf(storage)) {
    const size = files[file]?.size;
    if (size === undefined || offset < 0 || length <= 0 || offset + length > size) {
      return `has ${length} bytes at ${offset} of ${size ?? 'no file'}`;
    }
  }
  if (storage.coding !== undefined) return undefined;
  const stored = storage.extents.reduce((sum, { length }) => sum + length, 0);
  const width = BYTES_PER_ELEMENT[storage.dtype];
  if (storage.deflate !== undefined) {
    const { skip, inflatedBytes } = storage.deflate;
    return skip + count * width <= inflatedBytes ? undefined : `inflates to ${inflatedBytes} bytes`;
  }
  const span =
    storage.strides === undefined || count === 0
      ? count
      : storage.strides.reduce((sum, stride, axis) => sum + stride * (shape[axis]! - 1), 1);
  return span * width === stored ? undefined : `has ${stored} bytes for ${span} values of ${width}`;
}

/**
 * Decodes the values of a checkpoint whose files hold `contents`, as far as that is cheap: whatever is in them, damage is told
 * by a {@link DecodingError}; any other error is a fault of ours, and thrown.
 */
export function decodeSome({ tensors }: Checkpoint, contents: readonly Uint8Array[]): void {
  const reader: ByteReader = {
    checkCancelled: () => undefined,
    read(extents, offset, target) {
      let skip = offset;
      let filled = 0;
      for (const extent of extents) {
        const from = Math.min(skip, extent.length);
        const taken = Math.min(extent.length - from, target.length - filled);
        const bytes = contents[extent.file] ?? new Uint8Array(0);
        target.set(bytes.subarray(extent.offset + from, extent.offset + from + taken), filled);
        filled += taken;
        skip -= from;
      }
      if (filled < target.length) throw new Error('Asked for bytes beyond the extents');
    },
  };
  let left = MAX_VALUES_READ;
  for (const { storage, count } of tensors) {
    if (storage.coding === undefined || storage.strides !== undefined || count > left) continue;
    left -= count;
    try {
      elementSource(storage, count, reader).read(0, new Uint8Array(count * BYTES_PER_ELEMENT[storage.dtype]));
    } catch (error) {
      if (!(error instanceof DecodingError) && !(error instanceof FormatError)) throw error;
    }
  }
}
