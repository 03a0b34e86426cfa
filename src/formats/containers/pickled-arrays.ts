import * as l10n from '@vscode/l10n';
import { BYTES_PER_ELEMENT, type DType } from '../dtype';
import type { FormatError } from '../errors';
import { MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import { elementCount } from '../shape';
import { MAX_FILTERED_BYTES, type TensorStorage } from '../storage';
import { PickleBlob, PickleCall, PickleGlobal, type PickleValue } from './pickle-values';
import { NUMPY_TYPES } from './numpy-types';

/** NumPy arrays in pickles that `unpickleFile` has read: recognised by the functions that make them, which do not run. */

/** Python's pickler is recursive and stops at a nesting of some 330; deeper objects come from no pickler. */
const MAX_NESTING = 1000;

/** Objects that are shared are met once each time they are; this many times their number, on average, is enough. */
const MAX_VISITS_PER_OBJECT = 4;
const FREE_VISITS = 10_000;

/** An array, and where its values are in file 0. */
export interface PickledArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly count: number;
  readonly storage: TensorStorage;
}

/** What an object of a pickle is: an array, or one that is not read and why, or (undefined) none. */
export type ArrayOrReason = PickledArray | string | undefined;

/** The arrays below an object. */
export interface FoundArrays {
  /** Names are the keys on the way, with dots. */
  readonly arrays: readonly { readonly name: string; readonly array: PickledArray }[];
  readonly unreadable: readonly { readonly name: string; readonly reason: string }[];
}

const RECONSTRUCT = /^numpy\.(_?core)\.multiarray\._reconstruct$/;
const FROM_BUFFER = /^numpy\.(_?core)\.numeric\._frombuffer$/;
const SCALAR = /^numpy\.(_?core)\.multiarray\.scalar$/;

type Fail = (reason: string, tensor?: string) => FormatError;

/**
 * All arrays below an object, in the order of the pickle. Objects that contain themselves are entered once.
 * @param objects bound on the number of objects: the pickle's instructions.
 * @param skip keys at the top that hold no weights.
 * @throws {FormatError} if an array contradicts itself, or objects are nested too deep, or too many
 */
export function findArrays(root: PickleValue, objects: number, fail: Fail, skip?: ReadonlySet<string>): FoundArrays {
  const arrays: { name: string; array: PickledArray }[] = [];
  const unreadable: { name: string; reason: string }[] = [];
  const open = new Set<PickleValue>();
  const frames: { value: PickleValue; path: string; children: (readonly [string, PickleValue])[]; next: number }[] = [];
  let visits = 0;
  const enter = (value: PickleValue, path: string): void => {
    if (value === null || typeof value !== 'object' || open.has(value)) return;
    const array = arrayOf(value, path, fail);
    const name = path === '' ? 'array' : path;
    if (array !== undefined) {
      if (arrays.length + unreadable.length >= MAX_TENSORS)
        throw fail(l10n.t('has more than {0} tensors', MAX_TENSORS));
      if (typeof array === 'string') unreadable.push({ name, reason: array });
      else arrays.push({ name, array });
      return;
    }
    const children = childrenOf(value).filter(([key]) => frames.length > 0 || skip?.has(key) !== true);
    visits += children.length + 1;
    if (visits > FREE_VISITS + MAX_VISITS_PER_OBJECT * objects) {
      throw fail(l10n.t('its objects refer to each other in more ways than are followed'));
    }
    if (children.length === 0) return;
    if (frames.length >= MAX_NESTING) throw fail(l10n.t('its objects are nested more than {0} deep', MAX_NESTING));
    open.add(value);
    frames.push({ value, path, children, next: 0 });
  };
  enter(root, '');
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const child = frame.children[frame.next++];
    if (child === undefined) {
      open.delete(frame.value);
      frames.pop();
      continue;
    }
    const path = frame.path === '' ? child[0] : `${frame.path}.${child[0]}`;
    if (path.length > MAX_NAME_LENGTH) throw fail(l10n.t('has names of more than {0} characters', MAX_NAME_LENGTH));
    enter(child[1], path);
  }
  return { arrays, unreadable };
}

function childrenOf(value: PickleValue): (readonly [string, PickleValue])[] {
  if (!(value instanceof PickleCall)) return itemsOf(value);
  const { args, entries, items, state } = value;
  return [
    ...(entries === undefined ? [] : entriesOf(entries)),
    ...itemsOf(items ?? []),
    ...args.flatMap((item, index) => (item instanceof PickleCall ? [[String(index), item] as const] : itemsOf(item))),
    ...(state instanceof PickleCall ? [['state', state] as const] : itemsOf(state ?? null)),
  ];
}

function itemsOf(value: PickleValue): (readonly [string, PickleValue])[] {
  if (value instanceof Map) return entriesOf(value);
  const items = value instanceof Set ? [...value] : Array.isArray(value) ? value : [];
  return items.map((item, index) => [String(index), item] as const);
}

function entriesOf(map: ReadonlyMap<PickleValue, PickleValue>): (readonly [string, PickleValue])[] {
  let position = 0;
  return [...map].map(([key, item]) => {
    position++;
    const isPlain = typeof key === 'string' || typeof key === 'number' || typeof key === 'bigint';
    return [isPlain ? String(key) : String(position), item] as const;
  });
}

