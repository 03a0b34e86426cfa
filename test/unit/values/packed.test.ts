import { describe, expect, it } from 'vitest';
import type { PackedCoding, TensorStorage } from '../../../src/formats/storage';
import { elementSource } from '../../../src/values/element-source';
import { randomFrom } from '../../fuzz/mutate';
import { consistentBytes, elements, floats, MemoryReader } from './memory';

type Layout = Omit<PackedCoding, 'kind' | 'table' | 'signed'>;

/** Packs codes as the coding says, bit for bit. */
function pack(codes: readonly number[], { bits, wordBytes, columns, order }: Layout): Uint8Array {
  const wordBits = 8 * wordBytes;
  const rows = Math.ceil(codes.length / columns);
  const words = Math.ceil((rows * bits) / wordBits);
  const bytes = new Uint8Array(words * columns * wordBytes);
  for (const [element, code] of codes.entries()) {
    const row = Math.floor(element / columns);
    const slots = wordBits / bits;
    const slot = order === undefined ? row : row - (row % slots) + order[row % slots]!;
    for (let bit = 0; bit < bits; bit++) {
      const at = slot * bits + bit;
      const word = Math.floor(at / wordBits) * columns + (element % columns);
      const place = word * wordBits + (at % wordBits);
      bytes[place >> 3]! |= ((code >> bit) & 1) << (place & 7);
    }
  }
  return bytes;
}

function codesOf(count: number, bits: number, seed = 1): number[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, () => Math.floor(random() * 2 ** bits));
}

function stored(codes: readonly number[], layout: Layout, more: Partial<TensorStorage & PackedCoding> = {}) {
  const reader = new MemoryReader();
  const { dtype = 'uint8', signed, table } = more;
  const storage: TensorStorage = {
    dtype,
    extents: [reader.add(pack(codes, layout))],
    coding: { kind: 'packed', ...layout, ...(signed ? { signed } : {}), ...(table ? { table } : {}) },
  };
  return { storage, reader };
}

const ALL_BITS = [1, 2, 3, 4, 5, 6, 8] as const;

describe.each(ALL_BITS)('codes of %i bits', (bits) => {
  it.each([
    [1, 1, 1000],
    [1, 4, 1001],
    [1, 1, 5],
    [4, 4, 32],
    [4, 7, 700],
    [4, 100, 6400],
    [1, 13, 1300],
    [4, 1, 1],
  ] as const)('are unpacked from words of %i bytes in %i columns (%i)', (wordBytes, columns, count) => {
    const layout: Layout = { bits, wordBytes, columns };
    const codes = codesOf(count, bits);
    const { storage, reader } = stored(codes, layout);
    expect([...consistentBytes(storage, count, reader)]).toEqual(codes);
  });

  it('may be signed', () => {
    const codes = codesOf(200, bits);
    const { storage, reader } = stored(codes, { bits, wordBytes: 1, columns: 1 }, { dtype: 'int8', signed: true });
    const values = new Int8Array(consistentBytes(storage, 200, reader));
    expect([...values]).toEqual(codes.map((code) => (code >= 2 ** (bits - 1) ? code - 2 ** bits : code)));
  });

  it('may stand for numbers of a table', () => {
    const codes = codesOf(200, bits);
    const table = Array.from({ length: 2 ** bits }, (_, code) => Math.fround(Math.sin(code)));
    const { storage, reader } = stored(codes, { bits, wordBytes: 4, columns: 8 }, { dtype: 'float32', table });
    expect([...floats(consistentBytes(storage, 200, reader))]).toEqual(codes.map((code) => table[code]));
  });

  it('are read over the ends of pieces', () => {
    const count = 3 * 65_536 + 17;
    for (const columns of [1, 300]) {
      const layout: Layout = { bits, wordBytes: 4, columns };
      const codes = codesOf(Math.ceil(count / columns) * columns, bits, columns);
      const { storage, reader } = stored(codes, layout);
      const source = elementSource(storage, codes.length, reader);
      expect(Buffer.compare(elements(source, 1, 5, count - 5), Uint8Array.from(codes.slice(5, count)))).toBe(0);
    }
  });
});

describe('shuffled slots', () => {
  it.each([
    ['AWQ', { bits: 4, wordBytes: 4, columns: 1, order: [0, 4, 1, 5, 2, 6, 3, 7] }],
    ['upper half first', { bits: 4, wordBytes: 1, columns: 1, order: [1, 0] }],
    ['quarters', { bits: 2, wordBytes: 1, columns: 1, order: [3, 1, 0, 2] }],
    ['in columns', { bits: 4, wordBytes: 4, columns: 24, order: [7, 6, 5, 4, 3, 2, 1, 0] }],
    ['bytes of a word', { bits: 8, wordBytes: 4, columns: 1, order: [3, 2, 1, 0] }],
  ] as const)('are put in order: %s', (_, layout) => {
    const codes = codesOf(960, layout.bits);
    const { storage, reader } = stored(codes, layout);
    expect([...consistentBytes(storage, 960, reader)]).toEqual(codes);
  });

  it('are in order though the last word is not full', () => {
    const codes = codesOf(13, 4);
    const { storage, reader } = stored(codes, { bits: 4, wordBytes: 4, columns: 1, order: [7, 6, 5, 4, 3, 2, 1, 0] });
    expect([...consistentBytes(storage, 13, reader)]).toEqual(codes);
  });
});

it('keeps negative zero', () => {
  const { storage, reader } = stored(
    [0, 1],
    { bits: 1, wordBytes: 1, columns: 1 },
    { dtype: 'float32', table: [-0, 1] },
  );
  expect(Object.is(floats(consistentBytes(storage, 2, reader))[0], -0)).toBe(true);
});

it('reads of very long rows only what is asked for', () => {
  const columns = 200_000;
  const codes = codesOf(8 * columns, 4);
  const { storage, reader } = stored(codes, { bits: 4, wordBytes: 4, columns });
  const source = elementSource(storage, codes.length, reader);
  reader.bytesRead = 0;
  expect([...elements(source, 1, 3 * columns + 100, 50)]).toEqual(codes.slice(3 * columns + 100, 3 * columns + 150));
  expect(reader.bytesRead).toBe(4 * 50);
  expect([...elements(source, 1, columns - 10, 20)]).toEqual(codes.slice(columns - 10, columns + 10));
});
