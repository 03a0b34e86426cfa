import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { Checkpoint } from '../../src/formats/checkpoint';
import { BYTES_PER_ELEMENT } from '../../src/formats/dtype';
import { FormatError } from '../../src/formats/errors';
import { readCheckpoint } from '../../src/formats/registry';
import { BufferSource, type RandomAccessSource } from '../../src/formats/source';
import { extentsOf } from '../../src/formats/storage';
import { elementSource } from '../../src/values/element-source';
import { byteSize, safetensorsFile, type MadeTensor } from '../unit/formats/safetensors-bytes';
import { MemoryReader } from '../unit/values/memory';
import { FUZZ_FACTOR, randomFrom } from './mutate';

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/quantized');
const DTYPES = [
  'I32',
  'U8',
  'I8',
  'F16',
  'BF16',
  'F32',
  'F8_E4M3',
  'F8_E5M2',
  'F8_E8M0',
  'I64',
  'U32',
  'F4',
  'I16',
  'F64',
];
const SIZES = [0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 24, 31, 32, 33, 48, 64, 96, 100, 127, 128, 300];
const NUMBERS = [
  '0',
  '-1',
  '1',
  '2',
  '3',
  '4',
  '8',
  '16',
  '32',
  '64',
  '127',
  '128',
  '1e300',
  '0.5',
  '9007199254740993',
  'null',
  '[]',
  '{}',
  '""',
];
const NAMES = [
  ...['qweight', 'qzeros', 'scales', 'g_idx', 'weight', 'weight_scale', 'weight_scale_inv', 'weight_scale_2', 'SCB'],
  ...['weight_packed', 'weight_shape', 'weight_zero_point', 'weight_global_scale', 'biases', '__proto__', 'B', 's'],
];

interface Model {
  readonly tensors: ReadonlyMap<string, MadeTensor>;
  readonly config: string | undefined;
}

/** The models of the fixtures that are one safetensors file. */
function models(): Model[] {
  return readdirSync(FOLDER, { withFileTypes: true }).flatMap((entry): Model[] => {
    if (!entry.isDirectory()) return [];
    const names = readdirSync(path.join(FOLDER, entry.name));
    const file = names.find((name) => name === 'model.safetensors');
    if (file === undefined) return [];
    const config = names.find((name) => name.endsWith('.json'));
    const text = config === undefined ? undefined : readFileSync(path.join(FOLDER, entry.name, config), 'utf8');
    return [{ tensors: parse(readFileSync(path.join(FOLDER, entry.name, file))), config: text }];
  });
}

function parse(file: Buffer): Map<string, MadeTensor> {
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, 8 + length)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  return new Map(
    Object.entries(header)
      .filter(([name]) => name !== '__metadata__')
      .map(
        ([
          name,
          {
            dtype,
            shape,
            data_offsets: [begin, end],
          },
        ]) => [name, { dtype, shape, bytes: file.subarray(8 + length + begin, 8 + length + end) }],
      ),
  );
}

function pick<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor(random() * items.length)]!;
}

/** The same model with other shapes, types, names, bytes and numbers; the file itself stays well-formed. */
function changed({ tensors, config }: Model, random: () => number): Model {
  const result = new Map(tensors);
  let text = config;
  for (let round = 0; round < 1 + Math.floor(random() * 3); round++) {
    const name = pick([...result.keys()], random);
    const tensor = result.get(name)!;
    const { dtype, shape } = tensor;
    switch (Math.floor(random() * 9)) {
      case 0:
        if (shape.length > 0)
          result.set(name, { ...tensor, shape: shape.with(Math.floor(random() * shape.length), pick(SIZES, random)) });
        break;
      case 1:
        result.set(name, { ...tensor, dtype: pick(DTYPES, random) });
        break;
      case 2:
        result.set(name, { ...tensor, shape: random() < 0.5 ? shape.toReversed() : [...shape, pick(SIZES, random)] });
        break;
      case 3:
        result.set(name, { ...tensor, shape: random() < 0.5 ? shape.slice(1) : [shape.reduce((a, b) => a * b, 1)] });
        break;
      case 4:
        if (result.size > 1) result.delete(name);
        break;
      case 5: {
        const other = name.slice(0, name.lastIndexOf('.') + 1) + pick(NAMES, random);
        result.delete(name);
        result.set(other, tensor);
        break;
      }
      case 6: {
        const bytes = Buffer.from(tensor.bytes ?? []);
        for (let i = 0; i < 4 && bytes.length > 0; i++)
          bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
        result.set(name, { ...tensor, bytes });
        break;
      }
      case 7: {
        // JSON in tensors, and beside them.
        const json = Buffer.from(tensor.bytes ?? []).toString('latin1');
        if (json.startsWith('{')) {
          const bytes = Buffer.from(numbersChanged(json, random), 'latin1');
          result.set(name, { dtype, shape: [bytes.length], bytes });
        } else if (text !== undefined) text = numbersChanged(text, random);
        break;
      }
      default:
        if (text !== undefined && random() < 0.3) text = undefined;
    }
  }
  return { tensors: result, config: text };
}

