import * as l10n from '@vscode/l10n';
import type { CheckpointNote, TensorEntry, TensorRole } from '../checkpoint';
import { BYTES_PER_ELEMENT, isFloatingPoint, type DType } from '../dtype';
import { MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import { tensorRole } from '../roles';
import { PickleCall, type PickleValue } from '../containers/pickle-values';
import { rebuildTensor } from './pytorch-rebuild';
import { RANK, type NamedTensor } from './pytorch-sections';
import { placeTensors } from './pytorch-views';
import type { TensorView } from './tensor-view';
import type { ZeroFile } from './zero-files';
import { placeGroups, placeShares, type FlatPart, type Placement } from './zero-layout';
import type { ElementType, FrozenShare, Share } from './zero-shares';
import { plainView, type ModelStates, type ZeroParameter } from './zero-states';

/** What a checkpoint is put together from. */
export interface ZeroParts {
  /** The file with the module. */
  readonly main: ZeroFile;
  readonly model: ModelStates;
  /** One a process. */
  readonly shares: readonly Share[];
  /** One a process, of stage 3 with parameters that are not trained. */
  readonly frozen: readonly FrozenShare[];
}

/** The tensors of a network, put together. */
export interface ZeroNetwork {
  readonly entries: readonly TensorEntry[];
  readonly notes: readonly CheckpointNote[];
  /** Tensors that are not read, and why. */
  readonly unreadable: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * The tensors of a network in the order of its module: trained parameters as the optimiser has them, those that are not
 * trained, buffers, and tied parameters as aliases.
 * @throws {FormatError} if sizes do not add up
 */
export function listNetwork(parts: ZeroParts): ZeroNetwork {
  const { main, model } = parts;
  const { module, shared, groups, frozen } = model;
  const entries = new Map<PickleValue, TensorEntry>();
  for (const entry of trained(parts)) entries.set(entry.name, entry);
  for (const entry of frozenShares(parts)) entries.set(entry.name, entry);
  const tied = new Map<PickleValue, PickleValue>();
  for (const [name, original] of shared) if (!entries.has(name) && name !== original) tied.set(name, original);
  const stored = storedTensors(parts, entries, tied);
  const placed = placeTensors(stored.tensors, main.storages, main.fail);
  for (const entry of placed.entries) entries.set(entry.name, entry);
  const listed = new Map<PickleValue, TensorEntry>();
  const list = (name: PickleValue): void => {
    const entry = entries.get(name) ?? alias(name, listed.get(tied.get(name) ?? null));
    if (entry !== undefined && !listed.has(name)) listed.set(name, entry);
  };
  const names = [...module.keys(), ...[...groups, frozen].flatMap((group) => group.map(({ name }) => name))];
  for (const name of names) list(name);
  // Those that come before their original.
  for (const name of tied.keys()) list(name);
  if (listed.size > MAX_TENSORS) throw main.fail(l10n.t('has more than {0} tensors', MAX_TENSORS));
  const unreadable = stored.unreadable.filter(({ name }) => !listed.has(name));
  return { entries: [...listed.values()], notes: placed.notes, unreadable };
}

function alias(name: PickleValue, original: TensorEntry | undefined): TensorEntry | undefined {
  if (original === undefined || typeof name !== 'string' || name.length > MAX_NAME_LENGTH) return undefined;
  const role = tensorRole(name, original.shape, original.dtype);
  return { ...original, name, role, aliasOf: original.aliasOf ?? original.name };
}

/** The parameters that the optimiser has. */
function* trained(parts: ZeroParts): Generator<TensorEntry> {
  const [first] = parts.shares;
  if (first === undefined) return;
  const ranks = parts.shares.map((share) => share.parts);
  yield* entriesOf(placeTrained(parts, ranks, first.dtype), first);
}

/**
 * Where values are that lie as the trained parameters do.
 * @param ranks of each process its flat tensors
 * @throws {FormatError} if sizes do not add up
 */
export function placeTrained(
  { main, model: { groups }, shares }: ZeroParts,
  ranks: readonly (readonly FlatPart[])[],
  dtype: DType,
): Placement {
  const [{ stage, paddings } = { stage: 3, paddings: undefined }] = shares;
  const width = BYTES_PER_ELEMENT[dtype];
  if (stage === 3) return placeShares(groups.flat(), ranks, width, main.fail);
  const flat = ranks[0]?.length ?? 0;
  if (groups.length !== flat) {
    throw main.fail(
      l10n.t('has shapes of {0} groups of parameters, but the files of the optimiser have {1}', groups.length, flat),
    );
  }
  return placeGroups(groups, ranks, paddings, width, main.fail);
}

/** The parameters that are not trained, where they are cut up as well; by type, as their runs may differ in it. */
function* frozenShares({ main, model, frozen }: ZeroParts): Generator<TensorEntry> {
  const [first] = frozen;
  if (first === undefined) return;
  const { bigEndian } = first;
  const byType = new Map<DType, number[]>();
  first.fragments.forEach(({ dtype }, index) => {
    const indices = byType.get(dtype);
    if (indices === undefined) byType.set(dtype, [index]);
    else indices.push(index);
  });
  for (const [dtype, indices] of byType) {
    const parameters = indices.flatMap((index) => model.frozen[index] ?? []);
    const ranks = frozen.map((share) =>
      indices.flatMap((index) => {
        const fragment = share.fragments[index];
        if (fragment?.dtype !== dtype || share.bigEndian !== bigEndian) {
          throw main.fail(l10n.t('is of different types in the files of the processes'), model.frozen[index]?.name);
        }
        return fragment.part;
      }),
    );
    yield* entriesOf(placeShares(parameters, ranks, BYTES_PER_ELEMENT[dtype], main.fail), { dtype, bigEndian });
  }
}

function* entriesOf(placement: Placement, { dtype, bigEndian }: ElementType): Generator<TensorEntry> {
  const order = bigEndian && BYTES_PER_ELEMENT[dtype] > 1 ? { bigEndian } : {};
  for (const [{ name, shape, count }, extents] of placement) {
    yield { name, dtype, shape, count, role: tensorRole(name, shape, dtype), storage: { dtype, extents, ...order } };
  }
}

interface StoredTensors {
  readonly tensors: readonly NamedTensor[];
  readonly unreadable: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * What the file with the module has values of, and the optimiser has not: buffers, parameters that are not trained. Those
 * that share the memory of a trained parameter are tied to it.
 */
function storedTensors(
  { main, model, shares }: ZeroParts,
  known: ReadonlyMap<PickleValue, TensorEntry>,
  tied: Map<PickleValue, PickleValue>,
): StoredTensors {
  const isCutUp = shares[0]?.stage === 3;
  const tensors: NamedTensor[] = [];
  const unreadable: { name: string; reason: string }[] = [];
  const add = (name: string, view: TensorView): void => {
    tensors.push({ name, view, role: storedRole(name, view, model.buffers), rank: RANK.weights });
  };
  const isHere = (name: PickleValue = null): boolean => known.has(name) || frozen.has(name);
  const memory = new Map<string, PickleValue>();
  const frozen = new Map<PickleValue, ZeroParameter>(
    isCutUp ? [] : model.frozen.map((parameter) => [parameter.name, parameter]),
  );
  for (const { name, shape } of frozen.values()) {
    const view = plainView(model.fragments.get(name));
    if (view?.shape.join() !== shape.join()) throw main.fail(l10n.t('has no values here'), name);
    add(name, view);
  }
  for (const [name, value] of model.module) {
    if (typeof name !== 'string' || name.length > MAX_NAME_LENGTH || frozen.has(name)) continue;
    const rebuilt = value instanceof PickleCall ? rebuildTensor(value) : undefined;
    if (rebuilt?.kind === 'malformed') throw main.fail(rebuilt.reason, name);
    if (rebuilt?.kind === 'unreadable' && !known.has(name)) unreadable.push({ name, reason: rebuilt.reason });
    if (rebuilt?.kind !== 'tensor') continue;
    const { view } = rebuilt;
    const place = [view.storage.key, view.byteOffset, view.dtype, view.shape, view.strides].join('|');
    const twin = view.count === 0 ? undefined : memory.get(place);
    if (known.has(name)) memory.set(place, name);
    else if (isCutUp && view.count === 0 && !model.buffers.has(name)) {
      unreadable.push({ name, reason: l10n.t('without values in these files') });
    } else if (twin !== undefined) tied.set(name, twin);
    else if (!isHere(tied.get(name))) add(name, view);
  }
  return { tensors, unreadable };
}

function storedRole(name: string, { shape, dtype }: TensorView, buffers: ReadonlySet<PickleValue>): TensorRole {
  return buffers.has(name) && isFloatingPoint(dtype) ? 'buffer' : tensorRole(name, shape, dtype);
}
