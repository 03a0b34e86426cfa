import { expect, it } from 'vitest';
import type { SparseCoding, TensorStorage } from '../../../src/formats/storage';
import { elementSource } from '../../../src/values/element-source';
import { DecodingError } from '../../../src/values/reading';
import { randomFrom } from '../../fuzz/mutate';
import { consistentBytes, elements, floats, MemoryReader } from './memory';

type Indices = readonly (readonly number[])[];

function make(shape: readonly number[], indices: Indices, values: readonly number[], wide = true, perDimension = true) {
  const reader = new MemoryReader();
  const flat = indices.flat();
  const list = wide ? BigInt64Array.from(flat, BigInt) : Int32Array.from(flat);
  const coding: SparseCoding = {
    kind: 'sparse',
    shape,
    count: values.length,
    values: { dtype: 'float32', extents: [reader.add(new Uint8Array(Float32Array.from(values).buffer))] },
    indices: { dtype: wide ? 'int64' : 'int32', extents: [reader.add(new Uint8Array(list.buffer))] },
    perDimension,
  };
  const storage: TensorStorage = { dtype: 'float32', extents: [], coding };
  return { storage, reader };
}

it.each([
  [
    'in order',
    [
      [0, 1],
      [1, 0],
      [2, 3],
    ],
  ],
  [
    'in no order',
    [
      [2, 3],
      [0, 1],
      [1, 0],
    ],
  ],
])('values are at their places among zeros: %s', (_, indices) => {
  const { storage, reader } = make(
    [3, 4],
    indices,
    indices.map(([row, column]) => 10 * row! + column! + 1),
  );
  expect([...floats(consistentBytes(storage, 12, reader))]).toEqual([0, 2, 0, 0, 11, 0, 0, 0, 0, 0, 0, 24]);
});

it('places may be positions, of 32 or 64 bits', () => {
  for (const wide of [false, true]) {
    const { storage, reader } = make([2, 3], [[5], [0], [3]], [6, 1, 4], wide, false);
    expect([...floats(consistentBytes(storage, 6, reader))]).toEqual([1, 0, 0, 4, 0, 6]);
  }
});

it('may have no value at all', () => {
  const { storage, reader } = make([2, 3], [], []);
  expect([...floats(consistentBytes(storage, 6, reader))]).toEqual([0, 0, 0, 0, 0, 0]);
});

it('many values are found', () => {
  const random = randomFrom(5);
  const expected = Float32Array.from({ length: 5000 }, () => (random() < 0.3 ? random() : 0));
  const places = [...expected.keys()].filter((at) => expected[at] !== 0).sort(() => random() - 0.5);
  const values = places.map((at) => expected[at]!);
  const { storage, reader } = make(
    [50, 100],
    places.map((at) => [Math.floor(at / 100), at % 100]),
    values,
  );
  expect(floats(consistentBytes(storage, 5000, reader))).toEqual(expected);
});

it.each<[string, number[][], boolean]>([
  ['a row too far', [[3, 0]], true],
  ['a column too far', [[0, 4]], true],
  ['a negative index', [[0, -1]], true],
  ['a position too far', [[12]], false],
  ['a negative position', [[-1]], false],
])('refuses %s', (_, indices, perDimension) => {
  const { storage, reader } = make([3, 4], indices, [1], true, perDimension);
  expect(() => elements(elementSource(storage, 12, reader), 4, 0, 12)).toThrow(DecodingError);
});
