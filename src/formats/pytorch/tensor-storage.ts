import * as l10n from '@vscode/l10n';
import { BYTES_PER_ELEMENT } from '../dtype';
import type { FormatError } from '../errors';
import type { ByteExtent, Coding, TensorStorage } from '../storage';
import { isContiguous, spanOf, type ChannelScales, type SparseParts, type TensorView } from './tensor-view';

/** Where the bytes of a storage are. */
export interface StorageBytes {
  /** Index of the file among those of the checkpoint; 0 if absent. */
  readonly file?: number;
  /** First byte in the file. */
  readonly offset: number;
  /** Bytes in the file. */
  readonly storedLength: number;
  /** Bytes of the storage: the same, unless it is deflated. */
  readonly byteLength: number;
  readonly deflated: boolean;
}

/** How the container of a pickle keeps the storages that it refers to. */
export interface TensorStorages {
  readonly bigEndian: boolean;
  /** Undefined if there is none under this key. */
  get(key: string): StorageBytes | undefined;
}

type Fail = (reason: string, tensor?: string) => FormatError;

/**
 * Where the values of a tensor are, and how they are coded.
 * @throws {FormatError} if it reaches beyond its storage, or its storage is missing
 */
export function storageOf(name: string, view: TensorView, storages: TensorStorages, fail: Fail): TensorStorage {
  const { sparse, channels, bits } = view;
  if (sparse !== undefined) return sparseStorage(name, view, sparse, storages, fail);
  const plain =
    bits === undefined ? plainStorage(name, view, storages, fail) : packedStorage(name, view, bits, storages, fail);
  return channels === undefined ? plain : scaledStorage(name, view, plain, channels, storages, fail);
}

function plainStorage(name: string, view: TensorView, storages: TensorStorages, fail: Fail): TensorStorage {
  const elementBytes = BYTES_PER_ELEMENT[view.dtype];
  const span = spanOf(view);
  const start = view.byteOffset;
  const end = start + span * elementBytes;
  const bytes = locate(name, view, end, storages, fail);
  return {
    dtype: view.dtype,
    extents: bytes === undefined ? [] : [extentOf(bytes, start, end)],
    ...(bytes?.deflated === true ? { deflate: { skip: start, inflatedBytes: bytes.byteLength } } : {}),
    ...(storages.bigEndian && elementBytes > 1 ? { bigEndian: true } : {}),
    ...(isContiguous(view) || span === 0 ? {} : { strides: view.strides }),
    ...(view.quantization === undefined ? {} : { quantization: view.quantization }),
  };
}

/** Undefined if there is nothing to read. */
function locate(
  name: string,
  view: TensorView,
  end: number,
  storages: TensorStorages,
  fail: Fail,
): StorageBytes | undefined {
  const bytes = storages.get(view.storage.key);
  if (bytes === undefined) {
    if (view.count === 0) return undefined;
    throw fail(l10n.t('its values (storage "{0}") are not in the file', view.storage.key), name);
  }
  const { storage } = view;
  const { byteLength } = bytes;
  const promised = storage.byteOffset + storage.count * BYTES_PER_ELEMENT[storage.dtype];
  if (promised > byteLength) {
    throw fail(
      l10n.t('its storage "{0}" has {1} bytes of the {2} that are promised', storage.key, byteLength, promised),
      name,
    );
  }
  if (!Number.isSafeInteger(end) || end > byteLength) {
    throw fail(l10n.t('reaches to byte {0} of a storage that has {1}', end, byteLength), name);
  }
  return view.count === 0 ? undefined : bytes;
}

function extentOf({ file = 0, deflated, offset, storedLength }: StorageBytes, start: number, end: number): ByteExtent {
  if (deflated) return { file, offset, length: storedLength };
  return { file, offset: offset + start, length: end - start };
}

