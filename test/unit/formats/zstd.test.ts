import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../src/formats/containers/crc32c';
import { decodeZstd, decompressZstd } from '../../../src/formats/containers/zstd';
import { ZstdError } from '../../../src/formats/containers/zstd-tables';
import { FIXTURES } from './stored-values';

const FRAMES = JSON.parse(readFileSync(path.join(FIXTURES, 'orbax/zstd.json'), 'utf8')) as Record<
  string,
  { data: string; size: number; sha256: string }
>;

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A frame with the given blocks; `descriptor` as RFC 8878, 3.1.1.1.1 has it, and what follows it. */
function frame(
  header: readonly number[],
  ...blocks: readonly (readonly [type: number, size: number, data: number[]])[]
): Uint8Array {
  const bytes = [0x28, 0xb5, 0x2f, 0xfd, ...header];
  for (const [index, [type, size, data]] of blocks.entries()) {
    const word = (size << 3) | (type << 1) | (index === blocks.length - 1 ? 1 : 0);
    bytes.push(word & 255, (word >> 8) & 255, word >> 16, ...data);
  }
  return Uint8Array.from(bytes);
}

/** Window of 1 KiB, no content size. */
const WINDOW = [0x00, 0x00];

describe('Zstandard', () => {
  it.each(Object.entries(FRAMES))('decodes %s', (_, { data, size, sha256: expected }) => {
    const bytes = Buffer.from(data, 'base64');
    expect(sha256(decodeZstd(bytes, size))).toBe(expected);
    // A little more room than is needed makes no difference; what Node has of its own gives the same.
    expect(sha256(decodeZstd(bytes, size + 64))).toBe(expected);
    expect(sha256(decompressZstd(bytes, size + 64))).toBe(expected);
    if (size > 0) expect(() => decodeZstd(bytes, size - 1)).toThrow(ZstdError);
  });

  it('decodes several frames, and passes over those that are to be', () => {
    const one = frame(WINDOW, [0, 3, [1, 2, 3]]);
    const skipped = [0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9];
    const repeated = frame([0x20, 5], [1, 5, [7]]);
    expect([...decodeZstd(Uint8Array.from([...one, ...skipped, ...repeated]), 100)]).toEqual([1, 2, 3, 7, 7, 7, 7, 7]);
  });

  it('decodes literals and matches without a table', () => {
    // Raw literals "ab", one sequence of predefined codes would need FSE states: here no sequences at all.
    expect([...decodeZstd(frame(WINDOW, [2, 4, [2 << 3, 97, 98, 0]]), 10)]).toEqual([97, 98]);
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['another magic', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9)],
    ['a frame that ends in its header', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 5, 1, 0)],
    ['a dictionary', frame([0x21, 7, 1], [0, 1, [1]])],
    ['a reserved bit', frame([0x28, 1], [0, 1, [1]])],
    ['a reserved kind of block', frame(WINDOW, [3, 1, [1]])],
    ['a block beyond the end', frame(WINDOW, [0, 100, [1]])],
    ['a block of more than 128 KiB', frame(WINDOW, [1, 131_073, [1]])],
    ['no last block', frame(WINDOW, [0, 1, [1]]).map((byte, index) => (index === 6 ? byte & 0xfe : byte))],
    ['a content size that is too large', frame([0x20, 5], [0, 3, [1, 2, 3]])],
    ['a content size that is too small', frame([0x20, 2], [0, 3, [1, 2, 3]])],
    ['a content size of 2^60', frame([0xe0, 0, 0, 0, 0, 0, 0, 0, 0x10], [0, 3, [1, 2, 3]])],
    ['a skippable frame beyond the end', Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 255, 255, 255, 255)],
    ['literals beyond the block', frame(WINDOW, [2, 3, [20 << 3, 97, 0]])],
    ['an empty compressed block', frame(WINDOW, [2, 0, []])],
    ['a prefix code of an earlier block that there is not', frame(WINDOW, [2, 5, [0x13, 0, 0, 0, 0]])],
    ['tables of an earlier block that there are not', frame(WINDOW, [2, 5, [1 << 3, 97, 1, 0xfc, 1]])],
    ['a match before the start', frame(WINDOW, [2, 8, [0, 1, 0x54, 0, 31, 0, 255, 1]])],
    ['a code of zeros alone', frame(WINDOW, [2, 7, [0x02, 0x40, 0, 0x80, 0, 1, 0]])],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeZstd(bytes, 1_000_000)).toThrow(ZstdError);
  });

  it('does not go round for ever in weights of a code without bits', () => {
    // An FSE table in which one symbol has all of the probability: 5 bits of accuracy, 33 of 32 + 1.
    for (let byte = 0; byte < 256; byte++) {
      const bytes = frame(WINDOW, [2, 12, [0x42, 0x40, 1, 6, 0xf0, byte, 0xff, 0xff, 1, 1, 1, 0]]);
      expect(() => decodeZstd(bytes, 1000), String(byte)).toThrow(ZstdError);
    }
  });
});

describe('CRC-32C', () => {
  it('gives the check value of its catalogue, and those of RFC 3720', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  });
});
