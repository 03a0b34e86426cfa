import type { Checkpoint } from '../formats/checkpoint';
import { isPrunable } from '../formats/roles';
import type { LimitScope } from '../report/report';

/** A tensor as far as moments are to fit it. */
export interface MomentTarget {
  readonly name: string;
  readonly shape: readonly number[];
  readonly prunable: boolean;
}

/** A tensor of second moments, with the name of its parameter where that is known. */
export interface FittedMoment {
  readonly shape: readonly number[];
  readonly parameter?: string | undefined;
}

/** Which scopes' tensors all have second moments; where none has, why. */
export interface MomentFit {
  readonly scopes: readonly LimitScope[];
  /** Prunable tensors that there are no moments of, or of their shape too few. */
  readonly missing: readonly string[];
  /** There are moments of shapes that no tensor has: they are of another network. */
  readonly foreign: boolean;
}

/** {@link fitMoments} of a checkpoint's second moments to its other tensors; undefined if it has none. */
export function momentFit({ secondMoments = [], tensors }: Checkpoint): MomentFit | undefined {
  if (secondMoments.length === 0) return undefined;
  const parameters = new Map(secondMoments.map(({ tensor, parameter }) => [tensor, parameter]));
  const moments = tensors
    .filter(({ name }) => parameters.has(name))
    .map(({ name, shape }) => ({ shape, parameter: parameters.get(name) }));
  const trainable = tensors.filter(({ role, aliasOf }) => role !== 'optimizer' && aliasOf === undefined);
  return fitMoments(
    moments,
    trainable.map(({ name, shape, role, dtype }) => ({ name, shape, prunable: isPrunable(role, dtype) })),
  );
}

/**
 * Whether the second moments are those of these tensors.
 *
 * Most optimisers know their parameters by numbers only, in the order of the network's modules, which safetensors files do
 * not keep, and cut into groups. But as a distribution is all that is made of the moments, which of two tensors of one shape
 * a moment is of makes no difference. So they fit if, shape by shape, there are as many as tensors that can be pruned, and
 * no more than tensors. Where all have names, and these are names of tensors of the same shapes, the names decide.
 * @param targets all tensors that could be trained, shared memory once
 */
export function fitMoments(moments: readonly FittedMoment[], targets: readonly MomentTarget[]): MomentFit {
  const prunable = targets.filter((target) => target.prunable);
  const named = byNames(moments, targets);
  if (named !== undefined) {
    const missing = prunable.filter(({ name }) => !named.has(name));
    return { scopes: scopesWithout(missing), missing: missing.map(({ name }) => name), foreign: false };
  }
  const held = countBy(moments.map(({ shape }) => String(shape)));
  const all = countBy(targets.map(({ shape }) => String(shape)));
  const wanted = countBy(prunable.map(({ shape }) => String(shape)));
  const foreign = [...held].some(([shape, count]) => count > (all.get(shape) ?? 0));
  const isMissing = ({ shape }: MomentTarget): boolean =>
    (held.get(String(shape)) ?? 0) < (wanted.get(String(shape)) ?? 0);
  const missing = prunable.filter(isMissing);
  return { scopes: foreign ? [] : scopesWithout(missing), missing: missing.map(({ name }) => name), foreign };
}

/** The names of the moments' parameters, if each is that of another tensor, of the same shape; undefined otherwise. */
function byNames(moments: readonly FittedMoment[], targets: readonly MomentTarget[]): ReadonlySet<string> | undefined {
  const shapes = new Map(targets.map(({ name, shape }) => [name, String(shape)]));
  const names = new Set<string>();
  for (const { parameter, shape } of moments) {
    if (parameter === undefined || shapes.get(parameter) !== String(shape)) return undefined;
    names.add(parameter);
  }
  return names.size === moments.length ? names : undefined;
}

/** Scopes that all moments are there for, though those of some tensors are missing. */
function scopesWithout(missing: readonly MomentTarget[]): LimitScope[] {
  if (missing.length === 0) return ['parameters', 'weights'];
  return missing.every(({ shape }) => shape.length < 2) ? ['weights'] : [];
}

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
