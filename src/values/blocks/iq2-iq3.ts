import { EVEN_SIGNS, grid, SIGNS } from './grid';
import { halfValues, i32, u16 } from './half';
import type { BlockScheme } from './scheme';

/**
 * IQ2, IQ3: points of a codebook of 8 (IQ3: 4) dimensions, with a sign each coordinate and a scale each 16 or 32 values
 * (llama.cpp, ggml-common.h: block_iq2_xxs …).
 */

/** scale × point × sign of `length` values; the order of the roundings is the reference's. */
function place(
  values: Float32Array,
  to: number,
  length: number,
  scale: number,
  points: Float32Array,
  point: number,
  signs: Float32Array,
  sign: number,
): void {
  for (let j = 0; j < length; j++) values[to + j] = scale * points[point + j]! * signs[sign + j]!;
}

/** d × (½ + scale) × ¼ (or another power of two), rounded after each step. */
function scaled(d: number, scale: number, factor: number): number {
  return Math.fround(Math.fround(d * (0.5 + scale)) * factor);
}

export const IQ2_XXS: BlockScheme = {
  blockBytes: 66,
  blockValues: 256,
  decode(bytes, values, count) {
    const half = halfValues();
    const points = grid('IQ2_XXS');
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 66) {
      const d = half[u16(bytes, at)]!;
      for (let from = at + 2; from < at + 66; from += 8) {
        // Four times seven bits of signs, four of the scale.
        const word = i32(bytes, from + 4);
        const scale = scaled(d, word >>> 28, 0.25);
        for (let i = 0; i < 4; i++, to += 8) {
          place(values, to, 8, scale, points, bytes[from + i]! * 8, EVEN_SIGNS, ((word >>> (7 * i)) & 127) * 8);
        }
      }
    }
  },
};

export const IQ2_XS: BlockScheme = {
  blockBytes: 74,
  blockValues: 256,
  decode(bytes, values, count) {
    const half = halfValues();
    const points = grid('IQ2_XS');
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 74) {
      const d = half[u16(bytes, at)]!;
      for (let i = 0; i < 32; i++, to += 8) {
        const code = u16(bytes, at + 2 + 2 * i);
        const scale = scaled(d, (bytes[at + 66 + (i >> 2)]! >> ((i & 2) * 2)) & 15, 0.25);
        place(values, to, 8, scale, points, (code & 511) * 8, EVEN_SIGNS, (code >> 9) * 8);
      }
    }
  },
};

export const IQ2_S: BlockScheme = {
  blockBytes: 82,
  blockValues: 256,
  decode(bytes, values, count) {
    const half = halfValues();
    const points = grid('IQ2_S');
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 82) {
      const d = half[u16(bytes, at)]!;
      for (let i = 0; i < 32; i++, to += 8) {
        const point = bytes[at + 2 + i]! | (((bytes[at + 66 + (i >> 2)]! >> ((i & 3) * 2)) & 3) << 8);
        const scale = scaled(d, (bytes[at + 74 + (i >> 2)]! >> ((i & 2) * 2)) & 15, 0.25);
        place(values, to, 8, scale, points, point * 8, SIGNS, bytes[at + 34 + i]! * 8);
      }
    }
  },
};

export const IQ3_XXS: BlockScheme = {
  blockBytes: 98,
  blockValues: 256,
  decode(bytes, values, count) {
    const half = halfValues();
    const points = grid('IQ3_XXS');
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 98) {
      const d = half[u16(bytes, at)]!;
      for (let run = 0; run < 8; run++) {
        const word = i32(bytes, at + 66 + 4 * run);
        const scale = scaled(d, word >>> 28, 0.5);
        for (let i = 0; i < 4; i++, to += 8) {
          const from = at + 2 + 8 * run + 2 * i;
          const sign = ((word >>> (7 * i)) & 127) * 8;
          place(values, to, 4, scale, points, bytes[from]! * 4, EVEN_SIGNS, sign);
          place(values, to + 4, 4, scale, points, bytes[from + 1]! * 4, EVEN_SIGNS, sign + 4);
        }
      }
    }
  },
};

export const IQ3_S: BlockScheme = {
  blockBytes: 110,
  blockValues: 256,
  decode(bytes, values, count) {
    const half = halfValues();
    const points = grid('IQ3_S');
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 110) {
      const d = half[u16(bytes, at)]!;
      for (let run = 0; run < 8; run++) {
        const scale = Math.fround(d * (1 + 2 * ((bytes[at + 106 + (run >> 1)]! >> ((run & 1) * 4)) & 15)));
        const high = bytes[at + 66 + run]!;
        for (let i = 0; i < 4; i++, to += 8) {
          const from = at + 2 + 8 * run + 2 * i;
          const sign = bytes[at + 74 + 4 * run + i]! * 8;
          const first = bytes[from]! | (((high >> (2 * i)) & 1) << 8);
          const second = bytes[from + 1]! | (((high >> (2 * i + 1)) & 1) << 8);
          place(values, to, 4, scale, points, first * 4, SIGNS, sign);
          place(values, to + 4, 4, scale, points, second * 4, SIGNS, sign + 4);
        }
      }
    }
  },
};
