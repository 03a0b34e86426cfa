import type { BlockScheme } from './scheme';

/**
 * Blocks of 4-bit floats (E2M1) with 8-bit floats as scales (llama.cpp, ggml-common.h: block_mxfp4, block_nvfp4; OCP
 * microscaling formats, MX 1.0). ggml takes the doubled values, integers, times half the scale.
 */
const DOUBLED = Int8Array.of(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);

/** E8M0, halved. What MX calls NaN, 255, is a power of two like all others to ggml. */
const HALVED_E8M0 = Float32Array.from({ length: 256 }, (_, code) => 2 ** (code - 128));

/** E4M3 without sign, halved; 127 is read as zero, and the highest bit is passed over. */
const HALVED_UE4M3 = Float32Array.from({ length: 256 }, (_, code) => {
  const exponent = (code >> 3) & 15;
  const fraction = code & 7;
  if (code === 127) return 0;
  return (exponent === 0 ? fraction * 2 ** -9 : (1 + fraction / 8) * 2 ** (exponent - 7)) / 2;
});

/** 32 values with one scale. */
export const MXFP4: BlockScheme = {
  blockBytes: 17,
  blockValues: 32,
  decode(bytes, values, count) {
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 17, to += 32) {
      const d = HALVED_E8M0[bytes[at]!]!;
      for (let j = 0; j < 16; j++) {
        const byte = bytes[at + 1 + j]!;
        values[to + j] = d * DOUBLED[byte & 15]!;
        values[to + j + 16] = d * DOUBLED[byte >> 4]!;
      }
    }
  },
};

/** Four runs of 16 values, each with its scale; the four scales come first. */
export const NVFP4: BlockScheme = {
  blockBytes: 36,
  blockValues: 64,
  decode(bytes, values, count) {
    for (let block = 0, at = 0, to = 0; block < count; block++, at += 36) {
      for (let run = 0; run < 4; run++, to += 16) {
        const d = HALVED_UE4M3[bytes[at + run]!]!;
        const from = at + 4 + run * 8;
        for (let j = 0; j < 8; j++) {
          const byte = bytes[from + j]!;
          values[to + j] = d * DOUBLED[byte & 15]!;
          values[to + j + 8] = d * DOUBLED[byte >> 4]!;
        }
      }
    }
  },
};
