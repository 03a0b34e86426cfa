import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partsOf, spanOf } from '../../../src/values/view-parts';
import type { StridedView } from '../../../src/values/strides';

/** Offsets of all elements, by brute force. */
function offsets({ shape, strides }: StridedView, from = 0): number[] {
  const [size, ...rest] = shape;
  if (size === undefined) return [from];
  const [stride = 0, ...others] = strides;
  return Array.from({ length: size }, (_, i) => offsets({ shape: rest, strides: others }, from + i * stride)).flat();
}

/** Slices of tensors: strides that nest, with gaps. */
const view = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3 })), { maxLength: 4 })
  .map((dimensions): StridedView => {
    const strides: number[] = [];
    let stride = 1;
    for (const [size, gap] of [...dimensions].reverse()) {
      stride *= gap;
      strides.unshift(stride);
      stride *= size;
    }
    return { shape: dimensions.map(([size]) => size), strides };
  });

describe('partsOf', () => {
  it('covers every element once, in parts that span no more than allowed', () => {
    fc.assert(
      fc.property(view, fc.integer({ min: 1, max: 40 }), (whole, maxSpan) => {
        const parts = [...partsOf(whole, maxSpan)];
        for (const part of parts) expect(spanOf(part)).toBeLessThanOrEqual(maxSpan);
        const covered = parts.flatMap((part) => offsets(part, part.offset));
        expect(covered.sort((a, b) => a - b)).toEqual(offsets(whole).sort((a, b) => a - b));
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  it('reads as many rows at a time as fit', () => {
    const parts = [...partsOf({ shape: [10, 4], strides: [6, 1] }, 20)];
    expect(parts.map(({ offset, shape }) => [offset, ...shape])).toEqual([
      [0, 3, 4],
      [18, 3, 4],
      [36, 3, 4],
      [54, 4],
    ]);
  });
});
