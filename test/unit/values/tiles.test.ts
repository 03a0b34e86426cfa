import { expect, it } from 'vitest';
import { deflateSync } from 'node:zlib';
import type { Tile, TiledCoding, TensorStorage } from '../../../src/formats/storage';
import { elementSource } from '../../../src/values/element-source';
import { randomFrom } from '../../fuzz/mutate';
import { consistentBytes, elements, MemoryReader } from './memory';

const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1);

/** All indices of a shape, in C order. */
function* indices(shape: readonly number[]): Generator<number[]> {
  for (let element = 0; element < product(shape); element++) {
    const index: number[] = [];
    let rest = element;
    for (const size of shape.toReversed()) {
      index.unshift(rest % size);
      rest = Math.floor(rest / size);
    }
    yield index;
  }
}

function offsetOf(index: readonly number[], shape: readonly number[]): number {
  return index.reduce((offset, at, dimension) => offset * shape[dimension]! + at, 0);
}

/** A tensor of uint16 cut into chunks of one size, some of which are missing. */
function make(shape: readonly number[], chunk: readonly number[], isCompressed: boolean, missing: number, seed = 1) {
  const random = randomFrom(seed);
  const reader = new MemoryReader();
  const fill = [7, 1];
  const expected = new Uint16Array(product(shape)).fill(7 + 256);
  const tiles: Tile[] = [];
  for (const place of indices(shape.map((size, dimension) => Math.ceil(size / chunk[dimension]!)))) {
    if (random() < missing) continue;
    const start = place.map((at, dimension) => at * chunk[dimension]!);
    const values = Uint16Array.from({ length: product(chunk) }, () => Math.floor(random() * 65_536));
    for (const within of indices(chunk)) {
      const index = within.map((at, dimension) => at + start[dimension]!);
      if (index.every((at, dimension) => at < shape[dimension]!)) {
        expected[offsetOf(index, shape)] = values[offsetOf(within, chunk)]!;
      }
    }
    const bytes = new Uint8Array(values.buffer);
    const storage: TensorStorage = isCompressed
      ? {
          dtype: 'uint16',
          extents: [reader.add(deflateSync(bytes))],
          coding: { kind: 'filtered', filters: [{ name: 'zlib' }], decodedBytes: bytes.length },
        }
      : { dtype: 'uint16', extents: [reader.add(bytes)] };
    tiles.push({ start, shape: chunk, storage });
  }
  const coding: TiledCoding = { kind: 'tiles', shape, tiles: tiles.toSorted(() => random() - 0.5), fill };
  const storage: TensorStorage = { dtype: 'uint16', extents: [], coding };
  return { storage, reader, expected: new Uint8Array(expected.buffer) };
}

it.each<[string, number[], number[], boolean, number]>([
  ['one chunk', [4, 5], [4, 5], false, 0],
  ['chunks that divide the shape', [8, 12], [4, 3], false, 0],
  ['chunks that do not', [7, 11], [3, 4], false, 0],
  ['compressed chunks', [7, 11], [3, 4], true, 0],
  ['missing chunks', [9, 9], [2, 2], false, 0.5],
  ['missing compressed chunks', [9, 9], [2, 2], true, 0.5],
  ['no chunk at all', [5, 5], [2, 2], false, 1],
  ['one dimension', [100], [7], true, 0.2],
  ['chunks of whole columns', [30, 6], [30, 1], true, 0],
  ['three dimensions', [5, 4, 6], [2, 3, 4], true, 0.2],
  ['four dimensions', [3, 2, 5, 4], [2, 2, 2, 2], false, 0.3],
])('are put together: %s', (_, shape, chunk, isCompressed, missing) => {
  const { storage, reader, expected } = make(shape, chunk, isCompressed, missing);
  expect(consistentBytes(storage, product(shape), reader)).toEqual(expected);
});

it('are put together whatever their sizes', () => {
  for (let seed = 0; seed < 40; seed++) {
    const random = randomFrom(seed);
    const shape = Array.from({ length: 1 + Math.floor(random() * 3) }, () => 1 + Math.floor(random() * 10));
    const chunk = shape.map((size) => 1 + Math.floor(random() * (size + 2)));
    const { storage, reader, expected } = make(shape, chunk, random() < 0.5, random() < 0.3 ? 0.4 : 0, seed);
    expect(consistentBytes(storage, product(shape), reader), `seed ${seed}`).toEqual(expected);
  }
});

it('may be of different sizes, as slices of partitioned variables are', () => {
  const reader = new MemoryReader();
  const part = (start: number[], shape: number[], ...values: number[]): Tile => ({
    start,
    shape,
    storage: { dtype: 'uint8', extents: [reader.add(values)] },
  });
  const tiles = [part([1, 0], [2, 3], 4, 5, 6, 7, 8, 9), part([0, 0], [1, 2], 1, 2), part([0, 2], [1, 1], 3)];
  const storage: TensorStorage = { dtype: 'uint8', extents: [], coding: { kind: 'tiles', shape: [3, 3], tiles } };
  expect([...consistentBytes(storage, 9, reader)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

it('are decoded once each when read forwards', () => {
  const { storage, reader } = make([64, 64], [16, 16], true, 0);
  const source = elementSource(storage, 4096, reader);
  reader.bytesRead = 0;
  for (let first = 0; first < 4096; first += 100) elements(source, 2, first, Math.min(100, 4096 - first));
  const stored = reader.files.reduce((sum, { length }) => sum + length, 0);
  expect(reader.bytesRead).toBe(stored);
});
