import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { Filter, TensorStorage } from '../../../src/formats/storage';
import { elementSource } from '../../../src/values/element-source';
import { Unfilter } from '../../../src/values/filters';
import { fletcher32 } from '../../../src/values/fletcher32';
import { DecodingError } from '../../../src/values/reading';
import { unshuffle } from '../../../src/values/shuffle';
import { consistentBytes, elements, MemoryReader } from './memory';

const PLAIN = Uint8Array.from({ length: 403 }, (_, i) => (i * i) % 251);

function make(stored: Uint8Array, filters: readonly Filter[], decodedBytes = PLAIN.length) {
  const reader = new MemoryReader();
  const storage: TensorStorage = {
    dtype: 'uint8',
    extents: [reader.add(stored.subarray(0, 20)), reader.add(stored.subarray(20))],
    coding: { kind: 'filtered', filters, decodedBytes },
  };
  return { storage, reader };
}

/** All first bytes of the elements, then all second ones …; what is left over stays at the end. */
function shuffle(bytes: Uint8Array, width: number): Uint8Array {
  const count = Math.floor(bytes.length / width);
  const parts = Array.from({ length: width }, (_, byte) =>
    Array.from({ length: count }, (__, i) => bytes[i * width + byte]!),
  );
  return Uint8Array.from([...parts.flat(), ...bytes.subarray(count * width)]);
}

it.each<[string, Uint8Array, Filter[]]>([
  ['zlib', deflateSync(PLAIN), [{ name: 'zlib' }]],
  ['deflate', deflateRawSync(PLAIN), [{ name: 'deflate' }]],
  ['gzip', gzipSync(PLAIN), [{ name: 'gzip' }]],
  ['shuffle', shuffle(PLAIN, 4), [{ name: 'shuffle', width: 4 }]],
  ['shuffle and zlib', deflateSync(shuffle(PLAIN, 8)), [{ name: 'zlib' }, { name: 'shuffle', width: 8 }]],
  [
    'two shuffles',
    shuffle(shuffle(PLAIN, 4), 2),
    [
      { name: 'shuffle', width: 2 },
      { name: 'shuffle', width: 4 },
    ],
  ],
  ['shuffles of more bytes than there are', PLAIN, [{ name: 'shuffle', width: 404 }]],
  ['none', PLAIN, []],
])('are undone: %s', (_, stored, filters) => {
  const { storage, reader } = make(stored, filters);
  expect(consistentBytes(storage, PLAIN.length, reader)).toEqual(PLAIN);
});

it('are undone in the same memory, piece after piece', () => {
  const reader = new MemoryReader();
  const unfilter = new Unfilter(reader);
  const filters: Filter[] = [{ name: 'shuffle', width: 4 }, { name: 'fletcher32' }, { name: 'shuffle', width: 2 }];
  for (const length of [400, 403, 40, 0, 402]) {
    const plain = PLAIN.subarray(0, length);
    const inner = shuffle(plain, 2);
    const signed = new Uint8Array(length + 4);
    signed.set(inner);
    new DataView(signed.buffer).setUint32(length, fletcher32(inner), true);
    const coding = { kind: 'filtered', filters, decodedBytes: length } as const;
    expect(unfilter.decoded(coding, [reader.add(shuffle(signed, 4))]), `${length} bytes`).toEqual(plain);
  }
});

it.each([0, 1, 2, 3])('shuffled words may begin %i bytes after a multiple of four', (shift) => {
  for (const length of [3, 4, 16, 400, 403]) {
    const plain = Uint8Array.from({ length }, (_, i) => 255 - ((i * i) % 251));
    const shuffled = new Uint8Array(length + shift).subarray(shift);
    shuffled.set(shuffle(plain, 4));
    const result = new Uint8Array(length).fill(85);
    unshuffle(shuffled, 4, result);
    expect(result, `${length} bytes`).toEqual(plain);
  }
});

it('are undone once', () => {
  const stored = deflateSync(PLAIN);
  const { storage, reader } = make(stored, [{ name: 'zlib' }]);
  const source = elementSource(storage, PLAIN.length, reader);
  for (const first of [300, 0, 100]) elements(source, 1, first, 50);
  expect(reader.bytesRead).toBe(stored.length);
});

it.each<[string, Uint8Array, number]>([
  ['is damaged', deflateSync(PLAIN).fill(0, 10, 20), PLAIN.length],
  ['is cut off', deflateSync(PLAIN).subarray(0, 60), PLAIN.length],
  ['has too few bytes', deflateSync(PLAIN), PLAIN.length + 1],
  ['has far too many', deflateSync(new Uint8Array(1_000_000)), 100],
])('refuses what %s', (_, stored, decodedBytes) => {
  const { storage, reader } = make(stored, [{ name: 'zlib' }], decodedBytes);
  expect(() => elements(elementSource(storage, decodedBytes, reader), 1, 0, 10)).toThrow(DecodingError);
});
