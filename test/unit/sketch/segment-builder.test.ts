import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { swapByteOrder } from '../../../src/values/convert';
import { sketchPlan, type SketchPlan } from '../../../src/sketch/plan';
import {
  BLOCK_COLUMNS,
  BLOCK_ELEMENTS,
  MAX_SEGMENT_ELEMENTS,
  segmentTransfer,
  type BinnedSegment,
  type SegmentSketch,
} from '../../../src/sketch/segment';
import { SegmentBuilder } from '../../../src/sketch/segment-builder';
import { bytesOf, FLOAT32, normalNumbers, plainKernel, randomNumbers, segmentOf, wasmKernel } from './sketching';

function planOf(dtype: Parameters<typeof sketchPlan>[0]['dtype']): SketchPlan {
  const plan = sketchPlan({ dtype });
  if (plan === undefined) throw new Error(`no plan for ${dtype}`);
  return plan;
}

function binned(segment: SegmentSketch): BinnedSegment {
  if (segment.kind !== 'binned') throw new Error('not binned');
  return segment;
}

/** The histogram by hand. */
function histogramOf(patterns: Iterable<number>): Map<number, { count: number; lowSum: number }> {
  const bins = new Map<number, { count: number; lowSum: number }>();
  for (const pattern of patterns) {
    const bin = bins.get(pattern >>> 16) ?? { count: 0, lowSum: 0 };
    bins.set(pattern >>> 16, { count: bin.count + 1, lowSum: bin.lowSum + (pattern & 0xffff) });
  }
  return bins;
}

const patterns = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 0xffffffff }),
    fc.constantFrom(0, 0x80000000, 1, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0x7f7fffff),
  ),
  { maxLength: 60 },
);

