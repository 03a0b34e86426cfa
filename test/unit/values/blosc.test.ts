import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bloscDecompressed } from '../../../src/values/blosc';
import { blosclzDecompress } from '../../../src/values/blosclz';
import { lz4Decompress } from '../../../src/values/lz4';
import { DecodingError } from '../../../src/values/reading';
import { FUZZ_FACTOR, mutate, randomFrom } from '../../fuzz/mutate';

const FILE = path.resolve(import.meta.dirname, '../../fixtures/zarr/blosc.json');
type Chunks = Record<string, { data: string; size: number; sha256: string }>;
const CHUNKS = JSON.parse(readFileSync(FILE, 'utf8')) as Chunks;

describe('Blosc', () => {
  it.each(Object.entries(CHUNKS))('decompresses as numcodecs does: %s', (_, { data, size, sha256 }) => {
    const bytes = bloscDecompressed(Buffer.from(data, 'base64'), size);
    expect(bytes.length).toBe(size);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
  });

  it('gives no more than it is asked for', () => {
    for (const { data, size } of Object.values(CHUNKS)) {
      expect(() => bloscDecompressed(Buffer.from(data, 'base64'), size - 1)).toThrow(DecodingError);
    }
  });

  it.each(Object.entries(CHUNKS))('only DecodingError comes out of damaged chunks: %s', (_, { data, size }) => {
    const good = Buffer.from(data, 'base64');
    let refused = 0;
    for (let seed = 0; seed < 30 * FUZZ_FACTOR; seed++) {
      const damaged = mutate(good, randomFrom(seed), seed % 2 === 0 ? 40 : good.length);
      try {
        expect(bloscDecompressed(damaged, size).length).toBeLessThanOrEqual(size);
      } catch (error) {
        if (!(error instanceof DecodingError)) throw new Error(`seed ${seed}`, { cause: error });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(0);
  });
});

interface Changes {
  readonly version?: number;
  readonly flags?: number;
  readonly width?: number;
  readonly size?: number;
  readonly block?: number;
  readonly stored?: number;
  readonly place?: number;
  readonly part?: number;
}

/** One block of LZ4 that is not split: nine literals. */
function chunk(changes: Changes = {}, content = Buffer.from([0x90, 1, 2, 3, 4, 5, 6, 7, 8, 9])): Buffer {
  const header = Buffer.alloc(24);
  header[0] = changes.version ?? 2;
  header[1] = 1;
  header[2] = changes.flags ?? 0x30;
  header[3] = changes.width ?? 1;
  header.writeUInt32LE(changes.size ?? 9, 4);
  header.writeUInt32LE(changes.block ?? 9, 8);
  header.writeUInt32LE(changes.stored ?? 24 + content.length, 12);
  header.writeUInt32LE(changes.place ?? 20, 16);
  header.writeInt32LE(changes.part ?? content.length, 20);
  return Buffer.concat([header, content]);
}

describe('hand-written chunks of Blosc', () => {
  it('are like this one', () => {
    expect([...bloscDecompressed(chunk(), 100)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([...bloscDecompressed(chunk({ flags: 0x32, size: 3 }), 100)]).toEqual([20, 0, 0]);
    const deflated = deflateSync(Buffer.from('twenty bytes of text'));
    const bytes = bloscDecompressed(chunk({ flags: 0x70, size: 20, block: 20 }, deflated), 100);
    expect(Buffer.from(bytes).toString()).toBe('twenty bytes of text');
  });

  it('may have blocks that do not begin at whole words', () => {
    const parts = [0, 1, 2].map(() => Buffer.from([5, 0, 0, 0, 1, 2, 3, 4, 5]));
    const places = Buffer.alloc(12);
    [28, 37, 46].forEach((place, index) => places.writeUInt32LE(place, 4 * index));
    const header = chunk({ flags: 0x31, width: 4, size: 15, block: 5, stored: 55 }).subarray(0, 16);
    const bytes = bloscDecompressed(Buffer.concat([header, places, ...parts]), 100);
    expect([...bytes]).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5]);
  });

  it.each([
    ['an empty one', Buffer.alloc(0)],
    ['part of a header', chunk().subarray(0, 15)],
    ['version 0', chunk({ version: 0 })],
    ['version 3', chunk({ version: 3 })],
    ['Snappy', chunk({ flags: 0x50 })],
    ['an unknown codec', chunk({ flags: 0xf0 })],
    ['more bytes than there are', chunk({ stored: 35 })],
    ['fewer bytes than a header', chunk({ stored: 15 })],
    ['2^32 - 1 bytes', chunk({ size: 2 ** 32 - 1, block: 2 ** 32 - 1 })],
    ['more copied bytes than there are', chunk({ flags: 0x32, size: 19 })],
    ['blocks of no bytes', chunk({ block: 0 })],
    ['very many blocks', chunk({ block: 1, size: 100 })],
    ['a block beyond the end', chunk({ place: 34 })],
    ['a block at 2^32 - 1', chunk({ place: 2 ** 32 - 1 })],
    ['a part of no bytes', chunk({ part: 0 })],
    ['a part of negative size', chunk({ part: -1 })],
    ['a part beyond the end', chunk({ part: 11 })],
    ['a part that is too short', chunk({ size: 12, block: 12 })],
    ['a part that is too long', chunk({ size: 8, block: 8 })],
    ['zlib that is none', chunk({ flags: 0x70 })],
    ['zlib that is too long', chunk({ flags: 0x70 }, deflateSync(Buffer.alloc(100_000)))],
    ['zlib that is too short', chunk({ flags: 0x70 }, deflateSync(Buffer.alloc(3)))],
    ['zstd that is none', chunk({ flags: 0x90 })],
  ])('are refused: %s', (_, bytes) => {
    expect(() => bloscDecompressed(bytes, 1000)).toThrow(DecodingError);
  });
});

const lz4 = (room: number, ...bytes: number[]): number[] => {
  const target = new Uint8Array(room);
  lz4Decompress(Uint8Array.from(bytes), target);
  return [...target];
};
const blosclz = (room: number, ...bytes: number[]): number[] => {
  const target = new Uint8Array(room);
  blosclzDecompress(Uint8Array.from(bytes), target);
  return [...target];
};
const run = (length: number, value: number): number[] => Array.from({ length }, () => value);

describe('LZ4', () => {
  it('has literals and matches of all lengths', () => {
    expect(lz4(6, 0x20, 7, 8, 2, 0)).toEqual([7, 8, 7, 8, 7, 8]);
    expect(lz4(20, 0xf0, 5, ...run(20, 3))).toEqual(run(20, 3));
    expect(lz4(275, 0x1f, 4, 1, 0, 255, 0)).toEqual(run(275, 4));
  });

  it.each<[string, number, number[]]>([
    ['literals beyond the end', 9, [0x30, 1, 2]],
    ['literals beyond the room', 2, [0x30, 1, 2, 3]],
    ['a length that is cut off', 300, [0xf0, 255]],
    ['a distance that is cut off', 9, [0x10, 1, 1]],
    ['a distance of 0', 5, [0x10, 1, 0, 0]],
    ['a distance before the beginning', 5, [0x10, 1, 2, 0]],
    ['a match beyond the room', 4, [0x10, 1, 1, 0]],
    ['a match whose length is cut off', 300, [0x1f, 1, 1, 0, 255]],
    ['too little', 2, [0x10, 1]],
    ['nothing', 1, []],
  ])('is refused with %s', (_, room, bytes) => {
    expect(() => lz4(room, ...bytes)).toThrow(DecodingError);
  });
});

describe('BloscLZ', () => {
  it('has literals and matches of all lengths', () => {
    expect(blosclz(3, 2, 7, 8, 9)).toEqual([7, 8, 9]);
    // The upper bits of the first byte are a version.
    expect(blosclz(3, 0x22, 7, 8, 9)).toEqual([7, 8, 9]);
    expect(blosclz(6, 1, 7, 8, 2 << 5, 1)).toEqual([7, 8, 7, 8, 7, 8]);
    expect(blosclz(266, 0, 4, 7 << 5, 255, 1, 0)).toEqual(run(266, 4));
  });

  it.each<[string, number, number[]]>([
    ['literals beyond the end', 9, [2, 1, 2]],
    ['literals beyond the room', 2, [2, 1, 2, 3]],
    ['a match that is cut off', 9, [0, 1, 1 << 5]],
    ['a length that is cut off', 900, [0, 1, 7 << 5, 255]],
    ['a distance before the beginning', 9, [0, 1, 1 << 5, 1]],
    ['a far distance that is cut off', 9, [0, 1, (1 << 5) | 31, 255, 0]],
    ['a far distance before the beginning', 9, [0, 1, (1 << 5) | 31, 255, 0, 0]],
    ['a match beyond the room', 3, [0, 1, 1 << 5, 0]],
    ['too little', 2, [0, 1]],
    ['nothing', 1, []],
  ])('is refused with %s', (_, room, bytes) => {
    expect(() => blosclz(room, ...bytes)).toThrow(DecodingError);
  });
});
