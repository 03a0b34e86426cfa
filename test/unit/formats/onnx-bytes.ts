/** Writes ONNX models by hand, well-formed or not (https://protobuf.dev/programming-guides/encoding/, onnx.proto). */

import { BufferSource } from '../../../src/formats/source';

/** Counts what is asked for. */
export class CountingSource extends BufferSource {
  requested = 0;
  reads = 0;

  override read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
    this.requested += length;
    this.reads++;
    return super.read(offset, length, signal);
  }
}

export function varint(value: number | bigint): Buffer {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

/** A varint field (number), or a length-delimited one. */
export function field(number: number, value: number | bigint | string | Uint8Array): Buffer {
  if (typeof value === 'number' || typeof value === 'bigint') return Buffer.concat([varint(number * 8), varint(value)]);
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

export function message(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts);
}

export interface TensorParts {
  readonly name?: string;
  readonly dims?: readonly (number | bigint)[];
  readonly type?: number;
  readonly raw?: Uint8Array;
  readonly external?: Readonly<Record<string, string>>;
  readonly more?: Uint8Array;
}

/** A TensorProto; float32, with zeros for values, unless it says otherwise. */
export function tensor({ name = 'w', dims = [2], type = 1, raw, external, more }: TensorParts): Buffer {
  const count = dims.reduce<number>((product, size) => product * Number(size), 1);
  const values = external !== undefined || more !== undefined ? raw : (raw ?? Buffer.alloc(4 * count));
  return message(
    ...dims.map((size) => field(1, size)),
    field(2, type),
    field(8, name),
    values === undefined ? Buffer.alloc(0) : field(9, values),
    ...Object.entries(external ?? {}).map(([key, value]) => field(13, message(field(1, key), field(2, value)))),
    external === undefined ? Buffer.alloc(0) : field(14, 1),
    more ?? Buffer.alloc(0),
  );
}

export interface NodeParts {
  readonly operator: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly name?: string;
  readonly domain?: string;
  readonly attributes?: readonly Uint8Array[];
}

export function node({ operator, inputs = [], outputs = [], name, domain, attributes = [] }: NodeParts): Buffer {
  return message(
    ...inputs.map((input) => field(1, input)),
    ...outputs.map((output) => field(2, output)),
    name === undefined ? Buffer.alloc(0) : field(3, name),
    field(4, operator),
    ...attributes.map((attribute) => field(5, attribute)),
    domain === undefined ? Buffer.alloc(0) : field(7, domain),
  );
}

/** An attribute: whole numbers, a tensor or a graph, by field of AttributeProto. */
export function attribute(name: string, number: 3 | 5 | 6 | 8 | 11 | 22, ...values: (number | Uint8Array)[]): Buffer {
  return message(field(1, name), ...values.map((value) => field(number, value)));
}

export interface GraphParts {
  readonly nodes?: readonly Uint8Array[];
  readonly tensors?: readonly Uint8Array[];
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly more?: Uint8Array;
}

export function graph({ nodes = [], tensors = [], inputs = [], outputs = [], more }: GraphParts): Buffer {
  return message(
    ...nodes.map((one) => field(1, one)),
    field(2, 'graph'),
    ...tensors.map((one) => field(5, one)),
    ...inputs.map((name) => field(11, field(1, name))),
    ...outputs.map((name) => field(12, field(1, name))),
    more ?? Buffer.alloc(0),
  );
}

/** A ModelProto of one graph. */
export function model(parts: GraphParts, ...more: readonly Uint8Array[]): Buffer {
  return message(field(1, 8), field(2, 'test'), field(7, graph(parts)), ...more);
}
