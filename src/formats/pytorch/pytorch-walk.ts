import * as l10n from '@vscode/l10n';
import type { FormatError } from '../errors';
import { MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import { PersistentId, PickleCall, type PickleDict, type PickleValue } from '../containers/pickle-values';
import { adamMoments, parameterNames, type PickledMoment } from './adam-moments';
import { attributes, dictOf } from './pytorch-objects';
import { isTensorSubclass, rebuildTensor } from './pytorch-rebuild';
import type { Rebuilt, TensorView } from './tensor-view';

/** Python's pickler is recursive and stops at a nesting of some 330; deeper objects come from no pickler. */
const MAX_NESTING = 1000;

/** Objects that are shared are met once each time they are; this many times their number, on average, is enough. */
const MAX_VISITS_PER_OBJECT = 4;
const FREE_VISITS = 10_000;

/** Where in the model a tensor was found: decides whether it is a weight. */
type TensorPlace =
  /** In a dict, or among a module's parameters. */
  | 'parameter'
  /** Among a module's buffers. */
  | 'buffer'
  /** In another attribute of a module, which no state_dict would have. */
  | 'attribute'
  /** In the state of an optimiser. */
  | 'optimizer';

/** A tensor in the tree of a pickle. */
export interface FoundTensor {
  /** Path from where the search began, with dots; empty for that object itself. For optimisers it begins with `optimizer`. */
  readonly path: string;
  readonly place: TensorPlace;
  readonly view: TensorView;
}

/** What a walk needs to know, and what several walks through one pickle share. */
export interface WalkContext {
  /** Makes the error that refuses the file. */
  readonly fail: (reason: string, tensor?: string) => FormatError;
  /** Number of opcodes of the pickle: an upper bound on the number of its objects. */
  readonly objects: number;
  visits: number;
  tensors: number;
  optimizers: number;
  /** Of all optimisers that were walked through, by the tensor that holds them. */
  readonly moments: Map<TensorView, PickledMoment>;
  readonly rebuilt: Map<PickleValue, Rebuilt | undefined>;
}

/** What a walk finds, in the order of the pickle. */
export interface Found {
  readonly tensors: readonly FoundTensor[];
  /** Tensors that are not read. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}

interface Child {
  /** Undefined: adds nothing to the path. */
  readonly segment: string | undefined;
  readonly value: PickleValue;
  readonly place?: TensorPlace;
}

interface Frame {
  readonly value: PickleValue;
  readonly children: readonly Child[];
  next: number;
  readonly path: string;
  readonly place: TensorPlace;
}

export function walkContext(objects: number, fail: WalkContext['fail']): WalkContext {
  return { fail, objects, visits: 0, tensors: 0, optimizers: 0, moments: new Map(), rebuilt: new Map() };
}

/** What {@link rebuildTensor} says, remembered: tied weights are one object in several places. */
export function tensorOf(value: PickleValue, context: WalkContext): Rebuilt | undefined {
  if (!(value instanceof PickleCall) && !(value instanceof PersistentId)) return undefined;
  if (value instanceof PersistentId || context.rebuilt.has(value)) return context.rebuilt.get(value);
  const rebuilt = rebuildTensor(value);
  context.rebuilt.set(value, rebuilt);
  return rebuilt;
}

/** Whether an object is a pickled `torch.nn.Module`. */
export function isModule(value: PickleValue): boolean {
  const state = attributes(value);
  return (
    state !== undefined && dictOf(state.get('_parameters')) !== undefined && dictOf(state.get('_modules')) !== undefined
  );
}

/** The text of a dict's key in a path. */
export function keyText(key: PickleValue, position: number): string {
  if (typeof key === 'string') return key;
  return typeof key === 'number' || typeof key === 'bigint' || typeof key === 'boolean'
    ? String(key)
    : String(position);
}

/**
 * All tensors below an object, in the order of the pickle; within modules in the order of `state_dict()` and with its
 * names. Objects that contain themselves are entered once.
 *
 * @param prefix path of the root in the file, for messages
 * @throws {FormatError} if a tensor is malformed, or the objects are nested too deep, or too many
 */
export function findTensors(root: PickleValue, context: WalkContext, prefix = ''): Found {
  const tensors: FoundTensor[] = [];
  const unreadable: { path: string; reason: string }[] = [];
  const open = new Set<PickleValue>();
  const frames: Frame[] = [];
  const enter = (value: PickleValue, path: string, place: TensorPlace): void => {
    if (value === null || typeof value !== 'object' || open.has(value)) return;
    countVisits(context, 1);
    const rebuilt = tensorOf(value, context);
    if (rebuilt?.kind === 'tensor') tensors.push({ path, place, view: rebuilt.view });
    else if (rebuilt?.kind === 'malformed') {
      throw context.fail(rebuilt.reason, join(prefix, path === '' ? undefined : path));
    } else if (rebuilt?.kind === 'unreadable') unreadable.push({ path, reason: rebuilt.reason });
    if (rebuilt !== undefined) {
      countTensor(context, path);
      return;
    }
    const optimizer = optimizerParts(value);
    const here = optimizer === undefined ? path : optimizerName(context);
    const children = optimizer === undefined ? childrenOf(value, context) : optimizerChildren(optimizer, context);
    if (children.length === 0) return;
    if (frames.length >= MAX_NESTING) {
      throw context.fail(l10n.t('its objects are nested more than {0} deep', MAX_NESTING));
    }
    open.add(value);
    frames.push({ value, children, next: 0, path: here, place: optimizer === undefined ? place : 'optimizer' });
  };
  enter(root, '', 'parameter');
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const child = frame.children[frame.next++];
    if (child === undefined) {
      open.delete(frame.value);
      frames.pop();
    } else {
      const path = join(frame.path, child.segment);
      if (path.length > MAX_NAME_LENGTH) {
        throw context.fail(l10n.t('has names of more than {0} characters', MAX_NAME_LENGTH));
      }
      enter(child.value, path, frame.place === 'optimizer' ? 'optimizer' : (child.place ?? frame.place));
    }
  }
  return { tensors, unreadable };
}