describe('a float32 segment', () => {
  it('has the bins, the extremes and the counts of its values', () => {
    fc.assert(
      fc.property(patterns, (list) => {
        const bits = Uint32Array.from(list);
        const values = new Float32Array(bits.buffer);
        const segment = binned(segmentOf(bytesOf(bits), FLOAT32));
        const bins = histogramOf(bits);
        expect(segment.count).toBe(list.length);
        expect(Array.from(segment.codes)).toEqual([...bins.keys()].sort((a, b) => a - b));
        segment.codes.forEach((code, i) => {
          expect(segment.counts[i]).toBe(bins.get(code)?.count);
          expect(segment.lowSums[i]).toBe(bins.get(code)?.lowSum);
        });
        const finite = Array.from(values).filter(Number.isFinite);
        expect(segment.nanCount).toBe(values.filter(Number.isNaN).length);
        expect(segment.infCount).toBe(values.filter((x) => Math.abs(x) === Infinity).length);
        expect(segment.zeroCount).toBe(finite.filter((x) => x === 0).length);
        expect(segment.min === Math.min(...finite)).toBe(true);
        expect(segment.max === Math.max(...finite)).toBe(true);
        expect(segment.blocks.length).toBe(finite.length === 0 ? 0 : BLOCK_COLUMNS);
      }),
      { seed: 21, numRuns: 300 },
    );
  });

  it('is the same however the bytes come, and from both kernels', () => {
    const normal = normalNumbers(22);
    const values = Float32Array.from({ length: 5 * BLOCK_ELEMENTS + 4321 }, () => 0.02 * normal() + 0.1);
    values[70_000] = NaN;
    values[140_001] = -Infinity;
    const whole = segmentOf(bytesOf(values), FLOAT32);
    expect(binned(whole).nanCount).toBe(1);
    expect(binned(whole).infCount).toBe(1);
    expect(binned(whole).blocks.length).toBe(6 * BLOCK_COLUMNS);
    for (const chunk of [1 << 20, 262_144, 100_003, 65_536]) {
      expect(segmentOf(bytesOf(values), FLOAT32, { chunk })).toEqual(whole);
    }
    expect(segmentOf(bytesOf(values), FLOAT32, { kernel: plainKernel, chunk: 777_777 })).toEqual(whole);
  });

  it('starts from nothing after a builder was dropped half-way', () => {
    const values = Float32Array.from({ length: 3000 }, (_, i) => i - 7);
    const expected = segmentOf(bytesOf(values), FLOAT32);
    const dropped = new SegmentBuilder(wasmKernel, FLOAT32);
    dropped.space.fill(0x3f);
    dropped.advance(dropped.space.length);
    expect(segmentOf(bytesOf(values), FLOAT32)).toEqual(expected);
    const droppedCodes = new SegmentBuilder(wasmKernel, planOf('uint8'));
    droppedCodes.space.fill(3);
    droppedCodes.advance(droppedCodes.space.length);
    expect(segmentOf(bytesOf(values), FLOAT32)).toEqual(expected);
  });

  it('leaves the kernel empty for the next one', () => {
    for (const [length, plan] of [
      [10, FLOAT32],
      [5000, FLOAT32],
      [10, planOf('float16')],
      [5000, planOf('int8')],
    ] as const) {
      segmentOf(new Uint8Array(length * 4).fill(7), plan);
      const empty = new SegmentBuilder(wasmKernel, FLOAT32).finish();
      expect(empty.count).toBe(0);
      expect(segmentOf(bytesOf(Float32Array.of(1)), FLOAT32).codes).toEqual(Uint16Array.of(0x3f80));
    }
  });

  it('takes as many elements as a bin can count, and no more', () => {
    const builder = new SegmentBuilder(wasmKernel, FLOAT32);
    new Float32Array(builder.space.buffer, builder.space.byteOffset, builder.space.length / 4).fill(
      Math.fround(1.0078124),
    );
    for (let done = 0; done < MAX_SEGMENT_ELEMENTS; done += 262_144) builder.advance(builder.space.length);
    const segment = binned(builder.finish());
    expect(segment.count).toBe(MAX_SEGMENT_ELEMENTS);
    expect(Array.from(segment.counts)).toEqual([MAX_SEGMENT_ELEMENTS]);
    expect(Array.from(segment.lowSums)).toEqual([MAX_SEGMENT_ELEMENTS * 0xffff]);

    const tooMany = new SegmentBuilder(wasmKernel, FLOAT32);
    for (let done = 0; done < MAX_SEGMENT_ELEMENTS; done += 262_144) tooMany.advance(tooMany.space.length);
    tooMany.advance(4);
    expect(() => tooMany.finish()).toThrow(RangeError);
  });

  it('refuses parts of elements, and more bytes than there is room for', () => {
    const builder = new SegmentBuilder(wasmKernel, FLOAT32);
    expect(() => {
      builder.advance(builder.space.length + 1);
    }).toThrow(RangeError);
    builder.advance(6);
    expect(() => builder.finish()).toThrow(RangeError);
  });
});

describe('a segment of codes', () => {
  it.each([
    ['uint8', 1],
    ['float16', 2],
  ] as const)('of %s has the count of every pattern, from both kernels', (dtype, width) => {
    const random = randomNumbers(23);
    for (const length of [0, 1, 7, 1000, 1025, 300_001]) {
      const bytes = Uint8Array.from({ length: length * width }, () => 256 * random() ** 3);
      const codes = width === 1 ? bytes : new Uint16Array(bytes.buffer);
      const counts = new Map<number, number>();
      for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
      for (const kernel of [wasmKernel, plainKernel]) {
        const segment = segmentOf(bytes, planOf(dtype), { kernel, chunk: 99_999 });
        expect(segment.kind).toBe('codes');
        expect(segment.count).toBe(length);
        expect(Array.from(segment.codes)).toEqual([...counts.keys()].sort((a, b) => a - b));
        expect(Array.from(segment.counts)).toEqual(Array.from(segment.codes, (code) => counts.get(code)));
      }
    }
  });
});

