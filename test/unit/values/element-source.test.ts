import { describe, expect, it } from 'vitest';
import type { TensorStorage } from '../../../src/formats/storage';
import { elementSource } from '../../../src/values/element-source';
import { isRandomAccess } from '../../../src/values/reading';
import { consistentBytes, elements, MemoryReader } from './memory';

describe('elements without a coding', () => {
  it('are read over the ends of extents', () => {
    const reader = new MemoryReader();
    const extents = [reader.add([1, 0, 2]), reader.add([0]), reader.add([3, 0, 4, 0, 5, 0])];
    expect([...consistentBytes({ dtype: 'int16', extents }, 5, reader)]).toEqual([1, 0, 2, 0, 3, 0, 4, 0, 5, 0]);
  });

  it('take as many bytes as are asked for', () => {
    const reader = new MemoryReader();
    const source = elementSource({ dtype: 'float64', extents: [reader.add(new Uint8Array(800))] }, 100, reader);
    elements(source, 8, 50, 3);
    expect(reader.bytesRead).toBe(24);
  });
});

describe('random access', () => {
  const plain: TensorStorage = { dtype: 'uint8', extents: [] };
  const packed: TensorStorage = { ...plain, coding: { kind: 'packed', bits: 4, wordBytes: 1, columns: 1 } };
  const filtered: TensorStorage = { ...plain, coding: { kind: 'filtered', filters: [], decodedBytes: 1 } };
  const scaled = (codes: TensorStorage): TensorStorage => ({
    dtype: 'float32',
    extents: [],
    coding: { kind: 'scaled', codes, shape: [1], block: [1], scales: 1 },
  });

  it.each<[string, TensorStorage, boolean]>([
    ['plain', plain, true],
    ['packed', packed, true],
    ['scaled', scaled(packed), true],
    ['filtered', filtered, false],
    ['scaled from filtered', scaled(filtered), false],
    ['a view', { ...plain, strides: [1] }, false],
    ['deflated', { ...plain, deflate: { skip: 0, inflatedBytes: 1 } }, false],
    ['tiles', { ...plain, coding: { kind: 'tiles', shape: [1], tiles: [] } }, false],
  ])('%s', (_, storage, expected) => {
    expect(isRandomAccess(storage)).toBe(expected);
  });
});
