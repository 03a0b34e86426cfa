import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileKernel } from '../../../src/sketch/assembly/compile.mjs';
import {
  COMPACT_CODES_OFFSET,
  COMPACT_COUNTS_OFFSET,
  COMPACT_LOW_SUMS_OFFSET,
  EXTREMES_OFFSET,
  INFINITIES_OFFSET,
  INPUT_BYTES,
  INPUT_OFFSET,
  MEMORY_BYTES,
  SCRATCH_BYTES,
  SCRATCH_OFFSET,
  SUMS_OFFSET,
  TABLE_BYTES,
  TABLE_OFFSET,
} from '../../../src/sketch/layout';
import { createWasmKernel } from '../../../src/sketch/wasm-kernel';
import { plainKernel, randomNumbers, wasmKernel } from './sketching';

const kernels = [plainKernel, wasmKernel] as const;

function load(bytes: Uint8Array, offset: number): void {
  for (const kernel of kernels) {
    new Uint8Array(kernel.memory, INPUT_OFFSET, INPUT_BYTES).fill(0xa5);
    new Uint8Array(kernel.memory, offset, bytes.length).set(bytes);
    new Uint8Array(kernel.memory, TABLE_OFFSET, TABLE_BYTES).fill(0);
    new Uint8Array(kernel.memory, SCRATCH_OFFSET, SCRATCH_BYTES).fill(0);
  }
}

/** Both kernels' bytes of a part of the memory. */
function parts(offset: number, length: number): [Buffer, Buffer] {
  return [Buffer.from(plainKernel.memory, offset, length), Buffer.from(wasmKernel.memory, offset, length)];
}

function expectEqual(offset: number, length: number): void {
  const [plain, wasm] = parts(offset, length);
  expect(wasm.equals(plain)).toBe(true);
}

/** float32 patterns with all that is special among them. */
const pattern = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 0xffffffff }) },
  { weight: 2, arbitrary: fc.integer({ min: 0x3f000000, max: 0x3f00ffff }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 0x80000000, 1, 0x80000001, 0x7fffff, 0x7f7fffff, 0xff7fffff) },
);
const special = fc.constantFrom(0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0xffffffff);
const finitePattern = pattern.filter((bits) => (bits & 0x7f800000) !== 0x7f800000);
const offsets = fc.integer({ min: 0, max: 9 });