describe('a segment of a wide type', () => {
  it('has moments of the values themselves, and bins of them as float32', () => {
    const normal = normalNumbers(24);
    const values = Float64Array.from({ length: BLOCK_ELEMENTS + 999 }, () => 1 + 1e-9 * normal());
    const segment = binned(segmentOf(bytesOf(values), planOf('float64'), { chunk: 100_001 }));
    // As float32 all of them are 1: the bins cannot tell them apart, the moments can.
    expect(Array.from(segment.codes)).toEqual([0x3f80]);
    expect(segment.blocks.length).toBe(2 * BLOCK_COLUMNS);
    const [count, mean = 0, m2 = 0] = segment.blocks;
    expect(count).toBe(BLOCK_ELEMENTS);
    expect(mean).toBeCloseTo(1, 10);
    expect(Math.sqrt(m2 / BLOCK_ELEMENTS)).toBeGreaterThan(0.98e-9);
    expect(Math.sqrt(m2 / BLOCK_ELEMENTS)).toBeLessThan(1.02e-9);
    expect(segmentOf(bytesOf(values), planOf('float64'), { kernel: plainKernel })).toEqual(segment);
  });

  it('counts what is not finite, keeps huge numbers finite, and tells zero from what only rounds to it', () => {
    const values = Float64Array.of(NaN, Infinity, -Infinity, 1e300, -1e300, 0, -0, 1e-300, 2);
    const segment = binned(segmentOf(bytesOf(values), planOf('float64')));
    expect(segment).toMatchObject({ count: 9, nanCount: 1, infCount: 2, zeroCount: 2, min: -1e300, max: 1e300 });
    const bin = (code: number): number | undefined => segment.counts[segment.codes.indexOf(code)];
    expect(bin(0x7f7f)).toBe(1);
    expect(bin(0xff7f)).toBe(1);
    expect(bin(0)).toBe(2);
    expect(bin(0x8000)).toBe(1);
  });

  it('reads integers', () => {
    const values = [-3, 0, 5, 2 ** 31 - 1, -(2 ** 31)];
    const segment = binned(segmentOf(bytesOf(Int32Array.from(values)), planOf('int32')));
    expect(segment).toMatchObject({ count: 5, zeroCount: 1, min: -(2 ** 31), max: 2 ** 31 - 1 });
    const wide = binned(segmentOf(bytesOf(BigInt64Array.from([-(2n ** 63n), 2n ** 53n, 1n])), planOf('int64')));
    expect(wide).toMatchObject({ count: 3, zeroCount: 0, min: -(2 ** 63), max: 2 ** 53 });
  });
});

describe('options', () => {
  it.each(['float32', 'float16', 'float64', 'int32', 'uint8'] as const)(
    'big-endian %s gives the same sketch',
    (dtype) => {
      const plan = planOf(dtype);
      const random = randomNumbers(25);
      const bytes = Uint8Array.from({ length: 8 * 66_000 }, () => 256 * random());
      const width = { float32: 4, float16: 2, float64: 8, int32: 4, uint8: 1 }[dtype];
      const swapped = bytes.slice();
      swapByteOrder(swapped, width);
      expect(segmentOf(swapped, plan, { bigEndian: true, chunk: 65_537 })).toEqual(segmentOf(bytes, plan));
    },
  );

  it('show the elements to a tap, whole, in order and little-endian', () => {
    for (const dtype of ['float32', 'bfloat16', 'float64', 'int8'] as const) {
      const random = randomNumbers(26);
      const bytes = Uint8Array.from({ length: 8 * 140_000 }, () => 256 * random());
      const seen: Uint8Array[] = [];
      const tap = (elements: Uint8Array): void => {
        seen.push(elements.slice());
      };
      segmentOf(bytes, planOf(dtype), { tap, chunk: 77_777 });
      expect(Buffer.concat(seen).equals(bytes)).toBe(true);
      for (const piece of seen) expect(piece.length % 8).toBe(0);
    }
  });
});

describe('the transfer list', () => {
  it('moves every buffer of a segment', () => {
    for (const segment of [
      segmentOf(bytesOf(Float32Array.of(1, 2, 3)), FLOAT32),
      segmentOf(bytesOf(Uint8Array.of(1, 2, 3)), planOf('uint8')),
    ]) {
      const copy = structuredClone(segment);
      const moved = structuredClone(segment, { transfer: segmentTransfer(segment) });
      expect(moved).toEqual(copy);
      expect(segment.codes.length + segment.counts.length).toBe(0);
    }
  });
});
