import { elementCount } from '../shape';

/** Blocks of a tensor's elements that share a scale, in each dimension; see `ScaledCoding.block`. */
export type Block = readonly number[];

/**
 * The blocks that scales of a shape belong to: one for the whole tensor, one for each index of its first dimensions
 * (channels, experts), or one for each box. Sizes of boxes that do not follow from the shapes are tried in the order of
 * `usual`; else the boxes are as many as fill the dimension without a rest.
 * @returns undefined if the scales fit the tensor in none of these ways
 */
export function blockOf(
  shape: readonly number[],
  scales: readonly number[],
  usual: readonly (readonly number[])[] = [],
): Block | undefined {
  const count = elementCount(scales);
  if (count === undefined || count === 0 || shape.includes(0)) return undefined;
  if (count === 1) return shape;
  if (scales.length > shape.length) return undefined;
  const block: number[] = [];
  for (const [dimension, size] of shape.entries()) {
    const boxes = scales[dimension] ?? 1;
    const fits = (length: number | undefined): length is number =>
      length !== undefined && Number.isSafeInteger(length) && length > 0 && Math.ceil(size / length) === boxes;
    if (boxes === 1 || boxes === size) {
      block.push(size / boxes);
      continue;
    }
    // Sizes are given for the last dimensions.
    const length = usual
      .map((lengths) => lengths[dimension - shape.length + lengths.length])
      .concat(size / boxes)
      .find(fits);
    if (length === undefined) return undefined;
    block.push(length);
  }
  return block;
}

/** How scales are shared, in words: for the whole tensor, per channel, in groups along the last dimension, in blocks. */
export function blockText(shape: readonly number[], block: Block): string {
  const whole = block.map((length, dimension) => length === shape[dimension]);
  if (whole.every(Boolean)) return 'per tensor';
  const [last = 1] = block.slice(-1);
  const firstOnes = block.slice(0, -1).every((length, dimension) => length === 1 || whole[dimension] === true);
  if (firstOnes && whole.at(-1) === true) return 'per channel';
  if (block.slice(0, -1).every((length) => length === 1)) return `groups of ${last}`;
  return `blocks of ${block.slice(-2).join(' × ')}`;
}
