import * as l10n from '@vscode/l10n';
import type { FormatError } from '../errors';
import { MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import { elementCount } from '../shape';
import { PickleCall, type PickleDict, type PickleValue } from '../containers/pickle-values';
import { dictOf, integers, isIndex } from './pytorch-objects';
import { rebuildTensor } from './pytorch-rebuild';
import { isContiguous, type TensorView } from './tensor-view';

type Fail = (reason: string, tensor?: string) => FormatError;

/** A parameter as it is when it is not cut up. */
export interface ZeroParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly count: number;
}

/** What a file `…_model_states.pt` says about the network. */
export interface ModelStates {
  readonly module: PickleDict;
  /** Trained parameters of each group of the optimiser, in the order in which they lie in its flat tensors. */
  readonly groups: readonly (readonly ZeroParameter[])[];
  readonly buffers: ReadonlySet<PickleValue>;
  /** Names of tied parameters, with that of the one whose values they have. */
  readonly shared: ReadonlyMap<PickleValue, PickleValue>;
  /** Parameters that are not trained, of which the optimiser knows nothing. */
  readonly frozen: readonly ZeroParameter[];
  /** Their values; of stage 3 the share of this process. */
  readonly fragments: PickleDict;
  /** Number of processes that have different parts of the network. */
  readonly modelParts: number;
}

/** What a file `…_optim_states.pt` says about one process's share of the weights. */
export interface OptimStates {
  readonly stage: 1 | 2 | 3;
  /** Number of processes among which the weights are cut up; undefined if groups differ in it (mixtures of experts). */
  readonly ranks: number | undefined;
  /** The float32 weights: a flat tensor for each group of the optimiser. */
  readonly flat: readonly TensorView[];
  /** Stages 1 and 2: elements left out after each parameter of each group; none if absent. */
  readonly paddings: readonly (readonly number[])[] | undefined;
}

/** Whether an object is what DeepSpeed's engine saves of a network that ZeRO trains. */
export function isModelStates(root: PickleValue): boolean {
  const dict = dictOf(root);
  return (
    dict !== undefined &&
    Array.isArray(dict.get('param_shapes')) &&
    dict.has('buffer_names') &&
    dictOf(dict.get('module')) !== undefined
  );
}

/** Whether an object is what DeepSpeed's engine saves of an optimiser that ZeRO cuts up. */
export function isOptimStates(root: PickleValue): boolean {
  const state = optimizerState(root);
  return state?.has('zero_stage') === true || state?.has('single_partition_of_fp32_groups') === true;
}

/** @throws {FormatError} if shapes are missing or malformed */
export function readModelStates(root: PickleValue, fail: Fail): ModelStates {
  const dict = dictOf(root);
  const module = dictOf(dict?.get('module'));
  const shapes = dict?.get('param_shapes');
  if (dict === undefined || module === undefined || !Array.isArray(shapes)) {
    throw fail(l10n.t('has no shapes of the parameters ("param_shapes")'));
  }
  const known = new Set<string>();
  const groups = shapes.map((group) => readShapes(group, known, fail));
  const frozenShapes = dict.get('frozen_param_shapes') ?? null;
  const frozen = frozenShapes === null ? [] : readShapes(frozenShapes, known, fail);
  const names = dict.get('buffer_names');
  const parts = dict.get('mp_world_size');
  return {
    module,
    groups,
    buffers: new Set(names instanceof Set || Array.isArray(names) ? names : []),
    shared: dictOf(dict.get('shared_params')) ?? new Map<PickleValue, PickleValue>(),
    frozen,
    fragments: dictOf(dict.get('frozen_param_fragments')) ?? new Map<PickleValue, PickleValue>(),
    modelParts: isIndex(parts) ? parts : 1,
  };
}

