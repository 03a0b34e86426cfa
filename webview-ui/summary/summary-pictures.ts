import type { SummaryHistogram } from '../../src/protocol/description';

/** Path of a histogram's outline in a box of `width` × `height` pixels, the highest bin at the top. */
export function histogramPath({ fractions }: SummaryHistogram, width: number, height: number): string {
  const top = axisTop(fractions);
  if (top === 0 || fractions.length === 0) return '';
  const step = width / fractions.length;
  const points = fractions.map((fraction, bin) => {
    const y = (height * (1 - Math.min(1, fraction / top))).toFixed(1);
    return `V${y}H${((bin + 1) * step).toFixed(1)}`;
  });
  return `M0 ${String(height)}${points.join('')}V${String(height)}Z`;
}

/** A single bin that towers above all (the zeros of a pruned network) is cut: at twice the next one. */
function axisTop(fractions: readonly number[]): number {
  const [first = 0, second = 0] = [...fractions].sort((a, b) => b - a);
  return second > 0 ? Math.min(first, 2 * second) : first;
}

/** Width that a figure like `84 %` takes, and the space to its neighbour. */
const LABEL_WIDTH = 36;
const LABEL_GAP = 8;

/**
 * Centres of the labels under two markers, `low` ≤ `high`, on a ruler from 0 to `width`: under the markers, apart from
 * each other, and not beyond the ends.
 */
export function rulerLabels(low: number, high: number, width: number): readonly [low: number, high: number] {
  const half = LABEL_WIDTH / 2;
  const clamp = (x: number, least: number, most: number): number => Math.min(most, Math.max(least, x));
  const left = clamp(low, half, width - half);
  const right = clamp(high, half, width - half);
  const apart = LABEL_WIDTH + LABEL_GAP;
  if (right - left >= apart) return [left, right];
  const middle = clamp((left + right) / 2, half + apart / 2, width - half - apart / 2);
  return [middle - apart / 2, middle + apart / 2];
}
