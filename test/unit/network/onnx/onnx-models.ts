/** Writes small ONNX models whose inputs have types, so that ONNX Runtime takes them, too. */

import { field, graph, message, node, tensor } from '../../formats/onnx-bytes';
import { pseudoRandom } from './run-onnx';

/** An attribute: a real number, whole numbers (one or a list), or a text. */
export type AttributeValue =
  { readonly float: number } | { readonly floats: readonly number[] } | number | readonly number[] | string;

/** An initializer: random numbers of this shape, given numbers, or whole numbers. */
export type ConstantOf =
  | { readonly shape: readonly number[]; readonly from?: number; readonly to?: number; readonly name?: string }
  | { readonly floats: readonly number[]; readonly shape?: readonly number[] }
  | { readonly integers: readonly number[]; readonly shape?: readonly number[] }
  /** Codes of quantised numbers, −128 to 127. */
  | { readonly codes: readonly number[]; readonly shape: readonly number[] };

export interface NodeOf {
  readonly operator: string;
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** `x` is the input of the model, `y` its output; others are initializers or outputs of nodes before. */
  readonly inputs: readonly string[];
  readonly outputs?: readonly string[];
}

export interface ModelOf {
  readonly nodes: readonly NodeOf[];
  readonly constants?: Readonly<Record<string, ConstantOf>>;
  /** Shape of the input; a text for a size that is open. */
  readonly input: readonly (number | string)[];
  readonly inputType?: number;
  /** Shapes of further inputs, of real numbers. */
  readonly further?: Readonly<Record<string, readonly (number | string)[]>>;
  readonly outputs?: readonly string[];
  readonly opset?: number;
}

const TYPES = { float: 1, int: 2, string: 3, floats: 6, ints: 7 } as const;

export function attributeOf(name: string, value: AttributeValue): Buffer {
  if (typeof value === 'string') return message(field(1, name), field(4, value), field(20, TYPES.string));
  if (typeof value === 'number') return message(field(1, name), field(3, value), field(20, TYPES.int));
  if ('floats' in value) {
    const bytes = new Uint8Array(Float32Array.from(value.floats).buffer);
    return message(field(1, name), field(7, bytes), field(20, TYPES.floats));
  }
  if ('float' in value) {
    const bytes = Buffer.alloc(5);
    bytes[0] = 0x15;
    bytes.writeFloatLE(value.float, 1);
    return message(field(1, name), bytes, field(20, TYPES.float));
  }
  return message(field(1, name), ...value.map((number) => field(8, number)), field(20, TYPES.ints));
}

function constant(name: string, of: ConstantOf, seed: number): Buffer {
  if ('integers' in of) {
    const dims = of.shape ?? [of.integers.length];
    return tensor({ name, dims, type: 7, raw: Buffer.from(BigInt64Array.from(of.integers, BigInt).buffer) });
  }
  if ('codes' in of) return tensor({ name, dims: of.shape, type: 3, raw: Uint8Array.from(Int8Array.from(of.codes)) });
  if ('floats' in of) {
    const dims = of.shape ?? [of.floats.length];
    return tensor({ name, dims, raw: Buffer.from(Float32Array.from(of.floats).buffer) });
  }
  const { shape, from = -1, to = 1 } = of;
  const count = shape.reduce((product, size) => product * size, 1);
  const values = pseudoRandom(count, seed).map((value) => from + ((value + 1) / 2) * (to - from));
  return tensor({ name, dims: shape, raw: Buffer.from(values.buffer) });
}

function valueInfo(name: string, type: number, shape: readonly (number | string)[] | undefined): Buffer {
  const dimensions = shape?.map((size) => field(1, typeof size === 'number' ? field(1, size) : field(2, size)));
  const tensorType = message(
    field(1, type),
    dimensions === undefined ? Buffer.alloc(0) : field(2, message(...dimensions)),
  );
  return message(field(1, name), field(2, field(1, tensorType)));
}

/** Version 3 of the operators of classical machine learning. */
const ML = field(8, message(field(1, 'ai.onnx.ml'), field(2, 3)));

/** A ModelProto. */
export function modelOf({
  nodes,
  constants = {},
  input,
  inputType = 1,
  further = {},
  outputs = ['y'],
  opset = 20,
}: ModelOf): Buffer {
  const body = graph({
    nodes: nodes.map(({ operator, domain, inputs, outputs: given, attributes = {} }, index) =>
      node({
        ...{ operator, inputs, name: `node${index}` },
        outputs: given ?? ['y'],
        ...(domain === undefined ? {} : { domain }),
        attributes: Object.entries(attributes).map(([name, value]) => attributeOf(name, value)),
      }),
    ),
    tensors: Object.entries(constants).map(([name, of], index) => constant(name, of, 11 + index)),
    more: message(
      field(11, valueInfo('x', inputType, input)),
      ...Object.entries(further).map(([name, shape]) => field(11, valueInfo(name, 1, shape))),
      ...outputs.map((name) => field(12, valueInfo(name, 1, undefined))),
    ),
  });
  return message(field(1, 8), field(2, 'test'), field(7, body), field(8, field(2, opset)), ML);
}