/** Paddle keeps a tensor among other objects as tuple((its name, array)). */
function arrayInPair({ calleeName, args }: PickleCall): PickleCall | undefined {
  if (!/^(builtins|__builtin__)\.tuple$/.test(calleeName)) return undefined;
  const [pair] = args;
  if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string') return undefined;
  return pair[1] instanceof PickleCall ? pair[1] : undefined;
}

/**
 * The array that an object is.
 * @throws {FormatError} if its parts contradict each other
 */
function arrayOf(value: PickleValue, name: string, fail: Fail): ArrayOrReason {
  if (!(value instanceof PickleCall)) return undefined;
  const { calleeName, args, state } = arrayInPair(value) ?? value;
  if (RECONSTRUCT.test(calleeName)) {
    if (!Array.isArray(state)) return undefined;
    // (version, shape, type, whether in Fortran order, data); without the version in files of before 2006.
    const [shape, type, fortran, data] = state.slice(-4);
    return placed(shape, type, fortran === true || fortran === 1, data, name, fail);
  }
  if (FROM_BUFFER.test(calleeName)) return placed(args[2], args[1], args[3] === 'F', args[0], name, fail);
  if (SCALAR.test(calleeName)) return placed([], args[0], false, args[1], name, fail);
  return undefined;
}

function placed(
  sizes: PickleValue | undefined,
  type: PickleValue | undefined,
  fortran: boolean,
  data: PickleValue | undefined,
  name: string,
  fail: Fail,
): ArrayOrReason {
  const shape = Array.isArray(sizes) ? sizes.filter((size) => typeof size === 'number') : [];
  const count = elementCount(shape);
  if (!Array.isArray(sizes) || shape.length !== sizes.length || count === undefined) {
    throw fail(l10n.t('has a malformed shape, or more elements than can be counted'), name);
  }
  const element = elementType(type);
  if (element.dtype === undefined) return element.reason;
  const { dtype, bigEndian } = element;
  if (count === 0) return { dtype, shape, count, storage: { dtype, extents: [] } };
  const blob = blobOf(data);
  if (blob === undefined) return l10n.t('an array of Python objects');
  const bytes = count * BYTES_PER_ELEMENT[dtype];
  const longest = blob.encoding === 'utf8' ? 2 * bytes : bytes;
  if (!Number.isSafeInteger(bytes) || blob.length < bytes || blob.length > longest) {
    throw fail(l10n.t('has {0} bytes of values, not the {1} of its shape', blob.length, bytes), name);
  }
  if (blob.encoding === 'utf8' && bytes > MAX_FILTERED_BYTES) {
    return l10n.t('written as text, and larger than {0} bytes', MAX_FILTERED_BYTES);
  }
  const strides = fortran ? fortranStrides(shape) : undefined;
  const storage: TensorStorage = {
    dtype,
    extents: [{ file: 0, offset: blob.offset, length: blob.length }],
    ...(blob.encoding === 'utf8'
      ? { coding: { kind: 'filtered', filters: [{ name: 'utf8' }], decodedBytes: bytes } }
      : {}),
    ...(bigEndian ? { bigEndian } : {}),
    ...(strides === undefined ? {} : { strides }),
  };
  return { dtype, shape, count, storage };
}

/** Bytes, bytes of a bytearray, or text that a function makes bytes of. */
function blobOf(data: PickleValue | undefined): PickleBlob | undefined {
  if (data instanceof PickleBlob) return data;
  if (!(data instanceof PickleCall)) return undefined;
  const isBytes = /^(_codecs\.encode|(builtins|__builtin__)\.(bytes|bytearray))$/.test(data.calleeName);
  const [inner] = data.args;
  return isBytes && inner instanceof PickleBlob ? inner : undefined;
}

type ElementType =
  { readonly dtype: DType; readonly bigEndian: boolean } | { readonly dtype: undefined; readonly reason: string };

/** `numpy.dtype("f4", False, True)` with the state (3, "<", …). */
function elementType(type: PickleValue | undefined): ElementType {
  if (type instanceof PickleCall && /^(numpy|numpy\.dtypes)\.\w+$/.test(type.calleeName)) {
    const [code] = type.args;
    const order = Array.isArray(type.state) ? type.state[1] : undefined;
    const dtype = typeof code === 'string' ? NUMPY_TYPES.get(code.replace(/^[<>|=]/, '')) : undefined;
    if (dtype !== undefined) {
      const isBig = order === '>' || (typeof code === 'string' && code.startsWith('>'));
      return { dtype, bigEndian: isBig && BYTES_PER_ELEMENT[dtype] > 1 };
    }
    if (code === 'O8' || code === 'O4' || code === 'O') {
      return { dtype: undefined, reason: l10n.t('an array of Python objects') };
    }
    if (typeof code === 'string') return { dtype: undefined, reason: l10n.t('of the type {0}', code.slice(0, 40)) };
  }
  const shown = type instanceof PickleGlobal ? type.qualifiedName : '?';
  return { dtype: undefined, reason: l10n.t('of the type {0}', shown) };
}

/** Undefined where they are those of C order. */
function fortranStrides(shape: readonly number[]): number[] | undefined {
  if (shape.filter((size) => size > 1).length < 2) return undefined;
  let stride = 1;
  return shape.map((size) => {
    const own = stride;
    stride *= size;
    return own;
  });
}
