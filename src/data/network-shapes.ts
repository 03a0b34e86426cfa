/** One of the things that a network takes. */
export interface NetworkInput {
  readonly name: string;
  /** Of one sample, as the model takes it (channels last or first); −1 where any size is taken. */
  readonly shape: readonly number[];
  /** Where the channels of an image are; `none` if the input is no image. */
  readonly channels: 'last' | 'first' | 'none';
  /** Whether it takes whole numbers (of words, of places, a mask of zeros and ones), which are never normalised. */
  readonly whole: boolean;
}

/** What of a network a data set has to fit. */
export interface NetworkShapes {
  /** In the order in which the network takes them; most networks have one. */
  readonly inputs: readonly [NetworkInput, ...NetworkInput[]];
  /** Of the output of one sample. */
  readonly outputShape: readonly number[];
  /** What the network does to its logits. */
  readonly link: 'softmax' | 'sigmoid' | 'none';
}

/** A shape as people write it: `28 × 28 × 1`; −1 is any size. */
export function shapeText(shape: readonly number[]): string {
  return shape.length === 0 ? '1' : shape.map((size) => (size < 0 ? '?' : String(size))).join(' × ');
}
