import * as l10n from '@vscode/l10n';
import { BYTES_PER_ELEMENT } from '../dtype';
import { PersistentId, PickleCall, PickleGlobal, type PickleValue } from '../containers/pickle-values';
import { isContiguous, parseStorage, strided, type ChannelScales, type Rebuilt, type TensorView } from './tensor-view';

/** What quantised storages hold: name of the type, and bits of an element where a byte holds several. */
const TYPES: ReadonlyMap<string, { readonly name: string; readonly bits?: 2 | 4 }> = new Map([
  ['QUInt8Storage', { name: 'quint8' }],
  ['QInt8Storage', { name: 'qint8' }],
  ['QInt32Storage', { name: 'qint32' }],
  ['QUInt4x2Storage', { name: 'quint4x2', bits: 4 }],
  ['QUInt2x4Storage', { name: 'quint2x4', bits: 2 }],
]);

/** `_rebuild_qtensor(storage, offset, size, stride, (scheme, …), …)`: per tensor or per channel. */
export function rebuildQuantized(
  args: readonly PickleValue[],
  rebuild: (call: PickleCall) => Rebuilt | undefined,
): Rebuilt {
  const storage = parseStorage(args[0]);
  if (storage === undefined) return { kind: 'malformed', reason: l10n.t('has no storage') };
  if (typeof storage === 'string') return { kind: 'unreadable', reason: storage };
  const type = typeOf(args[0]);
  if (type === undefined) return { kind: 'malformed', reason: l10n.t('has no storage') };
  const rebuilt = strided(storage, storage.dtype, args);
  if (rebuilt.kind !== 'tensor') return rebuilt;
  const { view } = rebuilt;
  const [scheme, ...parameters] = Array.isArray(args[4]) ? args[4] : [];
  const name = scheme instanceof PickleGlobal ? scheme.qualifiedName : '?';
  if (BYTES_PER_ELEMENT[storage.dtype] > 1)
    return { kind: 'unreadable', reason: l10n.t('quantised to {0}', type.name) };
  if (type.bits !== undefined && (view.byteOffset !== 0 || !isContiguous(view))) {
    return { kind: 'unreadable', reason: l10n.t('a part of a tensor of {0}', type.name) };
  }
  const packed = type.bits === undefined ? {} : { bits: type.bits };
  if (name === 'torch.per_tensor_affine' && type.bits === undefined) {
    return perTensor({ ...view, storedAs: l10n.t('{0}, per tensor', type.name) }, parameters);
  }
  if (name !== 'torch.per_channel_affine' && name !== 'torch.per_channel_affine_float_qparams') {
    return { kind: 'unreadable', reason: l10n.t('quantised by {0}', name) };
  }
  const channels = channelScales(view, parameters, rebuild);
  if (typeof channels === 'string') return { kind: 'malformed', reason: channels };
  if (channels === undefined)
    return { kind: 'unreadable', reason: l10n.t('quantised with scales that are not in the file') };
  return { kind: 'tensor', view: { ...view, ...packed, channels, storedAs: l10n.t('{0}, per channel', type.name) } };
}

function typeOf(reference: PickleValue | undefined): { name: string; bits?: 2 | 4 } | undefined {
  const id = reference instanceof PersistentId && Array.isArray(reference.id) ? reference.id[1] : undefined;
  return id instanceof PickleGlobal ? TYPES.get(id.name) : undefined;
}

/** PyTorch computes (q - zero point) × scale in float32; with the scale rounded to float32 first, so do we, exactly. */
function perTensor(view: TensorView, [scale, zeroPoint]: readonly PickleValue[]): Rebuilt {
  if (typeof scale !== 'number' || typeof zeroPoint !== 'number') {
    return { kind: 'malformed', reason: l10n.t('has a malformed scale') };
  }
  const rounded = Math.fround(scale);
  return { kind: 'tensor', view: { ...view, quantization: { scale: rounded, min: -zeroPoint * rounded } } };
}

/** Undefined if they are not tensors, as in files of before 1.6; a text if they contradict the tensor. */
function channelScales(
  { shape }: TensorView,
  [scale, zero, axis]: readonly PickleValue[],
  rebuild: (call: PickleCall) => Rebuilt | undefined,
): ChannelScales | string | undefined {
  const scales = scale instanceof PickleCall ? rebuild(scale) : undefined;
  const zeros = zero instanceof PickleCall ? rebuild(zero) : undefined;
  if (scales?.kind !== 'tensor' || zeros?.kind !== 'tensor') return undefined;
  if (typeof axis !== 'number' || shape[axis] === undefined) return l10n.t('has a malformed scale');
  const sound = [scales.view, zeros.view].every(
    (view) => view.shape.length === 1 && view.count === shape[axis] && isPlain(view),
  );
  return sound ? { axis, scales: scales.view, zeros: zeros.view } : l10n.t('has a malformed scale');
}

function isPlain(view: TensorView): boolean {
  const { quantization, channels, sparse } = view;
  return isContiguous(view) && quantization === undefined && channels === undefined && sparse === undefined;
}
