import { halfValues, i32, u16 } from './half';
import type { BlockScheme } from './scheme';

/** Q4_0 …: small blocks with one scale d, and in the types _1 a minimum m (llama.cpp, ggml-common.h: block_q4_0 …). */

/** d × (q − 8). The low half bytes are the first 16 values, the high ones the others; so in all types of 4 and 5 bits. */
export const Q4_0: BlockScheme = {
  blockBytes: 18,
  blockValues: 32,
  decode(bytes, values, count) {
    const half = halfValues();
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 18, to += 32) {
      const d = half[u16(bytes, at)]!;
      for (let j = 0; j < 16; j++) {
        const byte = bytes[at + 2 + j]!;
        values[to + j] = d * ((byte & 15) - 8);
        values[to + j + 16] = d * ((byte >> 4) - 8);
      }
    }
  },
};

/** d × q + m. */
export const Q4_1: BlockScheme = {
  blockBytes: 20,
  blockValues: 32,
  decode(bytes, values, count) {
    const half = halfValues();
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 20, to += 32) {
      const d = half[u16(bytes, at)]!;
      const m = half[u16(bytes, at + 2)]!;
      for (let j = 0; j < 16; j++) {
        const byte = bytes[at + 4 + j]!;
        values[to + j] = Math.fround(d * (byte & 15)) + m;
        values[to + j + 16] = Math.fround(d * (byte >> 4)) + m;
      }
    }
  },
};

/** d × (q − 16); the fifth bits of all values are a word of their own. */
export const Q5_0: BlockScheme = {
  blockBytes: 22,
  blockValues: 32,
  decode(bytes, values, count) {
    const half = halfValues();
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 22, to += 32) {
      const d = half[u16(bytes, at)]!;
      const high = i32(bytes, at + 2);
      for (let j = 0; j < 16; j++) {
        const byte = bytes[at + 6 + j]!;
        values[to + j] = d * (((byte & 15) | (((high >>> j) & 1) << 4)) - 16);
        values[to + j + 16] = d * (((byte >> 4) | (((high >>> (j + 16)) & 1) << 4)) - 16);
      }
    }
  },
};

/** d × q + m. */
export const Q5_1: BlockScheme = {
  blockBytes: 24,
  blockValues: 32,
  decode(bytes, values, count) {
    const half = halfValues();
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 24, to += 32) {
      const d = half[u16(bytes, at)]!;
      const m = half[u16(bytes, at + 2)]!;
      const high = i32(bytes, at + 4);
      for (let j = 0; j < 16; j++) {
        const byte = bytes[at + 8 + j]!;
        values[to + j] = Math.fround(d * ((byte & 15) | (((high >>> j) & 1) << 4))) + m;
        values[to + j + 16] = Math.fround(d * ((byte >> 4) | (((high >>> (j + 16)) & 1) << 4))) + m;
      }
    }
  },
};

/** d × q, of signed bytes. */
export const Q8_0: BlockScheme = {
  blockBytes: 34,
  blockValues: 32,
  decode(bytes, values, count) {
    const half = halfValues();
    const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 34, to += 32) {
      const d = half[u16(bytes, at)]!;
      for (let j = 0; j < 32; j++) values[to + j] = d * signed[at + 2 + j]!;
    }
  },
};

/** d or −d, by one bit; the lowest bit of a byte is the first value. */
export const Q1_0: BlockScheme = {
  blockBytes: 18,
  blockValues: 128,
  decode(bytes, values, count) {
    const half = halfValues();
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 18, to += 128) {
      const d = half[u16(bytes, at)]!;
      for (let j = 0; j < 16; j++) {
        const byte = bytes[at + 2 + j]!;
        for (let bit = 0; bit < 8; bit++) values[to + 8 * j + bit] = d * (((byte >> bit) & 1) * 2 - 1);
      }
    }
  },
};

/** d × (q − 1); the lowest two bits of a byte are the first value. */
function twoBits(blockValues: number): BlockScheme {
  const codes = blockValues / 4;
  const blockBytes = 2 + codes;
  return {
    blockBytes,
    blockValues,
    decode(bytes, values, count) {
      const half = halfValues();
      for (let block = 0, at = 0, to = 0; block < count; block++, at += blockBytes) {
        const d = half[u16(bytes, at)]!;
        for (let j = 0; j < codes; j++, to += 4) {
          const byte = bytes[at + 2 + j]!;
          values[to] = d * ((byte & 3) - 1);
          values[to + 1] = d * (((byte >> 2) & 3) - 1);
          values[to + 2] = d * (((byte >> 4) & 3) - 1);
          values[to + 3] = d * ((byte >> 6) - 1);
        }
      }
    },
  };
}

export const Q2_0 = twoBits(64);

/** As the fork that introduced the type writes it, under the same number. */
export const Q2_0_G128 = twoBits(128);
