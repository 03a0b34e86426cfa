/**
 * How the blocks of one type are decoded. Arithmetic is float32, rounded after each step, as the reference decoder's: a
 * product of two float32 numbers is exact in double precision, so storing it rounds once, and so does `Math.fround`.
 */
export interface BlockScheme {
  readonly blockBytes: number;
  readonly blockValues: number;
  /** Decodes `count` blocks from the start of `bytes` to the start of `values`. May change `bytes`. */
  decode(bytes: Uint8Array, values: Float32Array, count: number): void;
}
