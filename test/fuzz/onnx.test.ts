import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { Checkpoint } from '../../src/formats/checkpoint';
import { BYTES_PER_ELEMENT } from '../../src/formats/dtype';
import { FormatError } from '../../src/formats/errors';
import { onnxReader } from '../../src/formats/onnx/onnx';
import { BufferSource } from '../../src/formats/source';
import { elementSource } from '../../src/values/element-source';
import { DecodingError, type ByteReader } from '../../src/values/reading';
import { field, varint } from '../unit/formats/onnx-bytes';
import { FUZZ_FACTOR, mutate, randomFrom, refusedOrSound } from './mutate';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/onnx');

/** Values of tensors of up to so many elements are decoded too. */
const MAX_DECODED = 20_000;

/** Fields that are messages, by message: `onnx.proto`. */
const MESSAGES: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  training: { 1: 'graph', 2: 'graph' },
  graph: { 1: 'node', 5: 'tensor', 11: 'value', 12: 'value', 15: 'sparse' },
  function: { 7: 'node' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 11: 'graph', 22: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  tensor: { 13: 'entry' },
  value: {},
  entry: {},
};

interface Field {
  number: number;
  wire: number;
  value: bigint | Buffer | Field[];
}

const EXTREMES = [
  0n,
  1n,
  2n,
  3n,
  8n,
  11n,
  22n,
  64n,
  127n,
  2n ** 31n - 1n,
  2n ** 32n,
  2n ** 53n,
  2n ** 62n,
  -1n,
  -(2n ** 63n),
];
const NAMES = [
  '',
  '__proto__',
  '../x',
  '/etc/passwd',
  'https://example.com/x',
  'a\0b',
  'w',
  'external.data',
  'x'.repeat(5000),
];
const OPERATORS = [
  'Constant',
  'DequantizeLinear',
  'MatMulNBits',
  'QLinearConv',
  'Transpose',
  'If',
  'Gather',
  'Mul',
  'Dense',
];

it.each([
  ['types.onnx', 120],
  ['unpacked.onnx', 80],
  ['graphs.onnx', 250],
  ['external.onnx', 200],
  ['dequantize.onnx', 80],
  ['quantized.onnx', 80],
  ['ort_dynamic.onnx', 150],
  ['ort_qoperator.onnx', 150],
])('only FormatError comes out of a damaged %s', async (name, mutations) => {
  const bytes = readFileSync(path.join(FOLDER, name));
  const tree = parse(bytes, 'model');
  let refused = 0;
  for (let seed = 0; seed < mutations * FUZZ_FACTOR; seed++) {
    const random = randomFrom(seed);
    const damaged = random() < 0.4 ? mutate(bytes, random, bytes.length) : damage(tree, random);
    if (await fuzzOne(damaged, `${name} seed ${seed}`)) refused++;
  }
  expect(refused).toBeGreaterThan(0.1 * mutations * FUZZ_FACTOR);
  expect(refused).toBeLessThan(mutations * FUZZ_FACTOR);
});

async function fuzzOne(bytes: Buffer, label: string): Promise<boolean> {
  const sources = new Map([['/model.onnx', bytes]]);
  const openSibling = (name: string): Promise<BufferSource> => {
    const known = ['external.data', 'more/b.bin'].includes(name) ? readFileSync(path.join(FOLDER, name)) : undefined;
    if (known === undefined) {
      return Promise.reject(new FormatError({ file: '/model.onnx', reason: `names ${name}`, remedy: 'None.' }));
    }
    sources.set(name, known);
    return Promise.resolve(new BufferSource(name, known));
  };
  let checkpoint: Checkpoint | undefined;
  const refused = await refusedOrSound(async () => {
    checkpoint = await onnxReader.open({ source: new BufferSource('/model.onnx', bytes), openSibling });
    return checkpoint;
  }, label);
  if (checkpoint !== undefined) decodeAll(checkpoint, sources, label);
  return refused;
}

