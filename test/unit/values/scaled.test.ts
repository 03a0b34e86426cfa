import { describe, expect, it } from 'vitest';
import { extentsOf, mapExtents, type ScaledCoding, type TensorStorage } from '../../../src/formats/storage';
import { elementSource } from '../../../src/values/element-source';
import { randomFrom } from '../../fuzz/mutate';
import { consistentBytes, elements, floats, MemoryReader } from './memory';

const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1);

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

interface Case {
  readonly shape: readonly number[];
  readonly block: readonly number[];
  readonly zeros?: boolean | number;
  readonly offsets?: boolean | number;
  readonly inverse?: true;
  readonly axis?: number;
  readonly scale?: number;
}

/** A storage of random codes and scales, and the values that the definition gives, element by element. */
function make({ shape, block, zeros, offsets, inverse, axis, scale }: Case, seed = 3) {
  const random = randomFrom(seed);
  const reader = new MemoryReader();
  const count = product(shape);
  const boxes = shape.map((size, dimension) => Math.ceil(size / block[dimension]!));
  const codes = Int8Array.from({ length: count }, () => Math.floor(random() * 256) - 128);
  const numbers = (): Float32Array => Float32Array.from({ length: product(boxes) }, () => random() * 3 - 1);
  const keep = (values: Float32Array): TensorStorage => ({ dtype: 'float32', extents: [reader.add(bytesOf(values))] });
  const scaleOf = scale === undefined ? numbers() : undefined;
  const zeroOf = zeros === true ? numbers() : undefined;
  const offsetOf = offsets === true ? numbers() : undefined;
  const index =
    axis === undefined
      ? undefined
      : Int32Array.from({ length: shape[axis]! }, () => Math.floor(random() * boxes[axis]!));
  const coding: ScaledCoding = {
    kind: 'scaled',
    codes: { dtype: 'int8', extents: [reader.add(new Uint8Array(codes.buffer))] },
    shape,
    block,
    scales: scaleOf === undefined ? scale! : keep(scaleOf),
    ...(zeroOf ? { zeros: keep(zeroOf) } : typeof zeros === 'number' ? { zeros } : {}),
    ...(offsetOf ? { offsets: keep(offsetOf) } : typeof offsets === 'number' ? { offsets } : {}),
    ...(inverse ? { inverse } : {}),
    ...(index
      ? { groups: { axis: axis!, index: { dtype: 'int32', extents: [reader.add(new Uint8Array(index.buffer))] } } }
      : {}),
  };
  const expected = Float32Array.from(codes, (code, element) => {
    let rest = element;
    let box = 0;
    let step = 1;
    for (let dimension = shape.length - 1; dimension >= 0; dimension--) {
      const at = rest % shape[dimension]!;
      rest = Math.floor(rest / shape[dimension]!);
      box += (dimension === axis ? index![at]! : Math.floor(at / block[dimension]!)) * step;
      step *= boxes[dimension]!;
    }
    const zero = zeroOf?.[box] ?? (typeof zeros === 'number' ? zeros : 0);
    const factor = scaleOf?.[box] ?? scale!;
    const shifted = Math.fround(code - zero);
    const value = Math.fround(inverse ? shifted / factor : shifted * factor);
    const offset = offsetOf?.[box] ?? (typeof offsets === 'number' ? offsets : undefined);
    return offset === undefined ? value : value + offset;
  });
  const storage: TensorStorage = { dtype: 'float32', extents: [], coding };
  return { storage, reader, expected, count };
}

const CASES: readonly (readonly [string, Case])[] = [
  ['one scale for all', { shape: [7, 9], block: [7, 9] }],
  ['one number for all', { shape: [7, 9], block: [7, 9], scale: Math.fround(1 / 127), zeros: 8, offsets: 0.25 }],
  ['a scale a row', { shape: [13, 21], block: [1, 21], zeros: true }],
  ['a scale a column', { shape: [13, 21], block: [13, 1], zeros: true, offsets: true }],
  ['a scale each', { shape: [5, 6], block: [1, 1], inverse: true }],
  ['groups along the rows', { shape: [6, 64], block: [1, 16], zeros: true, offsets: true }],
  ['groups that are cut off', { shape: [6, 50], block: [1, 16], zeros: true }],
  ['groups down the columns', { shape: [64, 11], block: [16, 1], zeros: true }],
  ['blocks', { shape: [100, 130], block: [32, 32] }],
  ['blocks that do not divide the shape', { shape: [33, 47], block: [10, 7], inverse: true, zeros: true }],
  ['kernels', { shape: [6, 4, 3, 3], block: [1, 4, 3, 3], zeros: 3 }],
  ['kernels by input', { shape: [6, 4, 3, 3], block: [6, 1, 3, 3] }],
  ['experts', { shape: [3, 16, 32], block: [1, 16, 1], offsets: true }],
  ['one dimension', { shape: [1000], block: [64] }],
  ['no dimension', { shape: [], block: [] }],
  ['dimensions of one', { shape: [1, 8, 1, 4], block: [1, 2, 1, 4] }],
  ['listed groups of rows', { shape: [48, 10], block: [16, 1], axis: 0, zeros: true }],
  ['listed groups of columns', { shape: [10, 48], block: [1, 16], axis: 1, zeros: true, offsets: true }],
  ['listed groups within', { shape: [3, 12, 5], block: [1, 4, 5], axis: 1 }],
];

