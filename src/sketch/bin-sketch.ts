import { AtomDistribution } from './atoms';
import { CellColumns } from './cell-columns';
import type { MagnitudeCells, ValueCells } from './cells';
import { binBase, binCell, binGap, isFiniteBin, MAX_LOW, SIGN } from './float32-bins';
import type { Histogram } from './histogram';
import { kurtosis, skewness, standardDeviation, type Moments } from './moments';
import type { SketchStatistics } from './statistics';

/** What a float32 histogram does not tell of a tensor: exact where the bins are not. */
export interface BinnedTotals {
  readonly moments: Moments;
  readonly min: number;
  readonly max: number;
  readonly zeroCount: number;
  readonly nanCount: number;
  readonly infCount: number;
  /** Σ|x|; undefined if the bins have it exactly, as those of float32 tensors do. */
  readonly absoluteSum: number | undefined;
}

/** Statistics of a tensor from its float32 bins and what is known besides. */
export function binStatistics(bins: Histogram, total: BinnedTotals): SketchStatistics {
  const { moments, min, max, nanCount, infCount, zeroCount } = total;
  const isEmpty = moments.count === 0;
  const l1Norm = total.absoluteSum ?? binAbsoluteSum(bins);
  const l2Norm = Math.sqrt(moments.m2 + moments.count * moments.mean * moments.mean);
  return {
    nanCount,
    infCount,
    zeroCount,
    min: isEmpty ? null : min,
    max: isEmpty ? null : max,
    mean: isEmpty ? null : finite(moments.mean),
    std: standardDeviation(moments),
    skewness: skewness(moments),
    kurtosis: kurtosis(moments),
    meanAbsoluteDeviation: meanAbsoluteDeviation(bins, total),
    l1Norm: finite(l1Norm),
    l2Norm: finite(l2Norm),
  };
}

/** Only float64 tensors get so large that a sum or a square overflows: the norm is then at least this. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.MAX_VALUE;
}

/** Σ|value|: exact up to rounding, as values are affine in the low bits. */
function binAbsoluteSum(bins: Histogram): number {
  let sum = 0;
  forEachFiniteBin(bins, (code, count, lowSum) => {
    sum += count * binBase(code) + binGap(code) * lowSum;
  });
  return sum;
}

/**
 * Mean of |value − mean|. Exact up to rounding over the bins that do not hold the mean; in the one that does, values
 * are taken to be spread evenly over the part of the bin between the tensor's extremes. Where that bin, 2⁻⁷ of the
 * mean wide, holds nearly everything (a deviation that small against the mean), the result is only known to lie
 * between 0 and the standard deviation and is an estimate. Null where that is.
 */
function meanAbsoluteDeviation(bins: Histogram, { moments, min, max }: BinnedTotals): number | null {
  const deviation = standardDeviation(moments);
  if (deviation === null || deviation === 0) return deviation;
  const { mean } = moments;
  let sum = 0;
  forEachFiniteBin(bins, (code, count, lowSum) => {
    const sign = (code & SIGN) === 0 ? 1 : -1;
    const inner = binBase(code);
    const outer = inner + binGap(code) * MAX_LOW;
    const low = sign > 0 ? inner : -outer;
    const high = sign > 0 ? outer : -inner;
    const distance = sign * (count * inner + binGap(code) * lowSum) - count * mean;
    if (count === 1 || mean <= low || mean >= high) {
      sum += Math.abs(distance);
      return;
    }
    const from = Math.max(low, min);
    const to = Math.min(high, max);
    sum += (count * ((to - mean) ** 2 + (mean - from) ** 2)) / (2 * (to - from));
  });
  return Math.min(sum / moments.count, deviation);
}

/**
 * How far the sum of squares may be above that of the bins' means, relatively, and still be put down to rounding. A
 * bin whose values spread over it evenly is 5e-6 above.
 */
const ROUNDING = 1e-12;

/** Chance, at most, that a sum is divisible in every bin though the values differ; the squares tell nothing of small values beside a huge one. */
const CHANCE = 1e-6;

/**
 * The values themselves, if every bin holds only one: ternary weights, dequantised ones, tensors of few values. They
 * do if Σx², which the moments have exactly, is what it would be with each value at its bin's mean: else it is greater.
 * Such a mean is also a float32 number, so Σ low must be divisible by the count n, which random values are once in n.
 */
export function discreteBins(bins: Histogram, { moments }: BinnedTotals): AtomDistribution | undefined {
  const { codes, counts, lowSums } = bins;
  let chance = 1;
  for (let i = 0; i < codes.length; i++) {
    const [code = 0, count = 1, lowSum = 0] = [codes[i], counts[i], lowSums[i]];
    if (!isFiniteBin(code)) continue;
    // Denormal numbers share their bins with the zeros.
    if (lowSum % count !== 0 || ((code & (SIGN - 1)) === 0 && lowSum > 0)) return undefined;
    // No sum of low parts: all of them are 0, for certain.
    if (lowSum > 0) chance /= count;
  }
  if (chance < 1 && chance > CHANCE) return undefined;
  const values = Float64Array.from(codes, (code, i) => {
    if (!isFiniteBin(code)) return NaN;
    const magnitude = binBase(code) + (binGap(code) * (lowSums[i] ?? 0)) / (counts[i] ?? 1);
    return (code & SIGN) === 0 ? magnitude : -magnitude;
  });
  const atoms = new AtomDistribution(values, counts);
  const squares = moments.m2 + moments.count * moments.mean * moments.mean;
  const squaresOfAtoms = atoms.moments.m2 + atoms.moments.count * atoms.moments.mean * atoms.moments.mean;
  return Math.abs(squares - squaresOfAtoms) <= ROUNDING * squares ? atoms : undefined;
}

