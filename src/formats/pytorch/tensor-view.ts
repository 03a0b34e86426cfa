import * as l10n from '@vscode/l10n';
import { BYTES_PER_ELEMENT, type DType } from '../dtype';
import { PersistentId, PickleGlobal, type PickleValue } from '../containers/pickle-values';
import { elementCount } from '../shape';
import { storageDType } from './pytorch-dtypes';
import { integers, isIndex } from './pytorch-objects';

/** Reference from the pickle to a storage, the bytes that one or several tensors view. */
export interface StorageRef {
  readonly key: string;
  /** Type of its elements; uint8 for untyped ones. */
  readonly dtype: DType;
  /** Number of elements. */
  readonly count: number;
  /** First byte of this storage in the one named by `key`: legacy files have storages that are views of others. */
  readonly byteOffset: number;
}

/** A strided view of a storage. */
export interface TensorView {
  readonly storage: StorageRef;
  readonly dtype: DType;
  /** First byte, in the storage named by the key. */
  readonly byteOffset: number;
  readonly shape: readonly number[];
  /** In elements, one a dimension, not negative. */
  readonly strides: readonly number[];
  readonly count: number;
  readonly quantization?: { readonly scale: number; readonly min: number };
  /** Quantised with a scale for each index of a dimension. */
  readonly channels?: ChannelScales;
  /** Set if a byte holds several elements, the first in the lowest bits. Strides and offset count bytes' elements. */
  readonly bits?: 2 | 4;
  /** Set if only some of the elements are stored; `shape` is that of the whole, and the storage that of the values. */
  readonly sparse?: SparseParts;
  /** Shape of the whole, of which a process saved this part. */
  readonly partOf?: readonly number[];
  /** How the values are stored, in PyTorch's words, where that is not the type. */
  readonly storedAs?: string;
}

/** Scales and zero points of a tensor that is quantised per channel. */
export interface ChannelScales {
  readonly axis: number;
  readonly scales: TensorView;
  readonly zeros: TensorView;
}

/** The parts of a sparse tensor. */
export type SparseParts =
  | { readonly layout: 'coo'; readonly indices: TensorView; readonly values: TensorView; readonly coalesced: boolean }
  | {
      readonly layout: 'compressed';
      readonly axis: 0 | 1;
      readonly block: readonly [number, number];
      readonly pointers: TensorView;
      readonly indices: TensorView;
      readonly values: TensorView;
    };

/** What a call in the pickle would make. */
export type Rebuilt =
  | { readonly kind: 'tensor'; readonly view: TensorView }
  /** A tensor that is not read: of a layout or type that has no plain values. */
  | { readonly kind: 'unreadable'; readonly reason: string }
  /** A tensor whose description contradicts itself. */
  | { readonly kind: 'malformed'; readonly reason: string };

/**
 * The storage of a persistent id, ('storage', class, key, location, count[, view]); undefined if it is of another kind,
 * a string if it is a storage that cannot be read, and why (what the tensor is, after "is").
 */
export function parseStorage(reference: PickleValue | undefined): StorageRef | string | undefined {
  if (!(reference instanceof PersistentId) || !Array.isArray(reference.id)) return undefined;
  const [kind, type, key, , count, view] = reference.id;
  if (kind !== 'storage' || typeof key !== 'string' || !(type instanceof PickleGlobal)) return undefined;
  if (!isIndex(count)) return l10n.t('in a storage without a size');
  const dtype = storageDType(type.qualifiedName);
  if (dtype === undefined) return l10n.t('of the type {0}', type.qualifiedName);
  if (view === undefined || view === null) return { key, dtype, count, byteOffset: 0 };
  if (!Array.isArray(view) || !isIndex(view[1])) return l10n.t('in a malformed view of a storage');
  return { key, dtype, count: isIndex(view[2]) ? view[2] : count, byteOffset: view[1] * BYTES_PER_ELEMENT[dtype] };
}

/** The view that `storage, offset, size, stride` describe. */
export function strided(storage: StorageRef, dtype: DType, args: readonly PickleValue[]): Rebuilt {
  const offset = args[1];
  const shape = integers(args[2]);
  const strides = integers(args[3]);
  if (!isIndex(offset)) return { kind: 'malformed', reason: l10n.t('has a malformed offset in its storage') };
  const count = shape === undefined ? undefined : elementCount(shape);
  if (shape === undefined || count === undefined) {
    return { kind: 'malformed', reason: l10n.t('has a malformed shape, or more elements than can be counted') };
  }
  if (strides?.length !== shape.length || !strides.every(isIndex)) {
    return { kind: 'malformed', reason: l10n.t('has strides that do not fit its shape, or negative ones') };
  }
  const byteOffset = storage.byteOffset + offset * BYTES_PER_ELEMENT[dtype];
  return { kind: 'tensor', view: { storage, dtype, byteOffset, shape, strides, count } };
}

/** Elements from the first to the last that the view reaches; 0 if it has none. */
export function spanOf({ shape, strides, count }: Pick<TensorView, 'shape' | 'strides' | 'count'>): number {
  if (count === 0) return 0;
  let last = 0;
  shape.forEach((size, dimension) => {
    last += (size - 1) * (strides[dimension] ?? 0);
  });
  return last + 1;
}

/** Whether the elements follow each other in C order. Dimensions of one element may have any stride. */
export function isContiguous({ shape, strides, count }: Pick<TensorView, 'shape' | 'strides' | 'count'>): boolean {
  if (count === 0) return true;
  let expected = 1;
  for (let dimension = shape.length - 1; dimension >= 0; dimension--) {
    const size = shape[dimension] ?? 1;
    if (size === 1) continue;
    if (strides[dimension] !== expected) return false;
    expected *= size;
  }
  return true;
}