describe('the two kernels', () => {
  it('add the same to the float32 bins', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(pattern, special), { maxLength: 70 }), offsets, (patterns, shift) => {
        const offset = INPUT_OFFSET + 4 * shift;
        load(new Uint8Array(Uint32Array.from(patterns).buffer), offset);
        for (const kernel of kernels) kernel.binFloat32(offset, patterns.length);
        expectEqual(TABLE_OFFSET, TABLE_BYTES);
        const table = new BigUint64Array(wasmKernel.memory, TABLE_OFFSET, 65_536);
        for (const bin of new Set(patterns.map((bits) => bits >>> 16))) {
          const inBin = patterns.filter((bits) => bits >>> 16 === bin);
          const lowSum = inBin.reduce((sum, bits) => sum + (bits & 0xffff), 0);
          expect(table[bin]).toBe((BigInt(inBin.length) << 40n) | BigInt(lowSum));
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('carry from the low sums of a bin where its 32-bit halves meet', () => {
    // 2^17 values of low part 0xffff pass 2^32 more than once.
    const block = new Uint32Array(65_536).fill(0x3f80ffff);
    load(new Uint8Array(block.buffer), INPUT_OFFSET);
    for (const kernel of kernels) for (let i = 0; i < 3; i++) kernel.binFloat32(INPUT_OFFSET, block.length);
    expectEqual(TABLE_OFFSET, TABLE_BYTES);
    const table = new BigUint64Array(plainKernel.memory, TABLE_OFFSET, 65_536);
    expect(table[0x3f80]).toBe((3n << 56n) | (3n * 65_536n * 0xffffn));
  });

  it('count the same codes of 16 and of 8 bits', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 150 }), offsets, (bytes, shift) => {
        load(bytes, INPUT_OFFSET + 2 * shift);
        for (const kernel of kernels) kernel.countCodes16(INPUT_OFFSET + 2 * shift, bytes.length >>> 1);
        expectEqual(TABLE_OFFSET, TABLE_BYTES);
        const counters16 = new Uint32Array(wasmKernel.memory, TABLE_OFFSET, 65_536);
        expect(counters16.reduce((a, b) => a + b)).toBe(bytes.length >>> 1);

        load(bytes, INPUT_OFFSET + shift);
        for (const kernel of kernels) kernel.countCodes8(INPUT_OFFSET + shift, bytes.length);
        expectEqual(TABLE_OFFSET, TABLE_BYTES);
        const counters8 = new Uint32Array(wasmKernel.memory, TABLE_OFFSET, 1024);
        bytes.forEach((byte) => {
          const total = [0, 256, 512, 768].reduce((sum, set) => sum + (counters8[set + byte] ?? 0), 0);
          expect(total).toBe(bytes.filter((other) => other === byte).length);
        });
      }),
      { seed: 2, numRuns: 100 },
    );
  });

  it('sum powers to the same bits', () => {
    fc.assert(
      fc.property(
        fc.array(finitePattern, { maxLength: 70 }),
        offsets,
        fc.oneof(fc.constant(0), fc.double({ min: -1e30, max: 1e30, noNaN: true })),
        (patterns, shift, pivot) => {
          const offset = INPUT_OFFSET + 4 * shift;
          load(new Uint8Array(Uint32Array.from(patterns).buffer), offset);
          const [plainZeros, wasmZeros] = kernels.map((kernel) => kernel.powerSums(offset, patterns.length, pivot));
          expectEqual(SUMS_OFFSET, 16 * 8);
          expectEqual(EXTREMES_OFFSET, 8 * 4);
          expect(wasmZeros).toBe(plainZeros);
          expect(wasmZeros).toBe(patterns.filter((bits) => (bits & 0x7fffffff) === 0).length);
          const values = new Float32Array(Uint32Array.from(patterns).buffer);
          const extremes = Array.from(new Float32Array(wasmKernel.memory, EXTREMES_OFFSET, 8));
          expect(Math.min(...extremes.slice(0, 4)) === Math.min(...values)).toBe(true);
          expect(Math.max(...extremes.slice(4)) === Math.max(...values)).toBe(true);
        },
      ),
      { seed: 3, numRuns: 300 },
    );
  });

  it('sum powers of whole blocks to the same bits', () => {
    const random = randomNumbers(4);
    const values = Float32Array.from({ length: 65_536 }, () => (random() - 0.5) * 10 ** (8 * random() - 4));
    load(new Uint8Array(values.buffer), INPUT_OFFSET);
    for (const count of [65_536, 65_535, 65_534, 65_533]) {
      for (const kernel of kernels) kernel.powerSums(INPUT_OFFSET, count, 0.125);
      expectEqual(SUMS_OFFSET, 16 * 8);
    }
  });

  it('have a finite sum of squares exactly if all values are finite', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(finitePattern, special), { maxLength: 20 }), (patterns) => {
        load(new Uint8Array(Uint32Array.from(patterns).buffer), INPUT_OFFSET);
        const values = new Float32Array(Uint32Array.from(patterns).buffer);
        for (const kernel of kernels) {
          kernel.powerSums(INPUT_OFFSET, patterns.length, 1);
          const squares = new Float64Array(kernel.memory, SUMS_OFFSET, 16).subarray(4, 8);
          expect(squares.every(Number.isFinite)).toBe(values.every(Number.isFinite));
        }
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  it('keep the same finite values', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(finitePattern, special), { maxLength: 40 }), (patterns) => {
        load(new Uint8Array(Uint32Array.from(patterns).buffer), INPUT_OFFSET);
        const values = new Float32Array(Uint32Array.from(patterns).buffer);
        for (const kernel of kernels) {
          const kept = kernel.keepFinite(INPUT_OFFSET, patterns.length);
          expect(Array.from(new Float32Array(kernel.memory, SCRATCH_OFFSET, kept))).toEqual(
            Array.from(values.filter(Number.isFinite)),
          );
          const infinities = new Int32Array(kernel.memory, INFINITIES_OFFSET, 1)[0];
          expect(infinities).toBe(values.filter((x) => Math.abs(x) === Infinity).length);
        }
        expectEqual(SCRATCH_OFFSET, SCRATCH_BYTES);
      }),
      { seed: 6, numRuns: 200 },
    );
  });
});

