import type { TensorRole } from '../checkpoint';
import { isFloatingPoint } from '../dtype';
import type { PickleDict, PickleValue } from '../containers/pickle-values';
import type { TensorView } from './tensor-view';
import { dictOf } from './pytorch-objects';
import { findTensors, keyText, tensorOf, type Found, type FoundTensor, type WalkContext } from './pytorch-walk';
import { tensorRole } from '../roles';

/** A tensor of the checkpoint, named and judged. */
export interface NamedTensor {
  readonly name: string;
  readonly role: TensorRole;
  readonly view: TensorView;
  /** Tensors of a lower rank are listed first, and are the originals of those they share memory with. */
  readonly rank: number;
}

/** A checkpoint's tensors in the order in which they are listed. */
export interface NamedTensors {
  readonly tensors: readonly NamedTensor[];
  readonly unreadable: readonly { readonly name: string; readonly reason: string }[];
  /** Keys under which further copies of the weights are kept (moving averages). */
  readonly copies: readonly string[];
}

/** Dicts within dicts that hold nothing but a model: `{'model': {'state_dict': …}}`. */
const MAX_SECTIONS_DEPTH = 4;

/** Keys under which training scripts keep the weights, the surest first. */
const MODEL_KEYS = [
  'state_dict',
  'model_state_dict',
  'model_state',
  'model',
  'module',
  'net',
  'network',
  'net_state_dict',
  'weights',
  'params',
  'parameters',
];

/** Second copies of weights under training. */
const COPY_KEY =
  /(^|_)(ema|swa|swad|avg|average[sd]?|averaging|shadow|slow|teacher|momentum|best)(_|$)|moving_average/i;

const OPTIMIZER_KEY = /optim/i;

/** What else training scripts keep; its tensors are no weights. */
const OTHER_KEY =
  /sched|scaler|rng|random_state|metric|history|sampler|hparams|hyper_?param|^(callbacks?|loops?|config|cfg|args|opt|meta|loss(es)?|criterion|amp|stats)$/i;

type Kind = 'weights' | 'copy' | 'other' | 'optimizer';

/** See {@link NamedTensor.rank}. */
export const RANK: Readonly<Record<Kind, number>> = { weights: 0, copy: 1, other: 2, optimizer: 3 };

interface Section {
  readonly key: string;
  readonly value: PickleValue;
  readonly found: Found;
  readonly direct: boolean;
}

interface Listed {
  readonly tensors: NamedTensor[];
  readonly unreadable: { name: string; reason: string }[];
  readonly copies: string[];
}

/**
 * Names the tensors of what a PyTorch file holds, and tells weights from the rest.
 *
 * A state_dict or a module gives the names that `state_dict()` gives. In a dict of a training script, the dict of the
 * weights is found by its key or by being the only one, and its names are kept as they are; with several networks and
 * none of them the obvious one (generator, discriminator), names begin with the key. Further copies of the weights
 * (moving averages) get their key as a prefix, and as roles `buffer` or `constant`: they are listed, but it is not they
 * that would be pruned. Optimiser state has the role `optimizer`.
 *
 * @throws {FormatError} see {@link findTensors}
 */
export function nameTensors(root: PickleValue, context: WalkContext): NamedTensors {
  const listed: Listed = { tensors: [], unreadable: [], copies: [] };
  listSections(root, '', listed, context, 0);
  listed.tensors.sort((a, b) => a.rank - b.rank);
  const taken = new Map<string, number>();
  const tensors = listed.tensors.map((tensor) => ({ ...tensor, name: unique(tensor.name, taken) }));
  return { ...listed, tensors };
}

function listSections(root: PickleValue, prefix: string, listed: Listed, context: WalkContext, depth: number): void {
  const dict = tensorOf(root, context) === undefined ? dictOf(root) : undefined;
  const sections = dict === undefined || isOptimizer(dict) ? undefined : sectionsOf(dict, prefix, context);
  if (sections === undefined) {
    list('weights', prefix, findTensors(root, context, prefix), listed);
    return;
  }
  const optimizers = sections.filter(isOptimizerSection);
  const rest = sections.filter((section) => !optimizers.includes(section));
  for (const { key, found } of optimizers) list('optimizer', join(prefix, key), found, listed);
  if (isStateDict(rest)) {
    for (const { key, found } of rest) list('weights', join(prefix, key), found, listed);
    return;
  }
  const candidates = rest.filter((section) => !section.direct && holdsWeights(section));
  const main = mainSection(candidates);
  for (const section of rest) {
    const { key, value, found } = section;
    if (section === main) {
      if (depth < MAX_SECTIONS_DEPTH && isDictOfDicts(value, context)) {
        listSections(value, prefix, listed, context, depth + 1);
      } else list('weights', prefix, found, listed);
    } else if (!candidates.includes(section)) list('other', join(prefix, key), found, listed);
    else if (isCopy(section, main, candidates)) {
      listed.copies.push(join(prefix, key));
      list('copy', join(prefix, key), found, listed);
    } else list('weights', join(prefix, key), found, listed);
  }
}

