import * as l10n from '@vscode/l10n';
import type { ComparedLayer } from '../../src/protocol/comparison';
import type { TensorReport } from '../../src/report/report';
import type { ValueCells } from '../../src/sketch/cells';
import { histogramOf, type Histogram } from '../../src/sketch/cell-histogram';
import { NO_NUMBER, percent, significant } from '../../src/report/number-text';

/** Bins of the chart: three pixels each at the width of the detail column; fewer for few values, or noise is all one sees. */
const MOST_BINS = 120;
const FEWEST_BINS = 12;
const BINS_BY_CUBE_ROOT = 3;
/** Standard deviations to each side of the mean: a Laplace distribution has 0.2 % beyond, a Gaussian 7e-6. */
const REACH = 4.4;
/** A side of much the smaller spread still gets this share of the axis. */
const LEAST_SHARE = 1 / 6;

/** One bin of the chart, as vega reads it. A side that is not there has shares of 0. */
export interface ComparedBin {
  readonly from: number;
  readonly to: number;
  /** Fractions of each side's finite values. */
  readonly before: number;
  readonly after: number;
  readonly range: string;
  readonly beforeText: string;
  readonly afterText: string;
  /** Lines of its tooltip. */
  readonly tip: readonly string[];
}

/** Both sides' distributions over one axis. */
export interface ComparedDistribution {
  readonly low: number;
  readonly high: number;
  readonly bins: readonly ComparedBin[];
  /** Upper end of the share axis. */
  readonly top: number;
  /** Lower end of the logarithmic share axis: half a value. */
  readonly floor: number;
  /** Fraction of exact zeros, which are in no bin; null for a side that is not there. */
  readonly zeros: readonly [before: number | null, after: number | null];
  /** Fraction of the values beyond the axis. */
  readonly outside: readonly [before: number | null, after: number | null];
}

interface Side {
  readonly cells: ValueCells;
  readonly finite: number;
  readonly low: number;
  readonly high: number;
}

/** Undefined where neither side has values of any spread. */
export function comparedDistribution({
  comparison,
  cellsBefore,
  cellsAfter,
}: ComparedLayer): ComparedDistribution | undefined {
  const sides = [sideOf(comparison.before, cellsBefore), sideOf(comparison.after, cellsAfter)];
  const known = sides.filter((side) => side !== undefined);
  const reaching = known.filter(({ low, high }) => high > low);
  if (reaching.length === 0) return undefined;
  const [low, high] = commonAxis(reaching);
  const fewest = known.reduce((least, { finite }) => Math.min(least, finite), Infinity);
  const bins = Math.round(Math.min(MOST_BINS, Math.max(FEWEST_BINS, BINS_BY_CUBE_ROOT * Math.cbrt(fewest))));
  const histograms = sides.map((side) => (side === undefined ? undefined : histogramOf(side.cells, low, high, bins)));
  const share = (at: 0 | 1, count: (histogram: Histogram) => number): number | null => {
    const histogram = histograms[at];
    const finite = sides[at]?.finite ?? 0;
    return histogram === undefined || finite === 0 ? null : count(histogram) / finite;
  };
  const width = (high - low) / bins;
  const drawn = Array.from({ length: bins }, (_, bin): ComparedBin => {
    const from = low + bin * width;
    const [before, after] = ([0, 1] as const).map((at) => share(at, ({ counts }) => counts[bin] ?? 0));
    const range = l10n.t('{0} to {1}', significant(from), significant(from + width));
    const [beforeText, afterText] = [shareText(before), shareText(after)];
    return {
      from,
      to: from + width,
      before: before ?? 0,
      after: after ?? 0,
      range,
      beforeText,
      afterText,
      tip: [l10n.t('values: {0}', range), l10n.t('before: {0}', beforeText), l10n.t('after: {0}', afterText)],
    };
  });
  return {
    low,
    high,
    bins: drawn,
    top: 1.04 * axisTop(drawn),
    floor: 0.5 / known.reduce((most, { finite }) => Math.max(most, finite), 1),
    zeros: [share(0, ({ zeros }) => zeros), share(1, ({ zeros }) => zeros)],
    outside: [share(0, ({ below, above }) => below + above), share(1, ({ below, above }) => below + above)],
  };
}

/** A share of values, or that there is none. */
export function shareText(share: number | null | undefined): string {
  return share === null || share === undefined ? NO_NUMBER : percent(share, 2);
}

function sideOf(report: TensorReport | null, cells: ValueCells | null): Side | undefined {
  if (report === null || cells === null || cells.count.length === 0) return undefined;
  const { mean, std, min, max } = report;
  if (mean === null || std === null || min === null || max === null) return undefined;
  const finite = cells.count.reduce((sum, count) => sum + count, 0);
  const reach = Math.min(REACH * std, 1.35 * Math.max(max - mean, mean - min));
  return { cells, finite, low: mean - reach, high: mean + reach };
}

/** The narrower side's axis, widened to the other's as long as the narrower one can still be seen. */
function commonAxis(sides: readonly Side[]): readonly [low: number, high: number] {
  const low = sides.reduce((least, side) => Math.min(least, side.low), Infinity);
  const high = sides.reduce((most, side) => Math.max(most, side.high), -Infinity);
  const narrow = sides.reduce((least, side) => (side.high - side.low < least.high - least.low ? side : least));
  const widest = (narrow.high - narrow.low) / LEAST_SHARE;
  if (high - low <= widest) return [low, high];
  const middle = (narrow.low + narrow.high) / 2;
  return [Math.max(low, middle - widest / 2), Math.min(high, middle + widest / 2)];
}

/** With discrete values a few bins tower above all: the axis follows the bulk, and those bins are cut. */
function axisTop(bins: readonly ComparedBin[]): number {
  const heights = bins.flatMap(({ before, after }) => [before, after]).sort((a, b) => a - b);
  const tallest = heights.at(-1) ?? 1;
  const bulk = heights[Math.floor(heights.length * 0.97)] ?? 0;
  return bulk > 0 ? Math.min(tallest, 3 * bulk) : tallest;
}
