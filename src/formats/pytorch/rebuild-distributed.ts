import * as l10n from '@vscode/l10n';
import { PickleCall, PickleGlobal, type PickleValue } from '../containers/pickle-values';
import { integers } from './pytorch-objects';
import type { Rebuilt } from './tensor-view';

/** Tensors that are distributed over processes: what a process saved is its own part. */
const DTENSOR = /^torch\.distributed\.(_?tensor)(\.\w+)*\.DTensor$/;
const SHARDED_TENSOR = /^torch\.distributed\._shard\.sharded_tensor(\.\w+)*\.ShardedTensor$/;

/** Whether `torch._tensor._rebuild_from_type_v2` is given the class of a distributed tensor. */
export function isDistributedClass(className: string): boolean {
  return DTENSOR.test(className) || SHARDED_TENSOR.test(className);
}

/**
 * The part of a distributed tensor that is in the file.
 * @param args of `torch._tensor._rebuild_from_type_v2`: a function, the class, what the function is given (with the shape
 *   of the whole in third place, since PyTorch 2), and the state.
 * @param rebuild makes a tensor of a call.
 */
export function rebuildDistributed(
  [, type, makerArgs, state]: readonly PickleValue[],
  rebuild: (call: PickleCall) => Rebuilt | undefined,
): Rebuilt {
  const className = type instanceof PickleGlobal ? type.qualifiedName : '';
  const local = DTENSOR.test(className) ? attribute(state, '_local_tensor') : onlyShard(state);
  const rebuilt = local instanceof PickleCall ? rebuild(local) : undefined;
  if (rebuilt === undefined) {
    return { kind: 'unreadable', reason: l10n.t('distributed over processes, and has not just one part here') };
  }
  const whole = Array.isArray(makerArgs) ? integers(makerArgs[2]) : undefined;
  if (rebuilt.kind !== 'tensor' || whole === undefined) return rebuilt;
  if (whole.join() === rebuilt.view.shape.join()) return rebuilt;
  return { kind: 'tensor', view: { ...rebuilt.view, partOf: whole } };
}

/** The tensor of the only shard: the first part of the state is a list of those of this process. */
function onlyShard(state: PickleValue | undefined): PickleValue | undefined {
  const shards = Array.isArray(state) ? state[0] : undefined;
  if (!Array.isArray(shards) || shards.length !== 1) return undefined;
  const [shard] = shards;
  return shard instanceof PickleCall ? attribute(shard.state, 'tensor') : undefined;
}

/** Of an object's state: its `__dict__`, or a pair of that and what is in its slots. */
function attribute(state: PickleValue | undefined, name: string): PickleValue | undefined {
  const dicts = Array.isArray(state) ? state : [state];
  for (const dict of dicts) if (dict instanceof Map && dict.has(name)) return dict.get(name);
  return undefined;
}
