import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';
import * as l10n from '@vscode/l10n';
import type { TensorEntry } from '../formats/checkpoint';
import { BYTES_PER_ELEMENT, type DType } from '../formats/dtype';
import { FormatError, throwIfCancelled } from '../formats/errors';
import type { RandomAccessSource } from '../formats/source';
import { swapByteOrder, toFloat32 } from '../values/convert';
import { elementSource } from '../values/element-source';
import { orderedBytes } from '../values/ordered-bytes';
import type { ByteReader, OpenStorage } from '../values/reading';
import { checkRatio, checkSize } from './data-limits';

const inflate = promisify(inflateRaw);

/** Values of samples or labels: bytes as they are, everything else as float32. */
export type SampleValues = Uint8Array | Float32Array;

/** An array of a data file, in memory. */
export interface DataArray {
  /** For messages: path of its file. */
  readonly file: string;
  readonly shape: readonly number[];
  /** In C order. */
  readonly values: SampleValues;
}

/** Bytes that so many elements take once they are in memory. */
export function bytesInMemory(dtype: DType, count: number): number {
  return dtype === 'uint8' ? count : 4 * count;
}

/** Values of elements that stand one after the other; `bytes` may be changed and kept. */
export function decodeElements(bytes: Uint8Array, dtype: DType, bigEndian: boolean): SampleValues {
  if (dtype === 'uint8') return bytes;
  if (bigEndian) swapByteOrder(bytes, BYTES_PER_ELEMENT[dtype]);
  return toFloat32(bytes, dtype);
}

/**
 * Reads an array of a NumPy file, whose header has been read.
 * @throws {FormatError} if it is too large, complex, damaged or cut off
 */
export async function readArray(
  source: RandomAccessSource,
  { name, shape, count, dtype, storage }: TensorEntry,
  signal?: AbortSignal,
): Promise<DataArray> {
  const file = source.path;
  if (dtype.startsWith('complex')) {
    throw new FormatError({
      file,
      tensor: name,
      reason: l10n.t('has complex values, which no network takes'),
      remedy: l10n.t('Save real and imaginary parts as numbers of their own.'),
    });
  }
  checkSize(file, shape[0] ?? 1, Math.max(bytesInMemory(dtype, count), count * BYTES_PER_ELEMENT[dtype]));
  const [extent] = storage.extents;
  const stored = extent === undefined ? new Uint8Array(0) : await source.read(extent.offset, extent.length, signal);
  let bytes = stored;
  if (storage.deflate !== undefined) {
    const { skip, inflatedBytes } = storage.deflate;
    const end = skip + count * BYTES_PER_ELEMENT[dtype];
    checkRatio(file, stored.length, inflatedBytes);
    bytes = (await inflated(stored, inflatedBytes, file, name)).subarray(skip, end);
    if (bytes.length < end - skip) throw damaged(file, name, l10n.t('ends before the tensor is complete'));
  }
  throwIfCancelled(signal);
  const plain = { ...storage, extents: [{ file: 0, offset: 0, length: bytes.length }] };
  const reader = memoryReader(bytes);
  const open: OpenStorage = (part, length) => elementSource(part, length, reader);
  return { file, shape, values: decodeElements(orderedBytes(plain, shape, open), dtype, false) };
}

async function inflated(stored: Uint8Array, length: number, file: string, name: string): Promise<Uint8Array> {
  try {
    return await inflate(stored, { maxOutputLength: Math.max(1, length) });
  } catch (error) {
    throw damaged(file, name, l10n.t('cannot be decompressed ({0})', (error as Error).message));
  }
}

function damaged(file: string, tensor: string, reason: string): FormatError {
  return new FormatError({ file, tensor, reason, remedy: l10n.t('The file is damaged: copy or download it again.') });
}

/** Reads from bytes that are the first extent. */
function memoryReader(bytes: Uint8Array): ByteReader {
  return {
    checkCancelled: () => undefined,
    read: (_, offset, target) => {
      target.set(bytes.subarray(offset, offset + target.length));
    },
  };
}
