import * as l10n from '@vscode/l10n';
import { PickleCall, PickleGlobal, type PickleValue } from '../containers/pickle-values';
import { torchDType } from './pytorch-dtypes';
import { isDistributedClass, rebuildDistributed } from './rebuild-distributed';
import { rebuildQuantized } from './rebuild-quantized';
import { rebuildSparse } from './rebuild-sparse';
import { parseStorage, strided, type Rebuilt } from './tensor-view';

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

const SPARSE = new Set(['torch._utils._rebuild_sparse_tensor', 'torch._utils._rebuild_sparse_csr_tensor']);

const UNREADABLE: ReadonlyMap<string, string> = new Map([
  ['torch._utils._rebuild_nested_tensor', l10n.t('nested')],
  ['torch._utils._rebuild_mkldnn_tensor', l10n.t('in the layout of MKL-DNN')],
  ['torch._utils._rebuild_meta_tensor_no_storage', l10n.t('without values (device "meta")')],
  ['torch._utils._rebuild_xla_tensor', l10n.t('stored as a NumPy array within the pickle')],
  ['torch._utils._rebuild_device_tensor_from_numpy', l10n.t('stored as a NumPy array within the pickle')],
]);

/** Libraries whose tensor classes keep codes, packed in ways of their own, with scales beside them. */
const PACKED_CLASS = /^(torchao|optimum\.quanto|quanto)\./;

/** Whether a call makes a tensor of a subclass from another function; see {@link rebuildTensor}. */
export function isTensorSubclass(call: PickleCall): boolean {
  return FROM_TYPE.has(call.calleeName);
}

/**
 * The tensor that a call makes, by the name of the function in `torch/_utils.py` and `torch/_tensor.py`; undefined if
 * it makes no tensor that we know.
 */
export function rebuildTensor(call: PickleCall): Rebuilt | undefined {
  return rebuildWithin(call, 0);
}

/** @param depth number of tensors that the call is a part of: with their states, they may be parts of themselves. */
function rebuildWithin(call: PickleCall, depth: number): Rebuilt | undefined {
  let current: PickleValue | undefined = call;
  const rebuildPart = (part: PickleCall): Rebuilt | undefined => rebuildWithin(part, depth + 1);
  for (let wrappers = 0; wrappers < MAX_WRAPPERS - depth; wrappers++) {
    if (!(current instanceof PickleCall)) return undefined;
    const { calleeName, args }: { calleeName: string; args: readonly PickleValue[] } = current;
    if (PLAIN.has(calleeName)) return rebuildPlain(calleeName, args);
    if (calleeName === 'torch._utils._rebuild_qtensor') return rebuildQuantized(args, rebuildPart);
    if (SPARSE.has(calleeName)) return rebuildSparse(args, rebuildPart);
    const unreadable = UNREADABLE.get(calleeName);
    if (unreadable !== undefined) return { kind: 'unreadable', reason: unreadable };
    if (WRAPPERS.has(calleeName)) current = args[0];
    else if (FROM_TYPE.has(calleeName)) {
      const [maker, type, makerArgs]: readonly PickleValue[] = args;
      const className = type instanceof PickleGlobal ? type.qualifiedName : '';
      if (PACKED_CLASS.test(className))
        return { kind: 'unreadable', reason: l10n.t('packed, of the class {0}', className) };
      if (isDistributedClass(className)) return rebuildDistributed(args, rebuildPart);
      current =
        maker instanceof PickleGlobal && Array.isArray(makerArgs) ? new PickleCall(maker, makerArgs) : undefined;
    } else return undefined;
  }
  return { kind: 'malformed', reason: l10n.t('is a parameter of a parameter of a parameter …') };
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
