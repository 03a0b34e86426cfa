import type { MagnitudeCells } from '../../../src/sketch/cells';
import type { Moments } from '../../../src/sketch/moments';

/** Cells built the slow and obvious way, independent of the sketch: one atom a distinct magnitude. */
export function atomCells(values: readonly number[]): MagnitudeCells {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(Math.abs(value), (counts.get(Math.abs(value)) ?? 0) + 1);
  const sorted = [...counts].sort(([a], [b]) => a - b);
  const low = Float64Array.from(sorted, ([value]) => value);
  return {
    low,
    high: low,
    count: Float64Array.from(sorted, ([, count]) => count),
    energy: Float64Array.from(sorted, ([value, count]) => value * value * count),
  };
}

/** One cell for every pattern of the upper 16 bits of float32 magnitudes. */
export function float32Cells(values: readonly number[]): MagnitudeCells {
  const word = new DataView(new ArrayBuffer(4));
  const bins = new Map<number, { count: number; energy: number }>();
  for (const value of values) {
    word.setFloat32(0, Math.abs(value));
    const bin = bins.get(word.getUint16(0)) ?? { count: 0, energy: 0 };
    bin.count += 1;
    bin.energy += Math.fround(value) ** 2;
    bins.set(word.getUint16(0), bin);
  }
  const edge = (bits: number): number => {
    word.setUint32(0, bits);
    return word.getFloat32(0);
  };
  const sorted = [...bins].sort(([a], [b]) => a - b);
  return {
    low: Float64Array.from(sorted, ([bits]) => edge(bits * 65_536)),
    high: Float64Array.from(sorted, ([bits]) => edge(bits * 65_536 + 65_535)),
    count: Float64Array.from(sorted, ([, bin]) => bin.count),
    energy: Float64Array.from(sorted, ([, bin]) => bin.energy),
  };
}

/** Sums that keep every bit that matters: ascending order, two-sum. */
export function accurateSum(terms: readonly number[]): number {
  let sum = 0;
  let lost = 0;
  for (const term of [...terms].sort((a, b) => Math.abs(a) - Math.abs(b))) {
    const next = sum + term;
    const back = next - sum;
    lost += sum - (next - back) + (term - back);
    sum = next;
  }
  return sum + lost;
}

/** C(k) for k = 0 … n from the definition: sort, zero the k smallest, ⟨w, v⟩ / (|w| |v|). */
export function sortedCosines(values: readonly number[]): number[] {
  const squares = values.map((value) => value * value).sort((a, b) => a - b);
  const total = accurateSum(squares);
  return Array.from({ length: squares.length + 1 }, (_, k) => {
    if (k === 0) return 1;
    const kept = accurateSum(squares.slice(k));
    if (k === squares.length) return 0;
    return kept === 0 ? 1 : kept / (Math.sqrt(total) * Math.sqrt(kept));
  });
}

/** Moments by two passes. */
export function momentsOf(values: readonly number[]): Moments {
  const count = values.length;
  const mean = accurateSum(values) / count;
  const power = (exponent: number): number => accurateSum(values.map((value) => (value - mean) ** exponent));
  return { count, mean, m2: power(2), m3: power(3), m4: power(4) };
}

/** A reproducible stream of uniform numbers in (0, 1). */
export function uniformStream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return (((word ^ (word >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
}

/** Standard normal numbers from a uniform stream (Box-Muller). */
export function normalStream(uniform: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
