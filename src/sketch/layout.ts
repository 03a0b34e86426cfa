// Where things are in the kernel's memory, in bytes. Constant expressions only: the AssemblyScript kernel imports this
// file as well.

/** Bytes that are read and counted at a time. 64 KiB to 4 MiB are equally fast; 16 MiB leaves the cache and is slower. */
export const INPUT_BYTES = 1_048_576;
export const INPUT_OFFSET = 0;

/**
 * float32: 65,536 words of 64 bits, count << 40 | Σ(low 16 bits).
 * 16-bit codes: 65,536 counters of 32 bits. 8-bit codes: 4 × 256 counters of 32 bits.
 */
export const TABLE_OFFSET = 1_048_576;
export const TABLE_BYTES = 524_288;

/** The finite values of a block that also has others, as float32. */
export const SCRATCH_OFFSET = 1_572_864;
export const SCRATCH_BYTES = 262_144;

/** What a compacted table has, column by column, where the input and the scratch values were: float64, float64, uint16. */
export const COMPACT_COUNTS_OFFSET = 0;
export const COMPACT_LOW_SUMS_OFFSET = 524_288;
export const COMPACT_CODES_OFFSET = 1_572_864;

/** Power sums by lane, float64: 4 × Σd, 4 × Σd², 4 × Σd³, 4 × Σd⁴. */
export const SUMS_OFFSET = 1_835_008;
/** Minimum and maximum by lane, float32: 4 + 4. */
export const EXTREMES_OFFSET = 1_835_136;
/** Number of ±∞ that were left out, int32. */
export const INFINITIES_OFFSET = 1_835_168;

/** A whole number of WebAssembly pages (64 KiB). */
export const MEMORY_BYTES = 1_900_544;
