import { halfValues, u16 } from './half';
import type { BlockScheme } from './scheme';

/**
 * Q2_K …: blocks of 256 values, of which each run of 16 or 32 has a scale, and in some types a minimum, that are
 * integers times the block's d and dmin (llama.cpp, ggml-common.h: block_q2_K …).
 */

/** d × scale × q − dmin × min. */
export const Q2_K: BlockScheme = {
  blockBytes: 84,
  blockValues: 256,
  decode(bytes, values, count) {
    const half = halfValues();
    const scales = new Float32Array(16);
    const mins = new Float32Array(16);
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 84, to += 256) {
      const d = half[u16(bytes, at + 80)]!;
      const dmin = half[u16(bytes, at + 82)]!;
      for (let run = 0; run < 16; run++) {
        scales[run] = d * (bytes[at + run]! & 15);
        mins[run] = dmin * (bytes[at + run]! >> 4);
      }
      // A byte has one value each of four runs that stand two apart.
      for (let run = 0, from = at + 16; run < 16; run += (run & 1) === 0 ? 1 : 7, from += 16) {
        const scale0 = scales[run]!;
        const scale1 = scales[run + 2]!;
        const scale2 = scales[run + 4]!;
        const scale3 = scales[run + 6]!;
        const min0 = mins[run]!;
        const min1 = mins[run + 2]!;
        const min2 = mins[run + 4]!;
        const min3 = mins[run + 6]!;
        const place = to + 16 * run;
        for (let j = 0; j < 16; j++) {
          const byte = bytes[from + j]!;
          values[place + j] = Math.fround(scale0 * (byte & 3)) - min0;
          values[place + j + 32] = Math.fround(scale1 * ((byte >> 2) & 3)) - min1;
          values[place + j + 64] = Math.fround(scale2 * ((byte >> 4) & 3)) - min2;
          values[place + j + 96] = Math.fround(scale3 * (byte >> 6)) - min3;
        }
      }
    }
  },
};

/** d × scale × q; the third bit of q, inverted, is its sign. */
export const Q3_K: BlockScheme = {
  blockBytes: 110,
  blockValues: 256,
  decode(bytes, values, count) {
    const half = halfValues();
    const scales = new Float32Array(16);
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 110, to += 256) {
      const d = half[u16(bytes, at + 108)]!;
      for (let run = 0; run < 16; run++) {
        const low = (bytes[at + 96 + (run & 7)]! >> (run < 8 ? 0 : 4)) & 15;
        const high = (bytes[at + 104 + (run & 3)]! >> ((run >> 2) * 2)) & 3;
        scales[run] = d * ((low | (high << 4)) - 32);
      }
      for (let run = 0, from = at + 32; run < 16; run += (run & 1) === 0 ? 1 : 7, from += 16) {
        const scale0 = scales[run]!;
        const scale1 = scales[run + 2]!;
        const scale2 = scales[run + 4]!;
        const scale3 = scales[run + 6]!;
        const mask = at + (run & 1) * 16;
        const bit = run >> 1;
        const place = to + 16 * run;
        for (let j = 0; j < 16; j++) {
          const byte = bytes[from + j]!;
          const high = bytes[mask + j]! >> bit;
          values[place + j] = scale0 * ((byte & 3) + ((high & 1) << 2) - 4);
          values[place + j + 32] = scale1 * (((byte >> 2) & 3) + ((high & 2) << 1) - 4);
          values[place + j + 64] = scale2 * (((byte >> 4) & 3) + (high & 4) - 4);
          values[place + j + 96] = scale3 * ((byte >> 6) + ((high & 8) >> 1) - 4);
        }
      }
    }
  },
};

/** Scale of one of the eight runs of Q4_K and Q5_K: 6 bits each, of which the upper two of the last four lie apart. */
function scaleOf(bytes: Uint8Array, at: number, run: number): number {
  return run < 4 ? bytes[at + run]! & 63 : (bytes[at + 4 + run]! & 15) | ((bytes[at + run - 4]! >> 2) & 48);
}

function minOf(bytes: Uint8Array, at: number, run: number): number {
  return run < 4 ? bytes[at + 4 + run]! & 63 : (bytes[at + 4 + run]! >> 4) | ((bytes[at + run]! >> 2) & 48);
}