/** Signed cells at full resolution. */
export function binValueCells(bins: Histogram, zeroCount: number): ValueCells {
  const columns = new CellColumns();
  const { codes, counts, lowSums } = bins;
  const positive = firstNegative(codes);
  const zeroBin = splitZeroBin(bins, zeroCount);
  const push = (code: number, count: number, lowSum: number): void => {
    if (count === 0 || !isFiniteBin(code)) return;
    const cell = binCell(code, count, lowSum);
    if ((code & SIGN) === 0) columns.append(cell.low, cell.high, count, cell.energy);
    else columns.append(-cell.high, -cell.low, count, cell.energy);
  };
  for (let i = codes.length - 1; i >= positive; i--) {
    if (codes[i] !== SIGN) push(codes[i] ?? 0, counts[i] ?? 0, lowSums[i] ?? 0);
  }
  push(SIGN, zeroBin.negative.count, zeroBin.negative.lowSum);
  if (zeroBin.zeros > 0) columns.append(0, 0, zeroBin.zeros, 0);
  push(0, zeroBin.positive.count, zeroBin.positive.lowSum);
  for (let i = 0; i < positive; i++) {
    if (codes[i] !== 0) push(codes[i] ?? 0, counts[i] ?? 0, lowSums[i] ?? 0);
  }
  return columns.values();
}

/** Cells of |value| at full resolution. */
export function binMagnitudeCells(bins: Histogram, zeroCount: number): MagnitudeCells {
  const columns = new CellColumns();
  const { codes, counts, lowSums } = bins;
  const negatives = firstNegative(codes);
  for (let i = 0, j = negatives; i < negatives || j < codes.length;) {
    const positiveBin = i < negatives ? (codes[i] ?? 0) : SIGN;
    const negativeBin = j < codes.length ? (codes[j] ?? 0) - SIGN : SIGN;
    const bin = Math.min(positiveBin, negativeBin);
    let [count, lowSum] = [0, 0];
    let [negativeCount, negativeLowSum] = [0, 0];
    if (positiveBin === bin) [count, lowSum] = [counts[i] ?? 0, lowSums[i++] ?? 0];
    if (negativeBin === bin) [negativeCount, negativeLowSum] = [counts[j] ?? 0, lowSums[j++] ?? 0];
    appendMagnitudes(columns, bin, count + negativeCount, lowSum + negativeLowSum, bin === 0 ? zeroCount : 0);
  }
  return columns.magnitudes();
}

/**
 * Appends the magnitudes of a bin (both signs together) of which `zeroCount` are zeros; nothing if the bin is not one
 * of finite values.
 */
export function appendMagnitudes(
  columns: CellColumns,
  bin: number,
  count: number,
  lowSum: number,
  zeroCount: number,
): void {
  if (count === 0 || !isFiniteBin(bin)) return;
  // Values that are zero only as float32 have no low bits either, and join the zeros.
  const zeros = lowSum === 0 && bin === 0 ? count : zeroCount;
  if (zeros > 0) columns.append(0, 0, zeros, 0);
  if (count === zeros) return;
  const cell = binCell(bin, count - zeros, lowSum);
  columns.append(cell.low, cell.high, cell.count, cell.energy);
}

interface ZeroBin {
  readonly zeros: number;
  readonly positive: { readonly count: number; readonly lowSum: number };
  readonly negative: { readonly count: number; readonly lowSum: number };
}

/**
 * Bins +0 and −0 hold zeros and the least denormal numbers (under 1e-40). How many of the zeros have a sign is not
 * known, so the denormal ones are divided in proportion to their sums, which is right if there are none on one side.
 */
function splitZeroBin({ codes, counts, lowSums }: Histogram, zeroCount: number): ZeroBin {
  const p = codes.indexOf(0);
  const n = codes.indexOf(SIGN);
  const all = (counts[p] ?? 0) + (counts[n] ?? 0);
  const positiveSum = lowSums[p] ?? 0;
  const negativeSum = lowSums[n] ?? 0;
  const denormals = positiveSum + negativeSum === 0 ? 0 : all - zeroCount;
  const least = Math.ceil(positiveSum / MAX_LOW);
  const most = denormals - Math.ceil(negativeSum / MAX_LOW);
  const share = denormals === 0 ? 0 : Math.round((denormals * positiveSum) / (positiveSum + negativeSum));
  const positive = Math.max(least, Math.min(most, share));
  return {
    zeros: all - denormals,
    positive: { count: positive, lowSum: positiveSum },
    negative: { count: denormals - positive, lowSum: negativeSum },
  };
}

/** Index of the first bin of negative values. */
function firstNegative(codes: Uint16Array): number {
  const index = codes.findIndex((code) => code >= SIGN);
  return index === -1 ? codes.length : index;
}

function forEachFiniteBin(
  { codes, counts, lowSums }: Histogram,
  visit: (code: number, count: number, lowSum: number) => void,
): void {
  codes.forEach((code, i) => {
    if (isFiniteBin(code)) visit(code, counts[i] ?? 0, lowSums[i] ?? 0);
  });
}
