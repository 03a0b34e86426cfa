import * as l10n from '@vscode/l10n';
import { BYTES_PER_ELEMENT, type DType } from '../dtype';
import { PersistentId, PickleCall, PickleGlobal, type PickleValue } from '../containers/pickle-values';
import { storageDType, torchDType } from './pytorch-dtypes';
import { elementCount } from '../shape';

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
}

/** What a call in the pickle would make. */
export type Rebuilt =
  | { readonly kind: 'tensor'; readonly view: TensorView }
  /** A tensor that is not read: of a layout or type that has no plain values. */
  | { readonly kind: 'unreadable'; readonly reason: string }
  /** A tensor whose description contradicts itself. */
  | { readonly kind: 'malformed'; readonly reason: string };

/** Parameters that wrap parameters: one level is usual. */
const MAX_WRAPPERS = 8;

/** Positions of what tensor-making functions take; the rest (gradients, hooks, metadata) has no weights. */
const PLAIN = new Set([
  'torch._utils._rebuild_tensor',
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_tensor_v3',
]);

/** Functions and classes whose first argument is the tensor itself. */
const WRAPPERS = new Set([
  'torch._utils._rebuild_parameter',
  'torch._utils._rebuild_parameter_with_state',
  'torch._utils._rebuild_device_tensor_from_cpu_tensor',
  'torch.nn.parameter.Parameter',
  'torch.nn.parameter.Buffer',
]);

const FROM_TYPE = new Set([
  'torch._tensor._rebuild_from_type_v2',
  'torch._tensor._rebuild_from_type',
  'torch._utils._rebuild_from_type',
]);

const UNREADABLE: ReadonlyMap<string, string> = new Map([
  ['torch._utils._rebuild_sparse_tensor', l10n.t('sparse')],
  ['torch._utils._rebuild_sparse_csr_tensor', l10n.t('sparse')],
  ['torch._utils._rebuild_nested_tensor', l10n.t('nested')],
  ['torch._utils._rebuild_mkldnn_tensor', l10n.t('in the layout of MKL-DNN')],
  ['torch._utils._rebuild_meta_tensor_no_storage', l10n.t('without values (device "meta")')],
  ['torch._utils._rebuild_xla_tensor', l10n.t('stored as a NumPy array within the pickle')],
  ['torch._utils._rebuild_device_tensor_from_numpy', l10n.t('stored as a NumPy array within the pickle')],
]);

/** Whether a call makes a tensor of a subclass from another function; see {@link rebuildTensor}. */
export function isTensorSubclass(call: PickleCall): boolean {
  return FROM_TYPE.has(call.calleeName);
}

/**
 * The tensor that a call makes, by the name of the function in `torch/_utils.py` and `torch/_tensor.py`; undefined if
 * it makes no tensor that we know.
 */
export function rebuildTensor(call: PickleCall): Rebuilt | undefined {
  let current: PickleValue | undefined = call;
  for (let wrappers = 0; wrappers < MAX_WRAPPERS; wrappers++) {
    if (!(current instanceof PickleCall)) return undefined;
    const { calleeName, args }: PickleCall = current;
    if (PLAIN.has(calleeName)) return rebuildPlain(calleeName, args);
    if (calleeName === 'torch._utils._rebuild_qtensor') return rebuildQuantized(args);
    const unreadable = UNREADABLE.get(calleeName);
    if (unreadable !== undefined) return { kind: 'unreadable', reason: unreadable };
    if (WRAPPERS.has(calleeName)) current = args[0];
    else if (FROM_TYPE.has(calleeName)) {
      const [maker, , makerArgs] = args;
      current =
        maker instanceof PickleGlobal && Array.isArray(makerArgs) ? new PickleCall(maker, makerArgs) : undefined;
    } else return undefined;
  }
  return { kind: 'malformed', reason: l10n.t('is a parameter of a parameter of a parameter …') };
}

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

function rebuildPlain(calleeName: string, args: readonly PickleValue[]): Rebuilt {
  const storage = parseStorage(args[0]);
  if (storage === undefined) return { kind: 'malformed', reason: l10n.t('has no storage') };
  if (typeof storage === 'string') return { kind: 'unreadable', reason: storage };
  let { dtype } = storage;
  if (calleeName.endsWith('_v3')) {
    const named = args[6] instanceof PickleGlobal ? args[6].qualifiedName : 'none';
    const own = torchDType(named);
    if (own === undefined) return { kind: 'unreadable', reason: l10n.t('of the type {0}', named) };
    dtype = own;
  }
  return strided(storage, dtype, args);
}

/** `_rebuild_qtensor(storage, offset, size, stride, (scheme, scale, zero point), …)`. */
function rebuildQuantized(args: readonly PickleValue[]): Rebuilt {
  const storage = parseStorage(args[0]);
  if (storage === undefined) return { kind: 'malformed', reason: l10n.t('has no storage') };
  if (typeof storage === 'string') return { kind: 'unreadable', reason: storage };
  const [scheme, scale, zeroPoint] = Array.isArray(args[4]) ? args[4] : [];
  const perTensor = scheme instanceof PickleGlobal && scheme.qualifiedName === 'torch.per_tensor_affine';
  if (!perTensor || typeof scale !== 'number' || typeof zeroPoint !== 'number') {
    return { kind: 'unreadable', reason: l10n.t('quantised with a scale per channel') };
  }
  const rebuilt = strided(storage, storage.dtype, args);
  if (rebuilt.kind !== 'tensor') return rebuilt;
  // PyTorch computes (q - zero point) × scale in float32; with the scale rounded to float32 first, so do we, exactly.
  const rounded = Math.fround(scale);
  return { kind: 'tensor', view: { ...rebuilt.view, quantization: { scale: rounded, min: -zeroPoint * rounded } } };
}

function strided(storage: StorageRef, dtype: DType, args: readonly PickleValue[]): Rebuilt {
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

/** A tuple of integers, or `torch.Size` of one. */
function integers(value: PickleValue | undefined): number[] | undefined {
  const list = value instanceof PickleCall && value.calleeName === 'torch.Size' ? value.args[0] : value;
  if (!Array.isArray(list)) return undefined;
  return list.every((item): item is number => typeof item === 'number') ? list : undefined;
}

function isIndex(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