function sectionsOf(dict: PickleDict, prefix: string, context: WalkContext): Section[] {
  const sections: Section[] = [];
  let position = 0;
  for (const [name, value] of dict) {
    const key = keyText(name, position);
    const found = findTensors(value, context, join(prefix, key));
    if (found.tensors.length > 0 || found.unreadable.length > 0) {
      sections.push({ key, value, found, direct: tensorOf(value, context) !== undefined });
    }
    position++;
  }
  return sections;
}

function isDictOfDicts(value: PickleValue, context: WalkContext): boolean {
  const dict = dictOf(value);
  return dict !== undefined && ![...dict.values()].some((item) => tensorOf(item, context) !== undefined);
}

function isOptimizer(dict: PickleDict): boolean {
  return dictOf(dict.get('state')) !== undefined && Array.isArray(dict.get('param_groups'));
}

function isOptimizerSection({ key, found, direct }: Section): boolean {
  if (direct) return false;
  return (
    OPTIMIZER_KEY.test(key) ||
    (found.tensors.length > 0 && found.tensors.every((tensor) => tensor.place === 'optimizer'))
  );
}

/** A dict with a matrix right in it is a state_dict. So is one with no dict of weights in it, if only of vectors. */
function isStateDict(sections: readonly Section[]): boolean {
  const matrix = sections.some(
    ({ direct, found }) => direct && found.tensors.some((tensor) => isFloatTensor(tensor, 2)),
  );
  return matrix || !sections.some((section) => !section.direct && holdsWeights(section));
}

function holdsWeights({ key, found }: Section): boolean {
  if (OTHER_KEY.test(key)) return false;
  return found.tensors.some((tensor) => tensor.place !== 'optimizer' && isFloatTensor(tensor, 1));
}

function isFloatTensor({ view }: FoundTensor, dimensions: number): boolean {
  return isFloatingPoint(view.dtype) && view.shape.length >= dimensions;
}

function mainSection(candidates: readonly Section[]): Section | undefined {
  const originals = candidates.filter(({ key }) => !COPY_KEY.test(key));
  const [only] = originals.length > 0 ? originals : candidates;
  if (originals.length === 1 || candidates.length === 1) return only;
  for (const known of MODEL_KEYS) {
    const section = originals.find(({ key }) => key.toLowerCase() === known);
    if (section !== undefined) return section;
  }
  return undefined;
}

/** By its key and holding tensors of the shapes of another one, or by holding the same names as the main one. */
function isCopy(section: Section, main: Section | undefined, candidates: readonly Section[]): boolean {
  if (COPY_KEY.test(section.key)) {
    return candidates.some((other) => !COPY_KEY.test(other.key) && hasShapesOf(other, section));
  }
  return main !== undefined && names(section) === names(main);
}

/** Whether the original has all the shapes of the copy, as often: averages may lack buffers, and be mere lists. */
function hasShapesOf(original: Section, copy: Section): boolean {
  const left = new Map<string, number>();
  for (const { view } of original.found.tensors) {
    const shape = view.shape.join();
    left.set(shape, (left.get(shape) ?? 0) + 1);
  }
  return copy.found.tensors.every(({ view }) => {
    const shape = view.shape.join();
    const count = left.get(shape) ?? 0;
    left.set(shape, count - 1);
    return count > 0 || view.shape.length === 0;
  });
}

function names({ found }: Section): string {
  return found.tensors
    .map(({ path }) => path.replace(/^module\./, ''))
    .sort()
    .join('\n');
}

function list(kind: Kind, prefix: string, { tensors, unreadable }: Found, listed: Listed): void {
  for (const tensor of tensors) {
    const { path, place, view } = tensor;
    // The walk names optimisers itself, so that they are called alike wherever they are.
    const name = place === 'optimizer' ? path : join(prefix, path) || 'tensor';
    const inOptimizer = kind === 'optimizer' || place === 'optimizer';
    const role = inOptimizer ? 'optimizer' : roleOf(kind, name, tensor);
    listed.tensors.push({ name, role, view, rank: RANK[inOptimizer ? 'optimizer' : kind] });
  }
  for (const { path, reason } of unreadable) listed.unreadable.push({ name: join(prefix, path) || 'tensor', reason });
}

function roleOf(kind: Kind, name: string, { place, view }: FoundTensor): TensorRole {
  const role = tensorRole(name, view.shape, view.dtype);
  if (!isFloatingPoint(view.dtype) || role === 'buffer') return role;
  if (place === 'buffer') return 'buffer';
  return kind === 'weights' && place === 'parameter' ? role : 'constant';
}

function join(prefix: string, path: string): string {
  if (path === '') return prefix;
  return prefix === '' ? path : `${prefix}.${path}`;
}

function unique(name: string, taken: Map<string, number>): string {
  const copies = (taken.get(name) ?? 0) + 1;
  taken.set(name, copies);
  return copies === 1 ? name : unique(`${name} (${copies})`, taken);
}
