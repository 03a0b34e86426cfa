import type { Kernel } from './kernel';
import {
  COMPACT_CODES_OFFSET,
  COMPACT_COUNTS_OFFSET,
  COMPACT_LOW_SUMS_OFFSET,
  EXTREMES_OFFSET,
  INFINITIES_OFFSET,
  MEMORY_BYTES,
  SCRATCH_OFFSET,
  SUMS_OFFSET,
  TABLE_BYTES,
  TABLE_OFFSET,
} from './layout';

/**
 * The kernel in TypeScript: what runs where WebAssembly SIMD does not, and what the other one is tested against. Same
 * operations in the same order as `assembly/kernel.ts`, lane for lane.
 */
export function createPlainKernel(): Kernel {
  const memory = new ArrayBuffer(MEMORY_BYTES);
  const bytes = new Uint8Array(memory);
  const halves = new Uint16Array(memory);
  const words = new Uint32Array(memory);
  const floats = new Float32Array(memory);
  const table = new Uint32Array(memory, TABLE_OFFSET, TABLE_BYTES / 4);
  const sums = new Float64Array(memory, SUMS_OFFSET, 16);
  const extremes = new Float32Array(memory, EXTREMES_OFFSET, 8);
  const infinities = new Int32Array(memory, INFINITIES_OFFSET, 1);
  const codes = new Uint16Array(memory, COMPACT_CODES_OFFSET, 65_536);
  const counts = new Float64Array(memory, COMPACT_COUNTS_OFFSET, 65_536);
  const lowSums = new Float64Array(memory, COMPACT_LOW_SUMS_OFFSET, 65_536);

  return {
    memory,

    binFloat32(offset, count) {
      const start = offset >>> 2;
      for (let i = start; i < start + count; i++) {
        const pattern = at(words, i);
        const word = (pattern >>> 16) << 1;
        const low = at(table, word) + (pattern & 0xffff);
        table[word] = low;
        // 1 << 40 lands in bit 8 of the upper half; the carry of the lower half in bit 0.
        table[word + 1] = at(table, word + 1) + 0x100 + (low > 0xffffffff ? 1 : 0);
      }
    },

    countCodes16(offset, count) {
      const start = offset >>> 1;
      for (let i = start; i < start + count; i++) {
        const code = at(halves, i);
        table[code] = at(table, code) + 1;
      }
    },

    countCodes8(offset, count) {
      for (let i = 0; i < count; i++) {
        const counter = ((i & 3) << 8) | at(bytes, offset + i);
        table[counter] = at(table, counter) + 1;
      }
    },

    compactBins() {
      let found = 0;
      for (let code = 0; code < 65_536; code++) {
        const low = at(table, 2 * code);
        const high = at(table, 2 * code + 1);
        // A count is at least 1, and stands in the upper half.
        if (high === 0) continue;
        table[2 * code] = 0;
        table[2 * code + 1] = 0;
        codes[found] = code;
        counts[found] = high >>> 8;
        lowSums[found] = (high & 0xff) * 2 ** 32 + low;
        found++;
      }
      return found;
    },

    compactCodes16() {
      let found = 0;
      for (let code = 0; code < 65_536; code++) {
        const count = at(table, code);
        if (count === 0) continue;
        table[code] = 0;
        codes[found] = code;
        counts[found] = count;
        found++;
      }
      return found;
    },

    powerSums(offset, count, pivot) {
      sumPowers(floats.subarray(offset >>> 2, (offset >>> 2) + count), pivot, sums);
      const values = floats.subarray(offset >>> 2, (offset >>> 2) + count);
      let zeros = 0;
      extremes.fill(Infinity, 0, 4).fill(-Infinity, 4, 8);
      for (let i = 0; i < count; i++) {
        const lane = i & 3;
        const x = at(values, i);
        if (x < at(extremes, lane)) extremes[lane] = x;
        if (x > at(extremes, lane + 4)) extremes[lane + 4] = x;
        if (x === 0) zeros++;
      }
      return zeros;
    },

    keepFinite(offset, count) {
      let target = SCRATCH_OFFSET >>> 2;
      infinities[0] = 0;
      const start = offset >>> 2;
      for (let i = start; i < start + count; i++) {
        const pattern = at(words, i);
        const magnitude = pattern & 0x7fffffff;
        if (magnitude < 0x7f800000) words[target++] = pattern;
        else if (magnitude === 0x7f800000) infinities[0]++;
      }
      return target - (SCRATCH_OFFSET >>> 2);
    },
  };
}

/**
 * Sums of (x − pivot)¹…⁴ by lane, element i in lane i mod 4, to `sums` (lanes of the first power, then of the second …).
 */
export function sumPowers(values: Float32Array | Float64Array, pivot: number, sums: Float64Array): void {
  for (let lane = 0; lane < 4; lane++) {
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    let s4 = 0;
    for (let i = lane; i < values.length; i += 4) {
      const d = values[i]! - pivot;
      const dd = d * d;
      s1 += d;
      s2 += dd;
      s3 += dd * d;
      s4 += dd * dd;
    }
    sums[lane] = s1;
    sums[lane + 4] = s2;
    sums[lane + 8] = s3;
    sums[lane + 12] = s4;
  }
}

/** An element that the caller knows to exist; `as` and not `??`, which would cost a branch in the innermost loop. */
function at(array: Uint8Array | Uint16Array | Uint32Array | Float32Array, index: number): number {
  return array[index]!;
}
