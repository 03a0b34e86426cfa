import type { PairStatistics } from '../report/comparison';

/** Sums over the positions of two vectors where both values are finite. They add: over blocks, tensors, models. */
export interface PairSums {
  readonly count: number;
  /** Σ a·b */
  readonly dot: number;
  /** Σ a², Σ b² and Σ (b − a)² */
  readonly squaresBefore: number;
  readonly squaresAfter: number;
  readonly squaredChange: number;
  /** max |b − a| */
  readonly maxChange: number;
  readonly equalCount: number;
  readonly zerosBefore: number;
  readonly zerosAfter: number;
  readonly zerosBoth: number;
}

export const NO_PAIRS: PairSums = {
  count: 0,
  dot: 0,
  squaresBefore: 0,
  squaresAfter: 0,
  squaredChange: 0,
  maxChange: 0,
  equalCount: 0,
  zerosBefore: 0,
  zerosAfter: 0,
  zerosBoth: 0,
};

/**
 * Sums over two blocks of values. Products of two float32 numbers are exact in float64; the sums are rounded once a
 * term, so blocks should be short against 2⁵³ (65,536 values: within some 1e-14 of the sum).
 * @throws {RangeError} if the blocks differ in length.
 */
export function pairSums(before: Float32Array, after: Float32Array): PairSums {
  if (before.length !== after.length) throw new RangeError('Two blocks of unequal length');
  let count = 0;
  let dot = 0;
  let squaresBefore = 0;
  let squaresAfter = 0;
  let squaredChange = 0;
  let maxChange = 0;
  let equalCount = 0;
  let zerosBefore = 0;
  let zerosAfter = 0;
  let zerosBoth = 0;
  for (let i = 0; i < before.length; i++) {
    const a = before[i]!;
    const b = after[i]!;
    const change = b - a;
    // Two finite float32 numbers have a finite difference in float64, all others have not.
    if (change - change !== 0) continue;
    count++;
    dot += a * b;
    squaresBefore += a * a;
    squaresAfter += b * b;
    squaredChange += change * change;
    const distance = Math.abs(change);
    if (distance > maxChange) maxChange = distance;
    if (distance === 0) equalCount++;
    if (b === 0) {
      zerosAfter++;
      if (a === 0) zerosBoth++;
    }
    if (a === 0) zerosBefore++;
  }
  return {
    count,
    dot,
    squaresBefore,
    squaresAfter,
    squaredChange,
    maxChange,
    equalCount,
    zerosBefore,
    zerosAfter,
    zerosBoth,
  };
}

/** The sums over both. The last bits of the floating-point ones depend on the order of adding. */
export function addPairSums(left: PairSums, right: PairSums): PairSums {
  return {
    count: left.count + right.count,
    dot: left.dot + right.dot,
    squaresBefore: left.squaresBefore + right.squaresBefore,
    squaresAfter: left.squaresAfter + right.squaresAfter,
    squaredChange: left.squaredChange + right.squaredChange,
    maxChange: Math.max(left.maxChange, right.maxChange),
    equalCount: left.equalCount + right.equalCount,
    zerosBefore: left.zerosBefore + right.zerosBefore,
    zerosAfter: left.zerosAfter + right.zerosAfter,
    zerosBoth: left.zerosBoth + right.zerosBoth,
  };
}

/** What the sums say of the two vectors. */
export function pairStatistics(sums: PairSums): PairStatistics {
  const { count, dot, squaresBefore, squaresAfter, squaredChange, maxChange } = sums;
  const { equalCount, zerosBefore, zerosAfter, zerosBoth } = sums;
  // One root of the product, not a product of roots: for two equal vectors it is Σ a² to the last bit, and their cosine 1.
  const norms = Math.sqrt(squaresBefore * squaresAfter);
  const zeros = zerosBefore + zerosAfter - zerosBoth;
  return {
    count,
    cosineSimilarity: norms === 0 ? null : Math.max(-1, Math.min(1, dot / norms)),
    relativeChange: squaresBefore === 0 ? null : Math.sqrt(squaredChange / squaresBefore),
    maxChange,
    equalCount,
    zerosBefore,
    zerosAfter,
    zerosBoth,
    maskOverlap: zeros === 0 ? null : zerosBoth / zeros,
  };
}
