import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementOffset, gatherStrided, inMemoryOrder, isDense, type StridedView } from '../../../src/values/strides';
import { bytesOf } from './sketching';

/** A slice with steps of a transposed tensor, and the offsets of its elements in C order. */
const views = fc
  .array(fc.record({ size: fc.integer({ min: 1, max: 4 }), step: fc.integer({ min: 1, max: 3 }) }), {
    minLength: 0,
    maxLength: 4,
  })
  .chain((dimensions) =>
    fc.record({
      dimensions: fc.constant(dimensions),
      order: fc.shuffledSubarray(
        dimensions.map((_, i) => i),
        { minLength: dimensions.length },
      ),
    }),
  )
  .map(({ dimensions, order }) => {
    const strides: number[] = [];
    let stride = 1;
    for (const dimension of order) {
      const { size, step } = dimensions[dimension] ?? { size: 1, step: 1 };
      strides[dimension] = stride * step;
      stride *= size * step;
    }
    return { shape: dimensions.map(({ size }) => size), strides };
  });

function offsets({ shape, strides }: StridedView): number[] {
  return shape.reduceRight(
    (inner, size, dimension) =>
      Array.from({ length: size }, (_, i) => inner.map((offset) => offset + i * (strides[dimension] ?? 0))).flat(),
    [0],
  );
}

describe('strided views', () => {
  it('know where each element is', () => {
    fc.assert(
      fc.property(views, (view) => {
        offsets(view).forEach((offset, i) => {
          expect(elementOffset(view, i)).toBe(offset);
        });
      }),
      { seed: 41 },
    );
  });

  it('are read forwards in memory order, the same elements', () => {
    fc.assert(
      fc.property(views, (view) => {
        const forwards = offsets(inMemoryOrder(view));
        expect(forwards).toEqual([...forwards].sort((a, b) => a - b));
        expect(forwards).toEqual(offsets(view).sort((a, b) => a - b));
      }),
      { seed: 42 },
    );
  });

  it('are dense exactly if they reach every element of a range once', () => {
    fc.assert(
      fc.property(views, (view) => {
        const sorted = offsets(view).sort((a, b) => a - b);
        expect(isDense(view)).toBe(sorted.every((offset, i) => offset === i));
      }),
      { seed: 43 },
    );
    expect(isDense({ shape: [3, 2], strides: [1, 3] })).toBe(true);
    expect(isDense({ shape: [3], strides: [0] })).toBe(false);
    expect(isDense({ shape: [1], strides: [0] })).toBe(true);
    expect(isDense({ shape: [2, 2], strides: [1, 1] })).toBe(false);
    expect(isDense({ shape: [0, 5], strides: [9, 9] })).toBe(true);
    expect(isDense({ shape: [], strides: [] })).toBe(true);
  });

  it('are gathered from any window of the bytes', () => {
    fc.assert(
      fc.property(views, fc.nat(), fc.nat(), fc.constantFrom(1, 2, 4, 8), (view, a, b, width) => {
        const all = offsets(view);
        const start = a % all.length;
        const count = 1 + (b % (all.length - start));
        const wanted = all.slice(start, start + count);
        const first = Math.min(...wanted);
        const window = new Uint8Array((Math.max(...wanted) - first + 1) * width).map((_, i) => (i * 31) & 0xff);
        const target = new Uint8Array(count * width + 3).fill(0xee);
        gatherStrided(view, start, count, width, window, first, target);
        const expected = wanted.flatMap((offset) =>
          Array.from(window.subarray((offset - first) * width, (offset - first + 1) * width)),
        );
        expect(Array.from(target)).toEqual([...expected, 0xee, 0xee, 0xee]);
      }),
      { seed: 44, numRuns: 300 },
    );
  });

  it('repeat elements where a stride is 0', () => {
    const target = new Float32Array(6);
    gatherStrided({ shape: [2, 3], strides: [1, 0] }, 0, 6, 4, bytesOf(Float32Array.of(5, 7)), 0, bytesOf(target));
    expect(Array.from(target)).toEqual([5, 5, 5, 7, 7, 7]);
  });

  it('refuse to read beyond the bytes or to write beyond the target', () => {
    const view = { shape: [2, 2], strides: [1, 2] };
    expect(() => {
      gatherStrided(view, 0, 4, 4, new Uint8Array(12), 0, new Uint8Array(16));
    }).toThrow(RangeError);
    expect(() => {
      gatherStrided(view, 0, 4, 4, new Uint8Array(16), 1, new Uint8Array(16));
    }).toThrow(RangeError);
    expect(() => {
      gatherStrided(view, 0, 4, 4, new Uint8Array(16), 0, new Uint8Array(15));
    }).toThrow(RangeError);
  });
});