it.each(CASES)('scales by boxes: %s', (_, settings) => {
  const { storage, reader, expected, count } = make(settings);
  expect([...floats(consistentBytes(storage, count, reader))]).toEqual([...expected]);
});

it('scales by boxes of random sizes', () => {
  for (let seed = 0; seed < 60; seed++) {
    const random = randomFrom(seed);
    const shape = Array.from({ length: 1 + Math.floor(random() * 4) }, () => 1 + Math.floor(random() * 9));
    const block = shape.map((size) => [1, size, 1 + Math.floor(random() * size)][Math.floor(random() * 3)]!);
    const axis = random() < 0.3 ? Math.floor(random() * shape.length) : undefined;
    const settings = { shape, block, zeros: random() < 0.5, ...(axis === undefined ? {} : { axis }) };
    const { storage, reader, expected, count } = make(settings, seed);
    expect([...floats(consistentBytes(storage, count, reader))], JSON.stringify(settings)).toEqual([...expected]);
  }
});

describe('large tensors', () => {
  it.each([
    ['groups', { shape: [300, 1024], block: [1, 8], zeros: true }],
    ['a scale each', { shape: [2, 150_000], block: [1, 1] }],
    ['columns', { shape: [3, 70_000], block: [3, 1] }],
    ['blocks', { shape: [400, 700], block: [128, 128] }],
    ['a flat run', { shape: [300_001], block: [3] }],
  ] as const)('are read over the ends of pieces and windows: %s', (_, settings) => {
    const { storage, reader, expected, count } = make(settings);
    const source = elementSource(storage, count, reader);
    expect(Buffer.compare(elements(source, 4, 0, count), bytesOf(expected))).toBe(0);
    const first = 65_530;
    expect(Buffer.compare(elements(source, 4, first, 20_000), bytesOf(expected.slice(first, first + 20_000)))).toBe(0);
  });

  it('take only the scales that a part needs', () => {
    const { storage, reader, expected, count } = make({ shape: [1 << 20], block: [4] });
    const source = elementSource(storage, count, reader);
    reader.bytesRead = 0;
    const values = floats(elements(source, 4, 1 << 19, 100));
    expect([...values]).toEqual([...expected.slice(1 << 19, (1 << 19) + 100)]);
    expect(reader.bytesRead).toBeLessThan(100_000);
  });
});

it('takes scales that are scaled themselves, views, and of other types', () => {
  const reader = new MemoryReader();
  const codes = reader.add([1, 2, 3, 4, 5, 6]);
  const coding: ScaledCoding = {
    kind: 'scaled',
    codes: { dtype: 'uint8', extents: [codes] },
    shape: [3, 2],
    block: [1, 1],
    // The transpose of 2 × 3 numbers, of which each is halved.
    scales: {
      dtype: 'float32',
      extents: [],
      strides: [1, 3],
      coding: {
        kind: 'scaled',
        codes: { dtype: 'float16', extents: [reader.add([0, 0x3c, 0, 0x40, 0, 0x44, 0, 0x48, 0, 0x4c, 0, 0x50])] },
        shape: [6],
        block: [6],
        scales: 0.5,
      },
    },
    zeros: {
      dtype: 'int32',
      bigEndian: true,
      extents: [reader.add([1, 0, 2, 0, 3, 1].flatMap((zero) => [0, 0, 0, zero]))],
    },
  };
  const storage: TensorStorage = { dtype: 'float32', extents: [], coding };
  // Scales 1, 2, 4, 8, 16, 32 in two rows: columns of the matrix.
  expect([...floats(consistentBytes(storage, 6, reader))]).toEqual([0, 2 * 4, 1, 4 * 8, 2 * 2, 5 * 16]);
});

it('keeps the signs of zeros, infinities and NaN', () => {
  const reader = new MemoryReader();
  const values = Float32Array.from([-0, 0, Infinity, NaN, 1]);
  const coding: ScaledCoding = {
    kind: 'scaled',
    codes: { dtype: 'float32', extents: [reader.add(bytesOf(values))] },
    shape: [5],
    block: [5],
    scales: 2,
  };
  const storage: TensorStorage = { dtype: 'float32', extents: [], coding };
  expect([...floats(consistentBytes(storage, 5, reader))]).toEqual([-0, 0, Infinity, NaN, 2]);
});

it('clamps listed groups to those that there are', () => {
  const { storage, reader } = make({ shape: [4, 2], block: [2, 1], axis: 0 });
  const coding = storage.coding as ScaledCoding;
  const index = Int32Array.from([-5, 0, 1, 99]);
  reader.files[coding.groups!.index.extents[0]!.file] = new Uint8Array(index.buffer);
  expect(floats(consistentBytes(storage, 8, reader)).every((value) => Number.isFinite(value))).toBe(true);
});

it('tells all its extents, and takes others', () => {
  const { storage } = make({ shape: [8, 4], block: [2, 1], axis: 0, zeros: true, offsets: true });
  const files = [...extentsOf(storage)].map(({ file }) => file);
  expect(files).toHaveLength(5);
  const moved = mapExtents(storage, (extent) => ({ ...extent, file: extent.file + 10 }));
  expect([...extentsOf(moved)].map(({ file }) => file)).toEqual(files.map((file) => file + 10));
  const numbers = make({ shape: [8], block: [8], scale: 2, zeros: 1, offsets: 1 }).storage;
  expect([...extentsOf(mapExtents(numbers, (extent) => extent))]).toHaveLength(1);
});