/** Decodes the values: only {@link DecodingError} may come out. */
function decodeAll({ tensors, files }: Checkpoint, sources: ReadonlyMap<string, Buffer>, label: string): void {
  const reader: ByteReader = {
    read(extents, offset, target) {
      const all = Buffer.concat(
        extents.map((extent) => {
          const file = sources.get(files[extent.file]?.path ?? '') ?? Buffer.alloc(0);
          return file.subarray(extent.offset, extent.offset + extent.length);
        }),
      );
      if (offset + target.length > all.length) throw new Error('reads beyond the extents');
      target.set(all.subarray(offset, offset + target.length));
    },
    checkCancelled: () => undefined,
  };
  for (const { name, storage, count } of tensors) {
    if (count > MAX_DECODED || count === 0 || storage.strides !== undefined) continue;
    try {
      elementSource(storage, count, reader).read(0, new Uint8Array(count * BYTES_PER_ELEMENT[storage.dtype]));
    } catch (error) {
      if (!(error instanceof DecodingError)) throw new Error(`${label}: ${name}: ${String(error)}`, { cause: error });
    }
  }
}

/** A copy of a model in which some fields are changed, dropped, repeated or moved; lengths fit, as a rule. */
function damage(tree: readonly Field[], random: () => number): Buffer {
  const copy = structuredCloneTree(tree);
  const rounds = 1 + Math.floor(random() * 3);
  for (let round = 0; round < rounds; round++) {
    const lists = [...fieldLists(copy)];
    const list = pick(lists, random);
    const index = Math.floor(random() * list.length);
    const chosen = list[index];
    if (chosen === undefined) continue;
    switch (Math.floor(random() * 8)) {
      case 0:
        list.splice(index, 1);
        break;
      case 1:
        list.splice(index, 0, ...structuredCloneTree([chosen]));
        break;
      case 2:
        pick(lists, random).push(...structuredCloneTree([chosen]));
        break;
      case 3:
        chosen.number = Math.floor(random() * 27);
        break;
      case 4:
        if (Buffer.isBuffer(chosen.value)) chosen.value = Buffer.from(pick(random() < 0.5 ? NAMES : OPERATORS, random));
        else if (typeof chosen.value === 'bigint') chosen.value = pick(EXTREMES, random);
        break;
      case 5:
        if (Buffer.isBuffer(chosen.value)) chosen.value = mutate(chosen.value, random, chosen.value.length);
        break;
      case 6:
        chosen.wire = Math.floor(random() * 8);
        break;
      default:
        if (typeof chosen.value === 'bigint') chosen.value += random() < 0.5 ? 1n : -1n;
        else if (Buffer.isBuffer(chosen.value)) {
          chosen.value = chosen.value.subarray(0, Math.floor(random() * (chosen.value.length + 1)));
        }
    }
  }
  return write(copy);
}

function pick<Item>(items: readonly Item[], random: () => number): Item {
  return items[Math.floor(random() * items.length)]!;
}

function* fieldLists(fields: Field[]): Generator<Field[]> {
  yield fields;
  for (const { value } of fields) if (Array.isArray(value)) yield* fieldLists(value);
}

function structuredCloneTree(fields: readonly Field[]): Field[] {
  return fields.map((one) => ({
    ...one,
    value: Array.isArray(one.value) ? structuredCloneTree(one.value) : one.value,
  }));
}

function parse(bytes: Buffer, message: string): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const number = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(number());
    const wire = tag & 7;
    if (wire === 0) {
      fields.push({ number: tag >> 3, wire, value: number() });
      continue;
    }
    const length = wire === 2 ? Number(number()) : wire === 1 ? 8 : 4;
    const value = bytes.subarray(at, at + length);
    at += length;
    const inner = wire === 2 ? MESSAGES[message]?.[tag >> 3] : undefined;
    fields.push({ number: tag >> 3, wire, value: inner === undefined ? value : parse(value, inner) });
  }
  return fields;
}

function write(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.map(({ number, wire, value }) => {
      const bytes = Array.isArray(value) ? write(value) : value;
      if (wire === 2 && typeof bytes !== 'bigint') return field(number, bytes);
      return Buffer.concat([varint((number << 3) | wire), typeof bytes === 'bigint' ? varint(bytes) : bytes]);
    }),
  );
}
