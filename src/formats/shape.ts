import { MAX_DIMENSIONS } from './limits';

/**
 * Number of elements of a shape, or undefined if it is no shape: more than {@link MAX_DIMENSIONS} dimensions, a
 * dimension that is negative or not an integer, or a product that a double cannot hold exactly.
 */
export function elementCount(shape: readonly unknown[]): number | undefined {
  if (shape.length > MAX_DIMENSIONS) return undefined;
  let count = 1;
  let empty = false;
  for (const dimension of shape) {
    if (typeof dimension !== 'number' || !Number.isSafeInteger(dimension) || dimension < 0) return undefined;
    if (dimension === 0) empty = true;
    else count *= dimension;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return empty ? 0 : count;
}

/** Number of elements of a shape that is known to be one. */
export function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}
