import { expect, it } from 'vitest';
import { deflateSync } from 'node:zlib';
import type { Tile, TiledCoding, TensorStorage } from '../../../src/formats/storage';
import { elementSource } from '../../../src/values/element-source';
import { DecodingError } from '../../../src/values/reading';
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

it('are put together in slabs of many rows, missing ones among them', () => {
  // Several slabs of 2 MiB, and tiles that reach beyond the shape. The value of an element says where it is.
  const shape = [1100, 2060];
  const size = [300, 514];
  const valueAt = (row: number, column: number): number => (row * 2060 + column) % 65_521;
  for (const isMissing of [() => false, (row: number, column: number) => row === 300 && column === 514]) {
    const reader = new MemoryReader();
    const tiles: Tile[] = [];
    const expected = new Uint16Array(1100 * 2060);
    for (let top = 0; top < 1100; top += 300) {
      for (let left = 0; left < 2060; left += 514) {
        if (isMissing(top, left)) continue;
        const values = new Uint16Array(300 * 514);
        for (let i = 0; i < values.length; i++) {
          const [row, column] = [top + Math.floor(i / 514), left + (i % 514)];
          values[i] = valueAt(row, column);
          if (row < 1100 && column < 2060) expected[row * 2060 + column] = values[i]!;
        }
        const bytes = new Uint8Array(values.buffer);
        tiles.push({
          start: [top, left],
          shape: size,
          storage: { dtype: 'uint16', extents: [reader.add(bytes)] },
        });
      }
    }
    const storage: TensorStorage = { dtype: 'uint16', extents: [], coding: { kind: 'tiles', shape, tiles } };
    const source = elementSource(storage, expected.length, reader);
    const bytes = new Uint8Array(expected.buffer);
    for (const first of [0, 1024 * 2060 + 7, 3, 1099 * 2060]) {
      const part = elements(source, 2, first, 2060, first % 2);
      expect(Buffer.compare(part, bytes.subarray(2 * first, 2 * (first + 2060))), `from ${first}`).toBe(0);
    }
    expect(Buffer.compare(elements(source, 2, 0, expected.length), bytes)).toBe(0);
  }
});

it('leave nothing of other rows where one of them is missing, or stands in place of another', () => {
  const reader = new MemoryReader();
  const rows = 1 << 20;
  const part = (start: number, value: number): Tile => ({
    start: [start, 0],
    shape: [rows, 4],
    storage: { dtype: 'uint8', extents: [reader.add(new Uint8Array(4 * rows).fill(value))] },
  });
  // As many tiles as the grid has places, but two of them at one: contents of the third must not be in its stead.
  const tiles = [part(0, 1), part(0, 1), part(2 * rows, 3)];
  const coding: TiledCoding = { kind: 'tiles', shape: [3 * rows, 4], tiles };
  const source = elementSource({ dtype: 'uint8', extents: [], coding }, 12 * rows, reader);
  for (const [place, value] of [
    [0, 1],
    [2, 3],
    [1, 0],
  ] as const) {
    const content = elements(source, 1, 4 * rows * place, 4 * rows);
    expect(Buffer.compare(content, Buffer.alloc(4 * rows, value))).toBe(0);
  }
});

it('are read again after one could not be decoded', () => {
  const reader = new MemoryReader();
  const part = (start: number, bytes: Uint8Array): Tile => ({
    start: [start],
    shape: [4],
    storage: {
      dtype: 'uint8',
      extents: [reader.add(bytes)],
      coding: { kind: 'filtered', filters: [{ name: 'zlib' }], decodedBytes: 4 },
    },
  });
  const tiles = [part(0, deflateSync(Uint8Array.of(1, 2, 3, 4))), part(4, new Uint8Array(9))];
  const storage: TensorStorage = { dtype: 'uint8', extents: [], coding: { kind: 'tiles', shape: [8], tiles } };
  const source = elementSource(storage, 8, reader);
  for (let attempt = 0; attempt < 2; attempt++) expect(() => elements(source, 1, 0, 4)).toThrow(DecodingError);
});
