/** Between two neighbours of float16 among its subnormal numbers there is 2⁻²⁴, as there is in float32 at 0.75. */
const SUBNORMAL_ANCHOR = 0.75;

/** The smallest normal number of float16, and the first that is rounded to infinity. */
const SMALLEST_NORMAL = 2 ** -14;
const FIRST_INFINITE = 65_520;

/** Rounds float32 numbers to a shorter type, to nearest, ties to even, in place. NaN stays NaN. */
export function roundTo(values: Float32Array<ArrayBuffer>, type: 'float16' | 'bfloat16'): void {
  const patterns = new Uint32Array(values.buffer, values.byteOffset, values.length);
  // Adding carries into the exponent where the fraction is rounded up to the next power of two.
  const dropped = type === 'float16' ? 13 : 16;
  const belowHalf = 2 ** (dropped - 1) - 1;
  const kept = ~(2 ** dropped - 1);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (!Number.isFinite(value)) continue;
    const magnitude = Math.abs(value);
    if (type === 'float16' && magnitude < SMALLEST_NORMAL) {
      const rounded = Math.fround(Math.fround(magnitude + SUBNORMAL_ANCHOR) - SUBNORMAL_ANCHOR);
      values[i] = value < 0 || Object.is(value, -0) ? -rounded : rounded;
    } else if (type === 'float16' && magnitude >= FIRST_INFINITE) {
      values[i] = value < 0 ? -Infinity : Infinity;
    } else {
      const pattern = patterns[i] ?? 0;
      patterns[i] = (pattern + belowHalf + ((pattern >>> dropped) & 1)) & kept;
    }
  }
}
