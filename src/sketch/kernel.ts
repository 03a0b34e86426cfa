/**
 * The inner loops, over one piece of memory that is laid out as `layout.ts` says. Two implementations: WebAssembly
 * SIMD, and a plain one that is both the fallback and the oracle; all their results are equal bit for bit (but for the
 * bits of a NaN, which no language promises).
 */
export interface Kernel {
  /** `MEMORY_BYTES` long, little-endian; never grows, so views of it stay valid. */
  readonly memory: ArrayBuffer;
  /** Adds `count` float32 patterns at `offset` to the table. Fewer than 2²⁴ may be added before it is emptied. */
  binFloat32(offset: number, count: number): void;
  /** Adds `count` codes of 16 bits at `offset` to the table. */
  countCodes16(offset: number, count: number): void;
  /** Adds `count` bytes at `offset` to the table; byte i goes to counter set i mod 4. */
  countCodes8(offset: number, count: number): void;
  /**
   * Writes the float32 bins that hold something, in ascending order, to the columns at `COMPACT_CODES_OFFSET`,
   * `COMPACT_COUNTS_OFFSET` and `COMPACT_LOW_SUMS_OFFSET`, and empties the table. Returns how many they are.
   */
  compactBins(): number;
  /** The same for codes of 16 bits, which have no column of low sums. */
  compactCodes16(): number;
  /**
   * Writes the sums of (x − pivot)¹…⁴ over `count` float32 values at `offset`, element i in lane i mod 4, to
   * `SUMS_OFFSET`, and each lane's least and greatest value to `EXTREMES_OFFSET`. Returns the number of zeros.
   * The sum of squares is finite exactly if all values are.
   */
  powerSums(offset: number, count: number, pivot: number): number;
  /**
   * Copies the finite ones among `count` float32 values at `offset` to `SCRATCH_OFFSET` and returns how many they are;
   * writes the number of infinities to `INFINITIES_OFFSET`.
   */
  keepFinite(offset: number, count: number): number;
}
