import type { TensorChange } from '../report/comparison';
import type { TensorFacts } from '../report/report';

type NamedTensor = Pick<TensorFacts, 'name' | 'shape' | 'role'>;

/** A tensor of one side or both, by index. */
export interface TensorMatch {
  readonly change: TensorChange;
  /** Null if added. */
  readonly before: number | null;
  /** Null if removed. */
  readonly after: number | null;
}

export interface Matching {
  /** In the order of `before`, then what was added in the order of `after`. */
  readonly matches: readonly TensorMatch[];
  /** A prefix of all names of one side that was left out to find the other side's names. */
  readonly stripped: { readonly side: 'before' | 'after'; readonly prefix: string } | null;
}

/** Wrappers put a level or two before all names (`module._orig_mod.`); more is another network. */
const MAX_PREFIX_LEVELS = 4;

const SEPARATOR = /[./]/g;

/**
 * Finds the tensors of two models that belong together: those of the same name. If no name is the same, but all are once
 * a prefix is taken off one side's (as wrappers for parallel training or compilation put it there), by those.
 */
export function matchTensors(before: readonly NamedTensor[], after: readonly NamedTensor[]): Matching {
  const stripped = commonNames(before, after, '') > 0 ? null : findPrefix(before, after);
  const nameBefore = (name: string): string => (stripped?.side === 'before' ? without(stripped.prefix, name) : name);
  const nameAfter = (name: string): string => (stripped?.side === 'after' ? without(stripped.prefix, name) : name);
  const indices = new Map<string, number>();
  after.forEach(({ name }, index) => {
    if (!indices.has(nameAfter(name))) indices.set(nameAfter(name), index);
  });
  const taken = new Set<number>();
  const matches: TensorMatch[] = before.map(({ name, shape }, index) => {
    const other = indices.get(nameBefore(name));
    if (other === undefined || taken.has(other)) return { change: 'removed', before: index, after: null };
    taken.add(other);
    const change = isSameShape(shape, after[other]!.shape) ? 'common' : 'reshaped';
    return { change, before: index, after: other };
  });
  after.forEach((_, index) => {
    if (!taken.has(index)) matches.push({ change: 'added', before: null, after: index });
  });
  return { matches, stripped };
}

function findPrefix(before: readonly NamedTensor[], after: readonly NamedTensor[]): Matching['stripped'] {
  for (const side of ['before', 'after'] as const) {
    const [wrapped, plain] = side === 'before' ? [before, after] : [after, before];
    const fewer = Math.min(parameters(wrapped).length, parameters(plain).length);
    for (const prefix of prefixes(parameters(wrapped))) {
      if (fewer > 0 && commonNames(wrapped, plain, prefix) === fewer) return { side, prefix };
    }
  }
  return null;
}

/** How many names of `plain` the tensors of `wrapped` have once the prefix is taken off. */
function commonNames(wrapped: readonly NamedTensor[], plain: readonly NamedTensor[], prefix: string): number {
  const names = new Set(parameters(wrapped).map(({ name }) => without(prefix, name)));
  return parameters(plain).filter(({ name }) => names.has(name)).length;
}

/** What all names begin with, up to each of the first separators. */
function prefixes(tensors: readonly NamedTensor[]): string[] {
  const [first] = tensors;
  if (first === undefined) return [];
  const common = tensors.reduce((length, { name }) => commonLength(first.name, name, length), first.name.length);
  const ends = [...first.name.slice(0, common).matchAll(SEPARATOR)].map(({ index }) => index + 1);
  return ends.slice(0, MAX_PREFIX_LEVELS).map((end) => first.name.slice(0, end));
}

function commonLength(left: string, right: string, most: number): number {
  let length = 0;
  while (length < most && left[length] === right[length]) length++;
  return length;
}

/** Optimiser state has names of its own, whatever wraps the network. */
function parameters(tensors: readonly NamedTensor[]): readonly NamedTensor[] {
  return tensors.filter(({ role }) => role !== 'optimizer');
}

function without(prefix: string, name: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

function isSameShape(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((size, dimension) => size === right[dimension]);
}
