import type { SecondMoment, TensorEntry } from '../checkpoint';
import { BYTES_PER_ELEMENT } from '../dtype';
import { UniqueNames } from '../containers/unique-names';
import { MAX_TENSORS } from '../limits';
import { MAX_EXTENTS, type FlatPart } from './zero-layout';
import { placeTrained, type ZeroParts } from './zero-network';
import type { ShareMoment } from './zero-share-moments';
import type { ZeroParameter } from './zero-states';

/** Adam's second moments of a network, with the tensors that hold them. */
export interface ZeroMoments {
  readonly tensors: readonly TensorEntry[];
  readonly secondMoments: readonly SecondMoment[];
}

const NONE: ZeroMoments = { tensors: [], secondMoments: [] };

/**
 * Puts Adam's second moments together as the weights are, by the names of the parameters.
 * @param known tensors of the network
 * @returns none if some processes have none, the processes' are not alike, or there are too many
 * @throws {FormatError} if sizes do not add up
 */
export function listMoments(parts: ZeroParts, known: readonly TensorEntry[]): ZeroMoments {
  const { shares } = parts;
  const moments = shares.flatMap((share) => (share.moments === undefined ? [] : [share.moments]));
  const [first] = moments;
  const dtype = first?.[0]?.dtype;
  if (first === undefined || dtype === undefined || moments.length < shares.length || !areAlike(moments, first)) {
    return NONE;
  }
  // Weights come before them where the two together are too many to list.
  const extents = known.reduce((sum, { storage }) => sum + storage.extents.length, 0);
  const count = known.length + parts.model.groups.flat().length + first.length;
  if (2 * extents > MAX_EXTENTS || count > MAX_TENSORS) return NONE;
  const names = new UniqueNames();
  for (const { name } of known) names.take(name);
  const steps = first.map(({ step }, group): { readonly step: number | string; readonly tensor?: TensorEntry } => {
    if (typeof step === 'number') return { step };
    const name = names.take(`optimizer.state.${group}.step`);
    return { step: name, tensor: { name, shape: [], count: 1, role: 'optimizer', ...step } };
  });
  const ranks = moments.map((ofRank) => ofRank.map(({ part }) => part));
  const groups = groupsOf(parts, ranks[0] ?? []);
  const order = shares[0]?.bigEndian === true && BYTES_PER_ELEMENT[dtype] > 1 ? ({ bigEndian: true } as const) : {};
  const tensors = steps.flatMap(({ tensor }) => tensor ?? []);
  const secondMoments: SecondMoment[] = [];
  for (const [parameter, extents] of placeTrained(parts, ranks, dtype)) {
    const group = groups.get(parameter) ?? 0;
    const name = names.take(`optimizer.state.${parameter.name}.exp_avg_sq`);
    const { shape, count } = parameter;
    tensors.push({ name, dtype, shape, count, role: 'optimizer', storage: { dtype, extents, ...order } });
    secondMoments.push({
      tensor: name,
      parameter: parameter.name,
      decay: first[group]?.decay ?? 0,
      step: steps[group]?.step ?? 0,
    });
  }
  return { tensors, secondMoments };
}

function areAlike(moments: readonly (readonly ShareMoment[])[], first: readonly ShareMoment[]): boolean {
  return moments.every((ofRank) =>
    ofRank.every(({ dtype, decay }, index) => dtype === first[0]?.dtype && decay === first[index]?.decay),
  );
}

/** Which of the optimiser's flat tensors each parameter begins in. */
function groupsOf({ model, shares }: ZeroParts, parts: readonly FlatPart[]): ReadonlyMap<ZeroParameter, number> {
  const groups = new Map<ZeroParameter, number>();
  if (shares[0]?.stage !== 3) {
    model.groups.forEach((parameters, group) => {
      for (const parameter of parameters) groups.set(parameter, group);
    });
    return groups;
  }
  let [group, taken] = [0, 0];
  for (const parameter of model.groups.flat()) {
    for (let part = parts[group]; part !== undefined && taken >= part.count; part = parts[group]) {
      taken -= part.count;
      group++;
    }
    groups.set(parameter, Math.min(group, parts.length - 1));
    taken += Math.ceil(parameter.count / shares.length);
  }
  return groups;
}
