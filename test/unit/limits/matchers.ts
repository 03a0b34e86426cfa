import { expect } from 'vitest';

declare module 'vitest' {
  interface Matchers<T> {
    /** |received − expected| ≤ tolerance, both finite numbers. */
    toBeWithin: (tolerance: number, expected: number | undefined) => T;
  }
}

expect.extend({
  toBeWithin(received: unknown, tolerance: number, expected: number | undefined) {
    const distance =
      typeof received === 'number' && expected !== undefined ? Math.abs(received - expected) : Number.NaN;
    return {
      pass: distance <= tolerance,
      message: () =>
        `expected ${String(received)} to be within ${String(tolerance)} of ${String(expected)}; off by ${String(distance)}`,
    };
  },
});