/** d × scale × q − dmin × min. */
export const Q4_K: BlockScheme = {
  blockBytes: 144,
  blockValues: 256,
  decode(bytes, values, count) {
    const half = halfValues();
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 144) {
      const d = half[u16(bytes, at)]!;
      const dmin = half[u16(bytes, at + 2)]!;
      for (let run = 0; run < 8; run += 2, to += 64) {
        const scale0 = Math.fround(d * scaleOf(bytes, at + 4, run));
        const min0 = Math.fround(dmin * minOf(bytes, at + 4, run));
        const scale1 = Math.fround(d * scaleOf(bytes, at + 4, run + 1));
        const min1 = Math.fround(dmin * minOf(bytes, at + 4, run + 1));
        const from = at + 16 + run * 16;
        for (let j = 0; j < 32; j++) {
          const byte = bytes[from + j]!;
          values[to + j] = Math.fround(scale0 * (byte & 15)) - min0;
          values[to + j + 32] = Math.fround(scale1 * (byte >> 4)) - min1;
        }
      }
    }
  },
};

/** As Q4_K, with a fifth bit of q. */
export const Q5_K: BlockScheme = {
  blockBytes: 176,
  blockValues: 256,
  decode(bytes, values, count) {
    const half = halfValues();
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 176) {
      const d = half[u16(bytes, at)]!;
      const dmin = half[u16(bytes, at + 2)]!;
      for (let run = 0; run < 8; run += 2, to += 64) {
        const scale0 = Math.fround(d * scaleOf(bytes, at + 4, run));
        const min0 = Math.fround(dmin * minOf(bytes, at + 4, run));
        const scale1 = Math.fround(d * scaleOf(bytes, at + 4, run + 1));
        const min1 = Math.fround(dmin * minOf(bytes, at + 4, run + 1));
        const from = at + 48 + run * 16;
        for (let j = 0; j < 32; j++) {
          const byte = bytes[from + j]!;
          const high = bytes[at + 16 + j]! >> run;
          values[to + j] = Math.fround(scale0 * ((byte & 15) | ((high & 1) << 4))) - min0;
          values[to + j + 32] = Math.fround(scale1 * ((byte >> 4) | ((high & 2) << 3))) - min1;
        }
      }
    }
  },
};

/** d × scale × (q − 32), of signed scales. */
export const Q6_K: BlockScheme = {
  blockBytes: 210,
  blockValues: 256,
  decode(bytes, values, count) {
    const half = halfValues();
    const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    const scales = new Float32Array(16);
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 210, to += 256) {
      const d = half[u16(bytes, at + 208)]!;
      for (let run = 0; run < 16; run++) scales[run] = d * signed[at + 192 + run]!;
      // Two bytes of low bits and one of high bits have one value each of four runs that stand two apart.
      for (let run = 0; run < 16; run += (run & 1) === 0 ? 1 : 7) {
        const scale0 = scales[run]!;
        const scale1 = scales[run + 2]!;
        const scale2 = scales[run + 4]!;
        const scale3 = scales[run + 6]!;
        const from = at + (run >> 3) * 64 + (run & 1) * 16;
        const highs = at + 128 + (run >> 3) * 32 + (run & 1) * 16;
        const place = to + 16 * run;
        for (let j = 0; j < 16; j++) {
          const first = bytes[from + j]!;
          const second = bytes[from + 32 + j]!;
          const high = bytes[highs + j]!;
          values[place + j] = scale0 * (((first & 15) | ((high & 3) << 4)) - 32);
          values[place + j + 32] = scale1 * (((second & 15) | ((high & 12) << 2)) - 32);
          values[place + j + 64] = scale2 * (((first >> 4) | (high & 48)) - 32);
          values[place + j + 96] = scale3 * (((second >> 4) | ((high & 192) >> 2)) - 32);
        }
      }
    }
  },
};

/** d × q, with d as float32; sums of the q follow, of no use here. */
export const Q8_K: BlockScheme = {
  blockBytes: 292,
  blockValues: 256,
  decode(bytes, values, count) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 292, to += 256) {
      const d = view.getFloat32(at, true);
      for (let j = 0; j < 256; j++) values[to + j] = d * signed[at + 4 + j]!;
    }
  },
};
