import * as l10n from '@vscode/l10n';
import type { DType } from '../dtype';
import type { FormatError } from '../errors';
import { MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import { elementCount, product } from '../shape';
import { PickleCall, PickleGlobal, type PickleDict, type PickleValue } from '../containers/pickle-values';
import { torchDType } from './pytorch-dtypes';
import { attributes, dictOf, integers, isIndex } from './pytorch-objects';

/** Chunks of one checkpoint: of the largest published, sharded over a thousand ranks, it takes some 10⁵. */
export const MAX_CHUNKS = 1_000_000;

const METADATA = 'torch.distributed.checkpoint.metadata.Metadata';

/** A box of a tensor and where it is stored. */
export interface StoredChunk {
  /** Index of its first element in the whole, one number a dimension. */
  readonly start: readonly number[];
  readonly shape: readonly number[];
  /** File, relative to the folder of the metadata, with the bytes of the chunk in it. */
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** A tensor of a distributed checkpoint. */
export interface DistributedTensor {
  /** Its name, flattened. */
  readonly name: string;
  /** The keys under which it stood in the dict that was saved. */
  readonly path: readonly PickleValue[];
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly count: number;
  readonly chunks: readonly StoredChunk[];
}

/** What the `.metadata` of a distributed checkpoint says. */
export interface DistributedMetadata {
  readonly tensors: readonly DistributedTensor[];
  /** Tensors that are not read. */
  readonly unreadable: readonly { readonly name: string; readonly reason: string }[];
}

const NOWHERE: ReadonlyMap<string, PickleDict> = new Map();

type Fail = (reason: string, tensor?: string) => FormatError;

/** Whether an object is the `Metadata` of `torch/distributed/checkpoint/metadata.py`. */
export function isDistributedMetadata(value: PickleValue): boolean {
  return value instanceof PickleCall && className(value) === METADATA;
}

/**
 * Reads the metadata object: shapes and chunks from `state_dict_metadata`, where they are stored from `storage_data`.
 * @throws {FormatError} if they contradict each other: chunks that overlap, leave gaps, or are not stored.
 */
export function readDistributedMetadata(value: PickleValue, fail: Fail): DistributedMetadata {
  const fields = attributes(value);
  const described = dictOf(fields?.get('state_dict_metadata'));
  const stored = dictOf(fields?.get('storage_data'));
  if (described === undefined || stored === undefined) {
    throw fail(l10n.t('does not say which tensors there are and where they are stored'));
  }
  if (described.size > MAX_TENSORS) throw fail(l10n.t('has more than {0} tensors', MAX_TENSORS));
  if (stored.size > MAX_CHUNKS) throw fail(l10n.t('has more than {0} chunks', MAX_CHUNKS));
  const places = readPlaces(stored, fail);
  const paths = dictOf(fields?.get('planner_data'));
  const tensors: DistributedTensor[] = [];
  const unreadable: { name: string; reason: string }[] = [];
  for (const [name, metadata] of described) {
    if (typeof name !== 'string' || name.length > MAX_NAME_LENGTH) {
      throw fail(l10n.t('has names of more than {0} characters', MAX_NAME_LENGTH));
    }
    if (!(metadata instanceof PickleCall) || !className(metadata).endsWith('.TensorStorageMetadata')) continue;
    const tensor = readTensor(name, metadata, pathOf(paths, name), places.get(name) ?? NOWHERE, fail);
    if (typeof tensor === 'string') unreadable.push({ name, reason: tensor });
    else tensors.push(tensor);
  }
  return { tensors, unreadable };
}

/** Objects are made by their class (NEWOBJ), or by `copyreg._reconstructor` of it. */
function className({ callee, calleeName, args }: PickleCall): string {
  if (!/^copy_?reg\.(_reconstructor|__newobj__)$/.test(calleeName)) {
    return callee instanceof PickleGlobal ? callee.qualifiedName : '';
  }
  return args[0] instanceof PickleGlobal ? args[0].qualifiedName : '';
}

/** Where the chunks of each tensor are, by their start. */
function readPlaces(stored: PickleDict, fail: Fail): Map<string, Map<string, PickleDict>> {
  const places = new Map<string, Map<string, PickleDict>>();
  for (const [key, info] of stored) {
    const index = attributes(key);
    const name = index?.get('fqn');
    const place = attributes(info);
    if (index === undefined || place === undefined || typeof name !== 'string') {
      throw fail(l10n.t('has a malformed place of a chunk'));
    }
    const start = integers(index.get('offset') ?? undefined);
    let chunks = places.get(name);
    if (chunks === undefined) places.set(name, (chunks = new Map<string, PickleDict>()));
    chunks.set(start?.join() ?? '', place);
  }
  return places;
}

function pathOf(paths: PickleDict | undefined, name: string): readonly PickleValue[] {
  const path = paths?.get(name);
  return Array.isArray(path) && path.length > 0 ? path : [name];
}

function readTensor(
  name: string,
  metadata: PickleCall,
  path: readonly PickleValue[],
  places: ReadonlyMap<string, PickleDict>,
  fail: Fail,
): DistributedTensor | string {
  const fields = attributes(metadata);
  const shape = integers(fields?.get('size'));
  const count = shape === undefined ? undefined : elementCount(shape);
  if (shape === undefined || count === undefined) {
    throw fail(l10n.t('has a malformed shape, or more elements than can be counted'), name);
  }
  const type = typeName(fields?.get('properties'));
  const dtype = torchDType(type);
  if (dtype === undefined) return l10n.t('of the type {0}', type);
  const chunks = fields?.get('chunks');
  if (!Array.isArray(chunks)) throw fail(l10n.t('has a malformed chunk'), name);
  const read = chunks.map((chunk) => readChunk(chunk, shape, name, places, fail));
  checkCover(read, count, name, fail);
  return { name, path, dtype, shape, count, chunks: read };
}

/** `TensorProperties` keeps a tuple that begins with the type; a dict in older versions. */
function typeName(properties: PickleValue | undefined): string {
  const state = properties instanceof PickleCall ? properties.state : undefined;
  const type = Array.isArray(state) ? state[0] : state instanceof Map ? state.get('dtype') : undefined;
  return type instanceof PickleGlobal ? type.qualifiedName : '?';
}

function readChunk(
  chunk: PickleValue,
  whole: readonly number[],
  name: string,
  places: ReadonlyMap<string, PickleDict>,
  fail: Fail,
): StoredChunk {
  const start = integers(attributes(chunk)?.get('offsets'));
  const shape = integers(attributes(chunk)?.get('sizes'));
  if (start?.length !== whole.length || shape?.length !== whole.length || ![...start, ...shape].every(isIndex)) {
    throw fail(l10n.t('has a malformed chunk'), name);
  }
  if (whole.some((size, dimension) => (start[dimension] ?? 0) + (shape[dimension] ?? 0) > size)) {
    throw fail(l10n.t('has a chunk that reaches beyond its shape'), name);
  }
  const place = places.get(start.join()) ?? (whole.length === 0 ? places.get('') : undefined);
  if (place === undefined) throw fail(l10n.t('has a chunk that is stored nowhere'), name);
  const [file, offset, length] = [place.get('relative_path'), place.get('offset'), place.get('length')];
  if (typeof file !== 'string' || !isIndex(offset) || !isIndex(length)) {
    throw fail(l10n.t('has a malformed place of a chunk'), name);
  }
  const transforms = place.get('transform_descriptors');
  if (Array.isArray(transforms) && transforms.length > 0) {
    throw fail(
      l10n.t('is stored compressed ({0}), which is not read', transforms.map(String).join(', ').slice(0, 100)),
      name,
    );
  }
  return { start, shape, file, offset, length };
}

/** Chunks come from a grid or from an uneven cut, so whether they overlap is judged by what they add up to and their starts. */
function checkCover(chunks: readonly StoredChunk[], count: number, name: string, fail: Fail): void {
  let covered = 0;
  const starts = new Set<string>();
  for (const { start, shape } of chunks) {
    const elements = product(shape);
    if (elements > 0 && starts.has(start.join())) throw fail(l10n.t('has two chunks at the same place'), name);
    if (elements > 0) starts.add(start.join());
    covered += elements;
  }
  if (covered !== count) throw fail(l10n.t('has {0} elements, but chunks of {1}', count, covered), name);
}