function countVisits(context: WalkContext, count: number): void {
  context.visits += count;
  if (context.visits > FREE_VISITS + MAX_VISITS_PER_OBJECT * context.objects) {
    throw context.fail(l10n.t('its objects refer to each other in more ways than are followed'));
  }
}

function countTensor(context: WalkContext, name: string): void {
  context.tensors++;
  if (context.tensors > MAX_TENSORS) throw context.fail(l10n.t('has more than {0} tensors', MAX_TENSORS), name);
}

function join(path: string, segment: string | undefined): string {
  if (segment === undefined) return path;
  return path === '' ? segment : `${path}.${segment}`;
}

function childrenOf(value: PickleValue, context: WalkContext): Child[] {
  if (Array.isArray(value)) return listChildren(value, context);
  if (value instanceof Set) return listChildren([...value], context);
  if (value instanceof Map) return dictChildren(value, context);
  if (!(value instanceof PickleCall)) return [];
  if (isTensorSubclass(value)) return dictChildren(dictOf(value.args[3]), context);
  const dict = dictOf(value);
  if (dict !== undefined) return dictChildren(dict, context);
  const state = attributes(value);
  if (state !== undefined && isModule(value)) return moduleChildren(state, context);
  return [
    ...listChildren(value.args, context),
    ...listChildren(value.items ?? [], context),
    ...(state === undefined ? containerChildren(value.state) : dictChildren(state, context)),
  ];
}

function listChildren(items: readonly PickleValue[], context: WalkContext): Child[] {
  countVisits(context, items.length);
  return items.flatMap((value, index) => (isLeaf(value) ? [] : [{ segment: String(index), value }]));
}

function containerChildren(value: PickleValue | undefined): Child[] {
  return value === undefined || isLeaf(value) ? [] : [{ segment: undefined, value }];
}

function dictChildren(dict: PickleDict | undefined, context: WalkContext, place?: TensorPlace): Child[] {
  const children: Child[] = [];
  if (dict === undefined) return children;
  countVisits(context, dict.size);
  let position = 0;
  for (const [key, value] of dict) {
    if (!isLeaf(value)) {
      children.push({ segment: keyText(key, position), value, ...(place === undefined ? {} : { place }) });
    }
    position++;
  }
  return children;
}

/** In the order of `state_dict()`: a module's own parameters, its buffers, its children; other attributes after them. */
function moduleChildren(state: PickleDict, context: WalkContext): Child[] {
  const own: readonly PickleValue[] = ['_parameters', '_buffers', '_modules'];
  countVisits(context, state.size);
  const others: PickleDict = new Map([...state].filter(([key]) => !own.includes(key)));
  return [
    ...dictChildren(dictOf(state.get('_parameters')), context, 'parameter'),
    ...dictChildren(dictOf(state.get('_buffers')), context, 'buffer'),
    ...dictChildren(dictOf(state.get('_modules')), context, 'parameter'),
    ...dictChildren(others, context, 'attribute'),
  ];
}

interface OptimizerParts {
  readonly state: PickleDict;
  readonly groups: readonly PickleValue[];
}

/** The parts of an optimiser's state_dict, or of a pickled optimiser; undefined for other objects. */
function optimizerParts(value: PickleValue): OptimizerParts | undefined {
  const dict = value instanceof PickleCall ? (attributes(value) ?? dictOf(value)) : dictOf(value);
  if (dict === undefined) return undefined;
  const state = dictOf(dict.get('state'));
  const groups = dict.get('param_groups');
  return state !== undefined && Array.isArray(groups) ? { state, groups } : undefined;
}

function optimizerName(context: WalkContext): string {
  context.optimizers++;
  return context.optimizers === 1 ? 'optimizer' : `optimizer_${context.optimizers}`;
}

/**
 * The state of each parameter under its name, or under its position among the parameters of all groups, which today's
 * PyTorch uses as the key; older versions use addresses, and pickled optimisers the parameter itself.
 */
function optimizerChildren({ state, groups }: OptimizerParts, context: WalkContext): Child[] {
  const positions = new Map<PickleValue, number>();
  countVisits(context, groups.length + state.size);
  for (const group of groups) {
    const parameters = dictOf(group)?.get('params');
    if (!Array.isArray(parameters)) continue;
    countVisits(context, parameters.length);
    for (const parameter of parameters) {
      if (!positions.has(parameter)) positions.set(parameter, positions.size);
    }
  }
  for (const [view, moment] of adamMoments(state, groups, (value) => tensorOf(value, context))) {
    context.moments.set(view, moment);
  }
  const names = parameterNames(groups);
  const children: Child[] = [];
  for (const [key, value] of state) {
    const name = names.get(key) ?? positions.get(key) ?? keyText(key, children.length);
    if (!isLeaf(value)) children.push({ segment: `state.${name}`, value });
  }
  return children;
}

function isLeaf(value: PickleValue): boolean {
  return value === null || typeof value !== 'object' || value instanceof Uint8Array;
}
