import { halfValues, u16 } from './half';
import type { BlockScheme } from './scheme';

/** −d, 0 or d, in blocks of 256 (llama.cpp, ggml-common.h: block_tq1_0, block_tq2_0). */

/** What base-3 digits of a byte are, most significant first: a byte is a fraction of 256, rounded up. */
const POWERS = [1, 3, 9, 27, 81] as const;
const DIGITS = Int8Array.from({ length: 5 * 256 }, (_, i) => {
  const shifted = ((i & 255) * (POWERS[i >> 8] ?? 0)) & 255;
  return ((shifted * 3) >> 8) - 1;
});

/** Five values a byte: 32 bytes, then 16; then four bytes with four values each. */
export const TQ1_0: BlockScheme = {
  blockBytes: 54,
  blockValues: 256,
  decode(bytes, values, count) {
    const half = halfValues();
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 54) {
      const d = half[u16(bytes, at + 52)]!;
      for (let digit = 0; digit < 5; digit++, to += 32) {
        for (let j = 0; j < 32; j++) values[to + j] = d * DIGITS[(digit << 8) | bytes[at + j]!]!;
      }
      for (let digit = 0; digit < 5; digit++, to += 16) {
        for (let j = 0; j < 16; j++) values[to + j] = d * DIGITS[(digit << 8) | bytes[at + 32 + j]!]!;
      }
      for (let digit = 0; digit < 4; digit++, to += 4) {
        for (let j = 0; j < 4; j++) values[to + j] = d * DIGITS[(digit << 8) | bytes[at + 48 + j]!]!;
      }
    }
  },
};

/** Four values a byte. */
export const TQ2_0: BlockScheme = {
  blockBytes: 66,
  blockValues: 256,
  decode(bytes, values, count) {
    const half = halfValues();
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 66) {
      const d = half[u16(bytes, at + 64)]!;
      for (let run = 0; run < 8; run++, to += 32) {
        const from = at + (run >> 2) * 32;
        const shift = (run & 3) * 2;
        for (let j = 0; j < 32; j++) values[to + j] = d * (((bytes[from + j]! >> shift) & 3) - 1);
      }
    }
  },
};
