import * as l10n from '@vscode/l10n';
import { BYTES_PER_ELEMENT, type DType } from '../dtype';
import { MAX_DIMENSIONS, MAX_NAME_LENGTH, MAX_TENSORS } from '../limits';
import { elementCount } from '../shape';
import { JsonCursor } from '../containers/json-cursor';
import type { TensorView } from './tensor-view';

const REMEDY = l10n.t('The file is damaged or not written by PyTorch: check where it comes from, or save it again.');

/** `ScalarType` of `torch/_export/serde/schema.py`. */
const TYPES: ReadonlyMap<number, DType> = new Map([
  [1, 'uint8'],
  [2, 'int8'],
  [3, 'int16'],
  [4, 'int32'],
  [5, 'int64'],
  [6, 'float16'],
  [7, 'float32'],
  [8, 'float64'],
  [10, 'complex64'],
  [11, 'complex128'],
  [12, 'bool'],
  [13, 'bfloat16'],
  [28, 'uint16'],
  [29, 'float8_e4m3fn'],
  [30, 'float8_e5m2'],
  [31, 'float8_e4m3fnuz'],
  [32, 'float8_e5m2fnuz'],
  [33, 'float8_e8m0fnu'],
  [34, 'uint32'],
  [35, 'uint64'],
]);

/** `Layout.Strided` there. */
const STRIDED = 7;

/** What the config of a program says of one tensor. */
export interface Payload {
  readonly name: string;
  /** Name of the file of its values, beside the config. */
  readonly file: string;
  readonly isParameter: boolean;
  /** Undefined if it is not read; its storage is for the caller to fill in. */
  readonly view?: Omit<TensorView, 'storage'>;
  /** Why it is not read. Neither this nor a view: it is no tensor. */
  readonly reason?: string;
}

/**
 * Reads `…_weights_config.json` or `…_constants_config.json` (`PayloadConfig` in `torch/export/pt2_archive/`).
 * @throws {FormatError}
 */
export function readPayloads(bytes: Uint8Array, file: string): Payload[] {
  const json = new JsonCursor(bytes, file, REMEDY);
  const payloads = new Map<string, Payload>();
  json.readObject(l10n.t('the list of weights'), (section) => {
    if (section !== 'config' || json.peek() !== 'object') {
      json.skip();
      return;
    }
    json.readObject('"config"', (name, offset) => {
      if (name.length > MAX_NAME_LENGTH) {
        throw json.error(l10n.t('has a name of more than {0} characters', MAX_NAME_LENGTH), offset);
      }
      if (payloads.size >= MAX_TENSORS) throw json.error(l10n.t('lists more than {0} tensors', MAX_TENSORS), offset);
      if (payloads.has(name)) throw json.error(l10n.t('lists the tensor {0} twice', JSON.stringify(name)), offset);
      payloads.set(name, readPayload(json, name, offset));
    });
  });
  json.end();
  return [...payloads.values()];
}

function readPayload(json: JsonCursor, name: string, offset: number): Payload {
  let file = '';
  let isParameter = false;
  const pickled: boolean[] = [];
  const metas: Meta[] = [];
  json.readObject(JSON.stringify(name), (key) => {
    if (key === 'path_name' && json.peek() === 'string') file = json.readString('"path_name"');
    else if (key === 'is_param') isParameter = json.readBoolean(key);
    else if (key === 'use_pickle') pickled.push(json.readBoolean(key));
    else if (key === 'tensor_meta' && json.peek() === 'object') metas.push(readMeta(json));
    else json.skip();
  });
  const payload = { name, file, isParameter };
  const [meta] = metas;
  if (meta === undefined) return payload;
  const { dtype: type, layout, sizes, strides, first } = meta;
  const dtype = TYPES.get(type);
  if (pickled.includes(true)) return { ...payload, reason: l10n.t('packed, of a class of its own') };
  if (layout !== STRIDED) return { ...payload, reason: l10n.t('sparse') };
  if (dtype === undefined) return { ...payload, reason: l10n.t('of the type {0}', type) };
  if (sizes === undefined || strides === undefined || first === undefined) {
    return { ...payload, reason: l10n.t('of a shape that is not known in advance') };
  }
  const count = elementCount(sizes);
  if (count === undefined || strides.length !== sizes.length) {
    throw json.error(l10n.t('has a malformed shape, or more elements than can be counted'), offset);
  }
  return { ...payload, view: { dtype, byteOffset: first * BYTES_PER_ELEMENT[dtype], shape: sizes, strides, count } };
}

interface Meta {
  dtype: number;
  layout: number;
  sizes?: number[];
  strides?: number[];
  first?: number;
}

function readMeta(json: JsonCursor): Meta {
  const meta: Meta = { dtype: 0, layout: STRIDED };
  json.readObject('"tensor_meta"', (key) => {
    if ((key === 'dtype' || key === 'layout') && json.peek() === 'number') meta[key] = json.readNumber(key);
    else if ((key === 'sizes' || key === 'strides') && json.peek() === 'array') {
      const numbers: (number | undefined)[] = [];
      json.readArray(key, () => {
        if (numbers.length > MAX_DIMENSIONS) throw json.error(l10n.t('has more than {0} dimensions', MAX_DIMENSIONS));
        numbers.push(readInteger(json));
      });
      if (numbers.every((number) => number !== undefined)) meta[key] = numbers;
    } else if (key === 'storage_offset') {
      const first = readInteger(json);
      if (first !== undefined) meta.first = first;
    } else json.skip();
  });
  return meta;
}

/** `{"as_int": 3}`; undefined for symbols. */
function readInteger(json: JsonCursor): number | undefined {
  if (json.peek() !== 'object') {
    json.skip();
    return undefined;
  }
  let value: number | undefined;
  json.readObject('"as_int"', (key) => {
    if (key === 'as_int') value = json.readSize(key);
    else json.skip();
  });
  return value;
}
