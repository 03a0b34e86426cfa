import { grid } from './grid';
import { halfValues, u16 } from './half';
import type { BlockScheme } from './scheme';

/** IQ1: points of a codebook of −1, 0 and 1, moved by an eighth; IQ4: values of a table (llama.cpp, ggml-common.h). */

const DELTA = 0.125;

function placeMoved(
  values: Float32Array,
  to: number,
  scale: number,
  points: Float32Array,
  point: number,
  delta: number,
): void {
  for (let j = 0; j < 8; j++) values[to + j] = scale * (points[point + j]! + delta);
}

export const IQ1_S: BlockScheme = {
  blockBytes: 50,
  blockValues: 256,
  decode(bytes, values, count) {
    const half = halfValues();
    const points = grid('IQ1_S');
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 50) {
      const d = half[u16(bytes, at)]!;
      for (let run = 0; run < 8; run++) {
        // Three upper bits of each of four points, three bits of the scale, the sign of the move.
        const word = u16(bytes, at + 34 + 2 * run);
        const scale = Math.fround(d * (2 * ((word >> 12) & 7) + 1));
        const delta = (word & 0x8000) === 0 ? DELTA : -DELTA;
        for (let i = 0; i < 4; i++, to += 8) {
          const point = bytes[at + 2 + 4 * run + i]! | (((word >> (3 * i)) & 7) << 8);
          placeMoved(values, to, scale, points, point * 8, delta);
        }
      }
    }
  },
};

export const IQ1_M: BlockScheme = {
  blockBytes: 56,
  blockValues: 256,
  decode(bytes, values, count) {
    const half = halfValues();
    const points = grid('IQ1_S');
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 56) {
      // Four times four bits of d lie above the scales.
      const d =
        half[
          (bytes[at + 49]! >> 4) |
            (bytes[at + 51]! & 240) |
            ((bytes[at + 53]! & 240) << 4) |
            ((bytes[at + 55]! & 240) << 8)
        ]!;
      for (let i = 0; i < 32; i++, to += 8) {
        const word = u16(bytes, at + 48 + 2 * (i >> 3));
        const scale = Math.fround(d * (2 * ((word >> (3 * ((i >> 1) & 3))) & 7) + 1));
        const high = bytes[at + 32 + (i >> 1)]! >> ((i & 1) * 4);
        placeMoved(
          values,
          to,
          scale,
          points,
          (bytes[at + i]! | ((high & 7) << 8)) * 8,
          (high & 8) === 0 ? DELTA : -DELTA,
        );
      }
    }
  },
};

/** kvalues_iq4nl */
const LEVELS = Int8Array.of(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

export const IQ4_NL: BlockScheme = {
  blockBytes: 18,
  blockValues: 32,
  decode(bytes, values, count) {
    const half = halfValues();
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 18, to += 32) {
      const d = half[u16(bytes, at)]!;
      for (let j = 0; j < 16; j++) {
        const byte = bytes[at + 2 + j]!;
        values[to + j] = d * LEVELS[byte & 15]!;
        values[to + j + 16] = d * LEVELS[byte >> 4]!;
      }
    }
  },
};

export const IQ4_XS: BlockScheme = {
  blockBytes: 136,
  blockValues: 256,
  decode(bytes, values, count) {
    const half = halfValues();
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 136) {
      const d = half[u16(bytes, at)]!;
      const high = u16(bytes, at + 2);
      for (let run = 0; run < 8; run++, to += 32) {
        const low = (bytes[at + 4 + (run >> 1)]! >> ((run & 1) * 4)) & 15;
        const scale = Math.fround(d * ((low | (((high >> (2 * run)) & 3) << 4)) - 32));
        const from = at + 8 + 16 * run;
        for (let j = 0; j < 16; j++) {
          const byte = bytes[from + j]!;
          values[to + j] = scale * LEVELS[byte & 15]!;
          values[to + j + 16] = scale * LEVELS[byte >> 4]!;
        }
      }
    }
  },
};