/** Several elements a byte, without strides; see `rebuildQuantized`. */
function packedStorage(
  name: string,
  view: TensorView,
  bits: 2 | 4,
  storages: TensorStorages,
  fail: Fail,
): TensorStorage {
  const length = Math.ceil((view.count * bits) / 8);
  const bytes = locate(name, view, length, storages, fail);
  if (bytes?.deflated === true) throw deflatedPart(name, fail);
  return {
    dtype: 'uint8',
    extents: bytes === undefined ? [] : [extentOf(bytes, 0, length)],
    coding: { kind: 'packed', bits, wordBytes: 1, columns: 1 },
  };
}

/**
 * Codes are multiplied in the order in which they lie in memory, as a dense view (`channels_last`) of which has no gaps;
 * strides then apply to the products.
 */
function scaledStorage(
  name: string,
  { shape, strides, count }: TensorView,
  codes: TensorStorage,
  { axis, scales, zeros }: ChannelScales,
  storages: TensorStorages,
  fail: Fail,
): TensorStorage {
  if (count === 0) return { dtype: 'float32', extents: [] };
  const order = [...shape.keys()].sort((a, b) => (strides[b] ?? 0) - (strides[a] ?? 0) || a - b);
  const inMemory = order.map((dimension) => shape[dimension] ?? 1);
  const memoryStrides = order.map((dimension) => strides[dimension] ?? 0);
  if (codes.deflate !== undefined) throw deflatedPart(name, fail);
  if (!isContiguous({ shape: inMemory, strides: memoryStrides, count })) {
    throw fail(l10n.t('is a view with gaps of a quantised tensor'), name);
  }
  return {
    dtype: 'float32',
    extents: [],
    ...(codes.strides === undefined ? {} : { strides: codes.strides }),
    coding: {
      kind: 'scaled',
      codes: {
        dtype: codes.dtype,
        extents: codes.extents,
        ...(codes.coding === undefined ? {} : { coding: codes.coding }),
      },
      shape: inMemory,
      block: order.map((dimension) => (dimension === axis ? 1 : (shape[dimension] ?? 1))),
      scales: part(name, scales, storages, fail),
      wide: true,
      zeros: part(name, zeros, storages, fail),
    },
  };
}

function sparseStorage(
  name: string,
  view: TensorView,
  sparse: SparseParts,
  storages: TensorStorages,
  fail: Fail,
): TensorStorage {
  const { shape, count, dtype } = view;
  if (count === 0) return { dtype, extents: [] };
  const values = part(name, sparse.values, storages, fail);
  const indices = part(name, sparse.indices, storages, fail);
  let coding: Coding;
  if (sparse.layout === 'coo') {
    const [dimensions = 0, stored = 0] = sparse.indices.shape;
    // A row of indices a dimension, where the coding has one a value.
    const byValue = dimensions > 1 && stored > 0 ? { ...indices, strides: [1, stored] } : indices;
    const repeats: { sum?: true } = sparse.coalesced ? {} : { sum: true };
    coding = { kind: 'sparse', shape, count: stored, values, indices: byValue, perDimension: true, ...repeats };
  } else {
    const { axis, block, pointers } = sparse;
    const [rows = 1, columns = 1] = shape;
    const stored = sparse.indices.count;
    const starts = part(name, pointers, storages, fail);
    coding = {
      kind: 'compressed',
      shape: [rows, columns],
      axis,
      block,
      count: stored,
      pointers: starts,
      indices,
      values,
    };
  }
  return { dtype, extents: [], coding };
}

/** A contiguous tensor that is a part of another. */
function part(name: string, view: TensorView, storages: TensorStorages, fail: Fail): TensorStorage {
  const storage = plainStorage(name, view, storages, fail);
  if (storage.deflate !== undefined) throw deflatedPart(name, fail);
  return storage;
}

function deflatedPart(name: string, fail: Fail): FormatError {
  return fail(l10n.t('is quantised or sparse and compressed in the archive, which is not read'), name);
}
