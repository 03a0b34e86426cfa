import * as l10n from '@vscode/l10n';
import type { ProtobufInput, ProtobufRange } from '../containers/protobuf';
import { MAX_NAME_LENGTH } from '../limits';
import { readTensor, type ProtoTensor } from './onnx-tensor';
import { ONNX_TYPES } from './onnx-types';

/** Lists of numbers in attributes have a few numbers a dimension. */
const MAX_ATTRIBUTE_NUMBERS = 1024;

/** Operators take a handful of texts at most: names of activations of recurrent networks. */
const MAX_ATTRIBUTE_TEXTS = 64;

/** A single value in an attribute has 8 bytes at most; in a varint, 10. */
const MAX_SINGLE_BYTES = 16;

/** An attribute of an operator, whichever of its fields are set. */
export interface OnnxAttribute {
  readonly name: string;
  readonly integers: readonly number[];
  readonly floats: readonly number[];
  readonly texts: readonly string[];
  /** A tensor of one number, as ConstantOfShape takes it. */
  readonly single?: SingleValue;
  /** It is a graph, a type, a longer tensor, or refers to an attribute of the function around it. */
  readonly isOther: boolean;
}

export interface SingleValue {
  readonly value: number;
  readonly type: 'float' | 'int' | 'bool';
}

/** Reads an AttributeProto. @throws {FormatError} */
export async function readAttribute(input: ProtobufInput, range: ProtobufRange): Promise<OnnxAttribute> {
  const integers: number[] = [];
  const floats: number[] = [];
  const texts: string[] = [];
  let name = '';
  let tensor: ProtobufRange | undefined;
  let isOther = false;
  const fields = input.fields(range);
  while (fields.next() ?? (await fields.load())) {
    switch (fields.number) {
      case 1:
        name = fields.text(MAX_NAME_LENGTH);
        break;
      case 2:
        floats.push(fields.float);
        break;
      case 7: {
        const numbers = fields.wireType === 5 ? [fields.float] : await packedFloats(input, fields.range);
        floats.push(...numbers);
        break;
      }
      case 3:
      case 8:
        await fields.appendInt64(integers, MAX_ATTRIBUTE_NUMBERS);
        break;
      case 4:
      case 9:
        texts.push(fields.text(MAX_NAME_LENGTH));
        break;
      case 5:
        tensor = fields.range;
        break;
      case 13:
      case 20:
        break;
      default:
        isOther = true;
    }
    if (floats.length > MAX_ATTRIBUTE_NUMBERS || texts.length > MAX_ATTRIBUTE_TEXTS) {
      throw input.error(range.start, l10n.t('lists more than {0} numbers', MAX_ATTRIBUTE_NUMBERS));
    }
  }
  const single = tensor === undefined ? undefined : await singleValue(input, await readTensor(input, tensor));
  isOther ||= tensor !== undefined && single === undefined;
  return { name, integers, floats, texts, isOther, ...(single === undefined ? {} : { single }) };
}

async function packedFloats(input: ProtobufInput, range: ProtobufRange): Promise<number[]> {
  const bytes = await input.bytes(range, 4 * MAX_ATTRIBUTE_NUMBERS);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => view.getFloat32(4 * index, true));
}

/** The value of a tensor of one element; undefined for others, and for types that no network computes with. */
async function singleValue(
  input: ProtobufInput,
  { dims, dataType, raw, numbers, external }: ProtoTensor,
): Promise<SingleValue | undefined> {
  const name = ONNX_TYPES.get(dataType)?.name ?? '';
  if (external !== undefined || dims.some((size) => size !== 1)) return undefined;
  const type = name === 'FLOAT' || name === 'DOUBLE' ? 'float' : name === 'BOOL' ? 'bool' : 'int';
  if (raw !== undefined) {
    const bytes = await input.bytes(raw, MAX_SINGLE_BYTES);
    const value = rawValue(name, new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
    return value === undefined ? undefined : { value, type };
  }
  const [run] = numbers?.runs ?? [];
  if (numbers === undefined || run === undefined || run.end - run.start > MAX_SINGLE_BYTES) return undefined;
  // A number that is not packed stands behind its tag, which has one byte.
  const start = numbers.packed ? run.start : run.start + 1;
  const place = { start, end: run.end, depth: 0 };
  if (name === 'FLOAT' || name === 'DOUBLE') {
    const bytes = await input.bytes(place, MAX_SINGLE_BYTES);
    const value = rawValue(name, new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
    return value === undefined ? undefined : { value, type };
  }
  if (!['INT64', 'INT32', 'BOOL', 'INT8', 'UINT8'].includes(name)) return undefined;
  const [value] = await input.packedInt64(place, 1);
  return value === undefined ? undefined : { value, type };
}

function rawValue(name: string, view: DataView): number | undefined {
  switch (`${name} ${view.byteLength}`) {
    case 'FLOAT 4':
      return view.getFloat32(0, true);
    case 'DOUBLE 8':
      return view.getFloat64(0, true);
    case 'INT64 8':
      return Number(view.getBigInt64(0, true));
    case 'INT32 4':
      return view.getInt32(0, true);
    case 'BOOL 1':
    case 'UINT8 1':
      return view.getUint8(0);
    case 'INT8 1':
      return view.getInt8(0);
    default:
      return undefined;
  }
}