function numbersChanged(json: string, random: () => number): string {
  const numbers = [...json.matchAll(/-?\d+(\.\d+)?/g)];
  if (numbers.length === 0) return json;
  const { index, 0: found } = pick(numbers, random);
  return json.slice(0, index) + pick(NUMBERS, random) + json.slice(index + found.length);
}

/** Reads all that was put together, from beginning to end: what opened must be readable. */
function readAll({ tensors }: Checkpoint, file: Buffer): number {
  const reader = new MemoryReader();
  reader.files.push(file);
  let decoded = 0;
  for (const { name, storage, count } of tensors) {
    if (storage.coding === undefined) continue;
    decoded++;
    for (const { offset, length } of extentsOf(storage)) {
      if (offset + length > file.length) throw new Error(`${name}: beyond the file`);
    }
    const source = elementSource(storage, count, reader);
    const piece = 3000;
    for (let first = 0; first < count; first += piece) {
      source.read(first, new Uint8Array(Math.min(piece, count - first) * BYTES_PER_ELEMENT[storage.dtype]));
    }
  }
  return decoded;
}

/** Seeds that once found something. */
const REGRESSIONS: readonly number[] = [];

it('weights that are put together can be read, whatever their parts are', async () => {
  const originals = models();
  expect(originals.length).toBeGreaterThan(6);
  const rounds = 300 * FUZZ_FACTOR;
  const first = Number(process.env.FUZZ_FIRST ?? '0');
  let decoded = 0;
  let refused = 0;
  for (const seed of [...REGRESSIONS, ...Array.from({ length: rounds }, (_, i) => first + i)]) {
    const random = randomFrom(seed);
    const { tensors, config } = changed(originals[seed % originals.length]!, random);
    if ([...tensors.values()].some((tensor) => byteSize(tensor) > 4_000_000)) continue;
    const file = safetensorsFile(tensors);
    const openSibling = (name: string): Promise<RandomAccessSource> =>
      config !== undefined && name === 'config.json'
        ? Promise.resolve(new BufferSource('/m/config.json', Buffer.from(config)))
        : Promise.reject(new FormatError({ file: name, reason: 'is missing', remedy: 'None.' }));
    const label = `seed ${seed}`;
    let checkpoint: Checkpoint;
    try {
      checkpoint = await readCheckpoint({ source: new BufferSource('/m/model.safetensors', file), openSibling });
    } catch (error) {
      if (!(error instanceof FormatError)) throw new Error(`${label}: ${String(error)}`, { cause: error });
      refused++;
      continue;
    }
    expect(new Set(checkpoint.tensors.map(({ name }) => name)).size, label).toBe(checkpoint.tensors.length);
    try {
      decoded += readAll(checkpoint, file);
    } catch (error) {
      throw new Error(`${label}: ${String(error)}`, { cause: error });
    }
  }
  // Parts that do not fit are no reason to refuse a file (a size that fills no whole bytes is).
  expect(refused).toBeLessThan(0.05 * rounds);
  expect(decoded).toBeGreaterThan(rounds);
});
