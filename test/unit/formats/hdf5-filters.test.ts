import { describe, expect, it } from 'vitest';
import { checkedFletcher32, fletcher32 } from '../../../src/values/fletcher32';
import { lzfDecompressed } from '../../../src/values/lzf';
import { DecodingError } from '../../../src/values/reading';

describe('LZF', () => {
  it('copies what is there and what came before', () => {
    const text = Buffer.from('abcabcabcabcd');
    // Three bytes as they are, nine from three back, one as it is.
    const packed = Uint8Array.from([2, 0x61, 0x62, 0x63, 0xe0, 0, 2, 0, 0x64]);
    expect(Buffer.from(lzfDecompressed(packed, 64))).toEqual(text);
  });

  it.each([
    ['bytes that are missing', [5, 1, 2]],
    ['a reference before the start', [0, 1, 0x20, 9]],
    ['a reference that is cut off', [0, 1, 0xe0, 1]],
    ['a length that is cut off', [0, 1, 0xe0]],
    ['more than is expected', [0, 1, 0xe0, 255, 0]],
  ])('refuses %s', (_, packed) => {
    expect(() => lzfDecompressed(Uint8Array.from(packed), 100)).toThrow(DecodingError);
  });
});

describe('Fletcher-32', () => {
  it('is checked', () => {
    const bytes = Uint8Array.from({ length: 1001 }, (_, i) => (i * 7) & 255);
    const sum = fletcher32(bytes);
    const signed = new Uint8Array(1005);
    signed.set(bytes);
    new DataView(signed.buffer).setUint32(1001, sum, true);
    expect(checkedFletcher32(signed)).toEqual(bytes);
    signed[500]! ^= 1;
    expect(() => checkedFletcher32(signed)).toThrow(DecodingError);
    expect(() => checkedFletcher32(signed.subarray(0, 3))).toThrow(DecodingError);
  });

  it('does not depend on how much is summed at once', () => {
    expect(fletcher32(new Uint8Array(100_000).fill(255))).toBe(0xffffffff);
    expect(fletcher32(new Uint8Array(1000))).toBe(0);
  });

  it('is that of sums word by word, wherever the bytes begin', () => {
    // The definition: both sums modulo 65,535 after each word, where multiples of it other than 0 are written as 65,535.
    const reference = (bytes: Uint8Array): number => {
      let [sum, sums] = [0, 0];
      const modulo = (value: number): number => (value === 0 ? 0 : ((value - 1) % 65_535) + 1);
      for (let i = 0; i < bytes.length; i += 2) {
        sum = modulo(sum + 256 * bytes[i]! + (bytes[i + 1] ?? 0));
        sums = modulo(sums + sum);
      }
      return sums * 65_536 + sum;
    };
    for (const length of [0, 1, 2, 3, 479, 480, 481, 482, 2001]) {
      for (const shift of [0, 1]) {
        for (const multiplier of [0, 97, 12_345]) {
          const bytes = new Uint8Array(length + shift).subarray(shift);
          for (let i = 0; i < length; i++) bytes[i] = (i * i * multiplier) >> 3;
          expect(fletcher32(bytes), `${length} bytes at ${shift}, ${multiplier}`).toBe(reference(bytes));
        }
        const bytes = new Uint8Array(length + shift).fill(255).subarray(shift);
        expect(fletcher32(bytes)).toBe(reference(bytes));
      }
    }
  });
});