describe('compacting', () => {
  it('lists every bin with its count and its sum, in order, and leaves the table empty', () => {
    const random = randomNumbers(11);
    const patterns = Uint32Array.from({ length: 5000 }, () => Math.floor(random() ** 3 * 2 ** 32));
    const expected = new Map<number, [number, number]>();
    for (const pattern of patterns) {
      const [count, lowSum] = expected.get(pattern >>> 16) ?? [0, 0];
      expected.set(pattern >>> 16, [count + 1, lowSum + (pattern & 0xffff)]);
    }
    for (const kernel of kernels) {
      load(new Uint8Array(patterns.buffer), INPUT_OFFSET);
      kernel.binFloat32(INPUT_OFFSET, patterns.length);
      const found = kernel.compactBins();
      const codes = Array.from(new Uint16Array(kernel.memory, COMPACT_CODES_OFFSET, found));
      expect(codes).toEqual([...expected.keys()].sort((a, b) => a - b));
      const counts = new Float64Array(kernel.memory, COMPACT_COUNTS_OFFSET, found);
      const lowSums = new Float64Array(kernel.memory, COMPACT_LOW_SUMS_OFFSET, found);
      codes.forEach((code, i) => {
        expect([counts[i], lowSums[i]]).toEqual(expected.get(code));
      });
      expect(new Uint8Array(kernel.memory, TABLE_OFFSET, TABLE_BYTES).every((byte) => byte === 0)).toBe(true);
    }
  });

  it('lists every code of 16 bits with its count, and leaves the table empty', () => {
    const random = randomNumbers(12);
    const codes = Uint16Array.from({ length: 5000 }, () => Math.floor(random() ** 4 * 2 ** 16));
    for (const kernel of kernels) {
      load(new Uint8Array(codes.buffer), INPUT_OFFSET);
      kernel.countCodes16(INPUT_OFFSET, codes.length);
      const found = kernel.compactCodes16();
      const columns = Array.from(new Uint16Array(kernel.memory, COMPACT_CODES_OFFSET, found), (code, i) => [
        code,
        new Float64Array(kernel.memory, COMPACT_COUNTS_OFFSET, found)[i],
      ]);
      const expected = [...new Set(codes)].sort((a, b) => a - b);
      expect(columns).toEqual(expected.map((code) => [code, codes.filter((other) => other === code).length]));
      expect(new Uint8Array(kernel.memory, TABLE_OFFSET, TABLE_BYTES).every((byte) => byte === 0)).toBe(true);
    }
  });
});

describe('the compiled kernel', () => {
  it('is small, imports nothing, and has the memory of the layout', async () => {
    const module = await compileKernel();
    expect(module.length).toBeLessThan(8192);
    expect(createWasmKernel(module)?.memory.byteLength).toBe(MEMORY_BYTES);
  });

  it('is refused if it is not WebAssembly', () => {
    expect(createWasmKernel(new Uint8Array([0, 0x61, 0x73, 0x6d, 9, 9, 9, 9]))).toBeUndefined();
  });

  it('lays out its memory without overlaps', () => {
    const areas = [
      [INPUT_OFFSET, INPUT_BYTES],
      [TABLE_OFFSET, TABLE_BYTES],
      [SCRATCH_OFFSET, SCRATCH_BYTES],
      [SUMS_OFFSET, 16 * 8],
      [EXTREMES_OFFSET, 8 * 4],
      [INFINITIES_OFFSET, 4],
      [MEMORY_BYTES, 0],
    ] as const;
    areas.forEach(([offset, length], i) => {
      expect(offset % 4).toBe(0);
      expect(offset + length).toBeLessThanOrEqual(areas[i + 1]?.[0] ?? Infinity);
    });
  });
});
