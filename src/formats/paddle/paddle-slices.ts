import * as l10n from '@vscode/l10n';
import { elementCount } from '../shape';
import type { TensorStorage, Tile } from '../storage';
import type { ArrayPickle } from '../containers/pickle-checkpoint';
import type { PickledArray } from '../containers/pickled-arrays';
import type { PickleValue } from '../containers/pickle-values';

/** Key of the dict that says what the parameters are called in Paddle's programs. */
export const NAME_TABLE = 'StructuredToParameterName@@';

/** Key of the dict that says which arrays were cut up because protocols before 4 cannot hold them (Paddle's spelling). */
export const SLICES = 'UnpackBigParamInfor@@';

interface Named {
  readonly name: string;
  readonly array: PickledArray;
}

/**
 * The arrays of a pickle, under names that are there once, with those put together again that were cut into slices.
 * @throws {FormatError} if slices are missing, or do not make up the array
 */
export function joinSlices({ arrays, pickle, fail }: ArrayPickle): Named[] {
  const named = new Map<string, PickledArray>();
  for (const { name, array } of arrays) {
    let free = name;
    for (let copy = 2; named.has(free); copy++) free = `${name} (${copy})`;
    named.set(free, array);
  }
  const cut = pickle.value instanceof Map ? pickle.value.get(SLICES) : undefined;
  if (!(cut instanceof Map)) return [...named].map(([name, array]) => ({ name, array }));
  for (const [name, info] of cut) {
    const shape = info instanceof Map ? integers(info.get('OriginShape')) : undefined;
    const names = info instanceof Map ? info.get('slices') : undefined;
    const count = shape === undefined ? undefined : elementCount(shape);
    if (typeof name !== 'string' || shape === undefined || count === undefined || !Array.isArray(names)) {
      throw fail(l10n.t('does not say how its large arrays were cut up'));
    }
    const parts: PickledArray[] = [];
    for (const part of names) {
      const array = typeof part === 'string' ? named.get(part) : undefined;
      if (typeof part !== 'string' || array === undefined) throw fail(l10n.t('lacks a part of this array'), name);
      parts.push(array);
      named.delete(part);
    }
    named.set(
      name,
      joined(parts, shape, count, () => fail(l10n.t('has parts that do not make up its shape'), name)),
    );
  }
  return [...named].map(([name, array]) => ({ name, array }));
}

function integers(value: PickleValue | undefined): number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.every((item): item is number => typeof item === 'number') ? value : undefined;
}

/** Slices are of the flattened array, in order. */
function joined(
  parts: readonly PickledArray[],
  shape: readonly number[],
  count: number,
  fault: () => Error,
): PickledArray {
  const [first] = parts;
  const total = parts.reduce((sum, part) => sum + part.count, 0);
  const { dtype = 'float32', storage: sample } = first ?? {};
  const alike = parts.every((part) => part.dtype === dtype && part.storage.bigEndian === sample?.bigEndian);
  const flat = parts.every((part) => part.storage.strides === undefined);
  if (total !== count || !alike || !flat) throw fault();
  const order = sample?.bigEndian === true ? ({ bigEndian: true } as const) : {};
  if (parts.every(({ storage }) => storage.coding === undefined)) {
    return {
      dtype,
      shape,
      count,
      storage: { dtype, extents: parts.flatMap(({ storage }) => storage.extents), ...order },
    };
  }
  const tiles: Tile[] = [];
  let start = 0;
  for (const { storage, count: length } of parts) {
    if (length === 0) continue;
    tiles.push({ start: [start], shape: [length], storage });
    start += length;
  }
  const storage: TensorStorage = { dtype, extents: [], coding: { kind: 'tiles', shape: [count], tiles }, ...order };
  return { dtype, shape, count, storage };
}
