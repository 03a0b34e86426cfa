import * as l10n from '@vscode/l10n';
import type { CheckpointNote, TensorEntry } from '../checkpoint';
import type { TensorStorage } from '../storage';
import { BYTES_PER_ELEMENT } from '../dtype';
import type { FormatError } from '../errors';
import { storageOf, type TensorStorages } from './tensor-storage';
import { isContiguous, spanOf, type TensorView } from './tensor-view';
import type { NamedTensor } from './pytorch-sections';

/**
 * Tensors that share memory may ask for the same bytes again and again; real ones do so for a few. Reading is refused
 * from this many times the bytes of the storages on, but not below the second number.
 */
const MAX_REREADS = 8;
const FREE_REREAD_BYTES = 256 * 1024 * 1024;

/** A tensor and the memory that it views. */
interface Placed {
  readonly tensor: NamedTensor;
  /** Position in the list. */
  readonly index: number;
  readonly storage: TensorStorage;
  /** First byte, and the one after the last, in the root storage. */
  readonly start: number;
  readonly end: number;
  /** Whether the elements fill that range without gaps or repeats, in whatever order. */
  readonly dense: boolean;
}

/**
 * Finds where the values of the tensors are, and which of them share memory.
 *
 * A tensor all of whose elements lie within another one of the same type is its alias: tied weights, slices and
 * transposes of a weight. The original is the one of the lowest rank, then the larger, then the earlier.
 *
 * @throws {FormatError} if a tensor reaches beyond its storage, or its storage is missing
 */
export function placeTensors(
  tensors: readonly NamedTensor[],
  storages: TensorStorages,
  fail: (reason: string, tensor?: string) => FormatError,
): { readonly entries: TensorEntry[]; readonly notes: CheckpointNote[] } {
  const byStorage = new Map<string, Placed[]>();
  const placed = tensors.map((tensor, index) => {
    const place = placeTensor(tensor, index, storages, fail);
    const key = tensor.view.storage.key;
    const group = byStorage.get(key);
    if (group === undefined) byStorage.set(key, [place]);
    else group.push(place);
    return place;
  });
  const originals = new Map<Placed, Placed>();
  const overlapping: string[] = [];
  for (const group of byStorage.values()) {
    if (group.length > 1) findAliases(group, originals, overlapping);
  }
  const read = placed.filter((place) => {
    const original = originals.get(place);
    return original === undefined || !isSameView(original, place);
  });
  checkRereads(read, byStorage.keys(), storages, fail);
  const entries = placed.map((place) => entryOf(place, originals.get(place)));
  return { entries, notes: overlapping.length === 0 ? [] : [overlapNote(overlapping)] };
}

function placeTensor(
  tensor: NamedTensor,
  index: number,
  storages: TensorStorages,
  fail: (reason: string, tensor?: string) => FormatError,
): Placed {
  const { name, view } = tensor;
  const contiguous = isContiguous(view);
  const start = view.byteOffset;
  // What is made from several storages shares no memory that could be told from its own.
  const isMade = view.sparse !== undefined || view.bits !== undefined;
  const end = isMade ? start : start + spanOf(view) * BYTES_PER_ELEMENT[view.dtype];
  const storage = storageOf(name, view, storages, fail);
  return { tensor, index, storage, start, end, dense: contiguous || isDense(view) };
}

/** Whether the elements follow each other in the order of some permutation of the dimensions. */
function isDense({ shape, strides, count }: TensorView): boolean {
  const dimensions = shape
    .map((size, dimension) => ({ size, stride: strides[dimension] ?? 0 }))
    .filter(({ size }) => size !== 1)
    .sort((a, b) => b.stride - a.stride);
  return isContiguous({
    shape: dimensions.map(({ size }) => size),
    strides: dimensions.map(({ stride }) => stride),
    count,
  });
}

/**
 * One sweep over the tensors of a storage, by where they begin, the longer first: what lies within an earlier one lies
 * within the one of those that ends last.
 */
function findAliases(group: readonly Placed[], originals: Map<Placed, Placed>, overlapping: string[]): void {
  const sorted = group
    .filter((place) => place.end > place.start)
    .sort((a, b) => a.start - b.start || b.end - a.end || a.tensor.rank - b.tensor.rank || a.index - b.index);
  const longest: (Placed | undefined)[] = [];
  const identical = new Map<string, Placed>();
  let last: Placed | undefined;
  for (const place of sorted) {
    const { view, rank } = place.tensor;
    const key = [view.dtype, place.start, view.shape, view.strides].join('|');
    const twin = longest.slice(0, rank + 1).find((candidate) => candidate !== undefined && contains(candidate, place));
    const original = twin ?? identical.get(key);
    if (original !== undefined) {
      originals.set(place, original);
      continue;
    }
    identical.set(key, place);
    if (last !== undefined && place.start < last.end) overlapping.push(last.tensor.name, place.tensor.name);
    if (last === undefined || place.end > last.end) last = place;
    const known = longest[rank];
    if (place.dense && (known === undefined || place.end > known.end)) longest[rank] = place;
  }
}

function contains(outer: Placed, inner: Placed): boolean {
  const sameType = outer.tensor.view.dtype === inner.tensor.view.dtype;
  const aligned = (inner.start - outer.start) % BYTES_PER_ELEMENT[inner.tensor.view.dtype] === 0;
  return sameType && aligned && outer.start <= inner.start && inner.end <= outer.end;
}

/** Tied weights: read once, whatever their number. */
function isSameView(a: Placed, b: Placed): boolean {
  const [left, right] = [a.tensor.view, b.tensor.view];
  return (
    a.start === b.start && left.shape.join() === right.shape.join() && left.strides.join() === right.strides.join()
  );
}

function checkRereads(
  read: readonly Placed[],
  keys: Iterable<string>,
  storages: TensorStorages,
  fail: (reason: string) => FormatError,
): void {
  let available = 0;
  for (const key of keys) available += storages.get(key)?.byteLength ?? 0;
  let wanted = 0;
  for (const { tensor, storage } of read) {
    const { count, dtype, sparse } = tensor.view;
    const elements = sparse === undefined ? count : sparse.values.count;
    wanted += elements * BYTES_PER_ELEMENT[dtype] + (storage.deflate?.skip ?? 0);
  }
  if (wanted <= MAX_REREADS * available || wanted <= FREE_REREAD_BYTES) return;
  throw fail(
    l10n.t('its tensors overlap so much that reading them takes {0} bytes, but they have {1}', wanted, available),
  );
}

function entryOf({ tensor, storage }: Placed, original: Placed | undefined): TensorEntry {
  const { name, role, view } = tensor;
  return {
    name,
    dtype: view.quantization === undefined ? storage.dtype : 'float32',
    shape: view.shape,
    count: view.count,
    role,
    storage,
    ...(view.storedAs === undefined ? {} : { storedAs: view.storedAs }),
    ...(original === undefined ? {} : { aliasOf: original.tensor.name }),
  };
}

function overlapNote(names: readonly string[]): CheckpointNote {
  return {
    code: 'overlapping-tensors',
    message: l10n.t('Some tensors share a part of their memory; each is counted with all of its values.'),
    tensors: [...new Set(names)],
  };
}
