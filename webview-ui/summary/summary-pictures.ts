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

/** A label under the ruler: where its text is anchored. */
export interface RulerLabel {
  readonly x: number;
  readonly anchor: 'start' | 'middle' | 'end';
}

/** Width that a figure like `84 %` takes, with the space to its neighbour. */
const LABEL_WIDTH = 44;

/**
 * Labels under two markers on a ruler from 0 to `width`: each in the middle under its marker, pushed apart where they
 * would overlap, and inwards at the ends.
 */
export function rulerLabels(low: number, high: number, width: number): readonly [RulerLabel, RulerLabel] {
  const near = high - low < LABEL_WIDTH;
  const label = (x: number, anchor: RulerLabel['anchor']): RulerLabel => {
    if (anchor !== 'end' && x < LABEL_WIDTH / 2) return { x: Math.max(0, x), anchor: 'start' };
    if (anchor !== 'start' && x > width - LABEL_WIDTH / 2) return { x: Math.min(width, x), anchor: 'end' };
    return { x, anchor };
  };
  if (!near) return [label(low, 'middle'), label(high, 'middle')];
  // both need room to their own side: shifted together as far as the ends ask for
  const shift = Math.max(0, LABEL_WIDTH - low) - Math.max(0, high + LABEL_WIDTH - width);
  return [
    { x: low + shift - 2, anchor: 'end' },
    { x: Math.max(high + shift, low + shift) + 2, anchor: 'start' },
  ];
}
