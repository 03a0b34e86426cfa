/** What of a network a data set has to fit. */
export interface NetworkShapes {
  /** Of one sample; −1 where any size is taken. */
  readonly inputShape: readonly number[];
  readonly channels: 'last' | 'first' | 'none';
  /** Of the output of one sample. */
  readonly outputShape: readonly number[];
  /** What the network does to its logits. */
  readonly link: 'softmax' | 'sigmoid' | 'none';
}

/** A shape as people write it: `28 × 28 × 1`; −1 is any size. */
export function shapeText(shape: readonly number[]): string {
  return shape.length === 0 ? '1' : shape.map((size) => (size < 0 ? '?' : String(size))).join(' × ');
}
