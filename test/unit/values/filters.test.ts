import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { Filter, TensorStorage } from '../../../src/formats/storage';
import { elementSource } from '../../../src/values/element-source';
import { DecodingError } from '../../../src/values/reading';
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
  ['none', PLAIN, []],
])('are undone: %s', (_, stored, filters) => {
  const { storage, reader } = make(stored, filters);
  expect(consistentBytes(storage, PLAIN.length, reader)).toEqual(PLAIN);
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