function readShapes(group: PickleValue, known: Set<string>, fail: Fail): ZeroParameter[] {
  const dict = dictOf(group);
  if (dict === undefined) throw fail(l10n.t('has malformed shapes of the parameters ("param_shapes")'));
  const parameters: ZeroParameter[] = [];
  for (const [name, size] of dict) {
    if (typeof name !== 'string' || name.length > MAX_NAME_LENGTH) {
      throw fail(l10n.t('has malformed shapes of the parameters ("param_shapes")'));
    }
    const shape = integers(size);
    const count = shape === undefined ? undefined : elementCount(shape);
    if (shape === undefined || count === undefined) {
      throw fail(l10n.t('has a malformed shape, or more elements than can be counted'), name);
    }
    if (known.has(name)) throw fail(l10n.t('is in two groups of parameters'), name);
    known.add(name);
    if (known.size > MAX_TENSORS) throw fail(l10n.t('has more than {0} tensors', MAX_TENSORS));
    parameters.push({ name, shape, count });
  }
  return parameters;
}

/** The stage of ZeRO; undefined if it is not one that cuts up anything. Saved as a number or as a member of an enum. */
export function zeroStage(root: PickleValue): 1 | 2 | 3 | undefined {
  const state = optimizerState(root);
  const named = state?.get('zero_stage');
  const stage = named instanceof PickleCall ? named.args[0] : named;
  if (stage === 1 || stage === 2 || stage === 3) return stage;
  // The optimiser for bfloat16 of pipelines cuts up as stage 1 does and names none.
  return named === undefined && state?.has('single_partition_of_fp32_groups') === true ? 1 : undefined;
}

/** @throws {FormatError} if anything that is needed to put the weights together is missing or malformed */
export function readOptimStates(root: PickleValue, fail: Fail): OptimStates {
  const state = optimizerState(root);
  const stage = zeroStage(root);
  if (state === undefined || stage === undefined) throw fail(l10n.t('is of no stage of ZeRO that is known'));
  const key = stage === 3 ? 'fp32_flat_groups' : 'single_partition_of_fp32_groups';
  const groups = state.get(key);
  if (!Array.isArray(groups)) throw fail(l10n.t('has no float32 weights ("{0}")', key));
  const flat = groups.map((group, index) => {
    const view = plainView(group);
    if (view?.shape.length !== 1) throw fail(l10n.t('is no flat tensor'), `${key}.${index}`);
    return view;
  });
  const paddings = state.get('param_alignment_paddings') ?? null;
  return {
    stage,
    ranks: partitionCount(state.get('partition_count'), fail),
    flat,
    paddings: stage === 3 || paddings === null ? undefined : readPaddings(paddings, fail),
  };
}

function partitionCount(value: PickleValue | undefined, fail: Fail): number | undefined {
  const counts = Array.isArray(value) ? value : [value];
  const [count] = counts;
  if (!isIndex(count) || count === 0) {
    throw fail(l10n.t('does not say how many processes have a share of the weights ("partition_count")'));
  }
  return counts.every((other) => other === count) ? count : undefined;
}

function readPaddings(value: PickleValue, fail: Fail): (readonly number[])[] {
  const groups = Array.isArray(value) ? value.map(integers) : [];
  if (!Array.isArray(value) || !groups.every((group) => group?.every(isIndex) === true)) {
    throw fail(l10n.t('has malformed paddings of the parameters'));
  }
  return groups.filter((group) => group !== undefined);
}

/** A tensor without holes that is stored as such; undefined for anything else. */
export function plainView(value: PickleValue | undefined): TensorView | undefined {
  const rebuilt = value instanceof PickleCall ? rebuildTensor(value) : undefined;
  if (rebuilt?.kind !== 'tensor' || !isContiguous(rebuilt.view)) return undefined;
  const { quantization, channels, sparse, bits, partOf } = rebuilt.view;
  const isPlain = [quantization, channels, sparse, bits, partOf].every((part) => part === undefined);
  return isPlain ? rebuilt.view : undefined;
}

function optimizerState(root: PickleValue): PickleDict | undefined {
  return dictOf(dictOf(root)?.get('optimizer_state_dict'));
}
