import { isFloatingPoint, type DType } from '../dtype';
import type { PickleDict, PickleValue } from '../containers/pickle-values';
import { PickleCall } from '../containers/pickle-values';
import type { TensorStorage } from '../storage';
import { adamMoments } from './adam-moments';
import { dictOf } from './pytorch-objects';
import { rebuildTensor } from './pytorch-rebuild';
import { storageOf } from './tensor-storage';
import type { TensorView } from './tensor-view';
import type { ZeroFile } from './zero-files';
import { flatPart, type FlatPart } from './zero-layout';

/** Adam's second moments of a flat tensor of weights. */
export interface ShareMoment {
  readonly part: FlatPart;
  readonly dtype: DType;
  /** β₂. */
  readonly decay: number;
  /** Steps taken, or where their number is. */
  readonly step: number | { readonly dtype: DType; readonly storage: TensorStorage };
}

/**
 * The second moments of a process's share of the weights: the optimiser that ZeRO wraps has the flat tensors for its
 * parameters, numbered in their order. Those of the last process may have padding behind them, which the weights lack.
 * @param flat the weights
 * @returns undefined if some have none, or their decay is not known (`elastic_checkpoint` does not save it)
 * @throws {FormatError} if moments are not simply there
 */
export function readShareMoments(
  { root, storages, fail }: ZeroFile,
  stage: 1 | 2 | 3,
  flat: readonly TensorView[],
): readonly ShareMoment[] | undefined {
  const zero = dictOf(dictOf(root)?.get('optimizer_state_dict'));
  const wrapped = dictOf(zero?.get(stage === 3 ? 'optimizer_state_dict' : 'base_optimizer_state'));
  const state = dictOf(wrapped?.get('state'));
  const groups = wrapped?.get('param_groups');
  if (state === undefined || !Array.isArray(groups) || !areFlat(groups, flat.length)) return undefined;
  const views = new Map<
    PickleValue,
    { readonly view: TensorView; readonly decay: number; readonly step: TensorView | number }
  >();
  for (const [view, { key, decay, step, blocks }] of adamMoments(flatState(state, flat.length), groups, tensorOf)) {
    if (blocks === undefined) views.set(key, { view, decay, step });
  }
  const moments: ShareMoment[] = [];
  for (const [index, { count }] of flat.entries()) {
    const moment = views.get(index);
    if (moment?.view.shape.length !== 1 || moment.view.count < count || !isFloatingPoint(moment.view.dtype))
      return undefined;
    const { view, decay, step } = moment;
    if (typeof step !== 'number' && step.count !== 1) return undefined;
    const name = `${index}.exp_avg_sq`;
    moments.push({
      part: { ...flatPart(name, view, { storages, fail }), count },
      dtype: view.dtype,
      decay,
      step:
        typeof step === 'number'
          ? step
          : { dtype: step.dtype, storage: storageOf(`${index}.step`, step, storages, fail) },
    });
  }
  return moments;
}

function tensorOf(value: PickleValue): ReturnType<typeof rebuildTensor> {
  return value instanceof PickleCall ? rebuildTensor(value) : undefined;
}

/** Whether the groups have no more parameters than there are flat tensors. */
function areFlat(groups: readonly PickleValue[], count: number): boolean {
  let parameters = 0;
  for (const group of groups) {
    const numbers = dictOf(group)?.get('params');
    parameters += Array.isArray(numbers) ? numbers.length : 0;
    if (parameters > count) return false;
  }
  return true;
}

/** The state of parameters with these numbers. */
function flatState(state: PickleDict, count: number): PickleDict {
  return new Map([...Array(count).keys()].map((index) => [index, state.get(index) ?? null]));
}
