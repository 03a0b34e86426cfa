import * as l10n from '@vscode/l10n';
import type { LayerResult } from '../../src/protocol/analysis';
import { histogramOf } from '../../src/sketch/cell-histogram';
import { percent, significant } from '../../src/report/number-text';

/** Bins of the chart: three pixels each at the width of the detail column; fewer for few values, or noise is all one sees. */
const MOST_BINS = 120;
const FEWEST_BINS = 12;
const BINS_BY_CUBE_ROOT = 3;
/** Standard deviations to each side: a Laplace distribution has 0.2 % beyond, a Gaussian 7e-6. */
const REACH = 4.4;
/** Points of a fitted curve; each side of the mean gets its own, so that the Laplace peak is a peak. */
const CURVE_POINTS = 241;

/** One bin of the chart, as vega reads it. */
export interface BinDatum {
  readonly from: number;
  readonly to: number;
  /** Fraction of the layer's values that are in the bin. */
  readonly share: number;
  readonly range: string;
  readonly shareText: string;
  /** What is told under the pointer, line by line. */
  readonly tip: readonly string[];
}

/** One point of a fitted density, in the bins' unit. */
export interface FitDatum {
  readonly value: number;
  readonly gaussian: number;
  readonly laplace: number;
}

/** What the distribution chart shows; a function of the layer alone, so that dragging the handle does not recompute it. */
export interface LayerDistribution {
  readonly low: number;
  readonly high: number;
  readonly bins: readonly BinDatum[];
  readonly fits: readonly FitDatum[];
  /** Upper end of the share axis. */
  readonly top: number;
  /** Lower end of the logarithmic share axis: half a value. */
  readonly floor: number;
  /** Fraction of exact zeros that the bins leave out. */
  readonly zeroShare: number;
  /** Fraction of the values outside [low, high]. */
  readonly outsideShare: number;
}

/** Bins and the Gaussian and Laplace densities of the same mean and scale; undefined for a layer without spread. */
export function layerDistribution(result: LayerResult): LayerDistribution | undefined {
  const { mean, std, meanAbsoluteDeviation, min, max } = result.statistics;
  if (mean === null || std === null || meanAbsoluteDeviation === null || min === null || max === null) return undefined;
  if (!(std > 0) || !(meanAbsoluteDeviation > 0)) return undefined;
  const reach = Math.min(REACH * std, 1.35 * Math.max(max - mean, mean - min));
  const low = mean - reach;
  const high = mean + reach;
  const finite = result.cells.count.reduce((sum, count) => sum + count, 0);
  if (finite === 0) return undefined;
  const binCount = Math.round(Math.min(MOST_BINS, Math.max(FEWEST_BINS, BINS_BY_CUBE_ROOT * Math.cbrt(finite))));
  const histogram = histogramOf(result.cells, low, high, binCount);
  const width = (high - low) / binCount;
  const floor = 0.5 / finite;
  const bins = Array.from(histogram.counts, (count, bin): BinDatum => {
    const from = low + bin * width;
    const share = count / finite;
    const range = l10n.t('{0} to {1}', significant(from), significant(from + width));
    const shareText = percent(share, 2);
    return {
      from,
      to: from + width,
      share,
      range,
      shareText,
      tip: [l10n.t('values: {0}', range), l10n.t('share: {0}', shareText)],
    };
  });
  const fits = Array.from({ length: CURVE_POINTS }, (_, point): FitDatum => {
    const value = low + ((high - low) * point) / (CURVE_POINTS - 1);
    return {
      value,
      gaussian: (width * Math.exp(-((value - mean) ** 2) / (2 * std * std))) / (std * Math.sqrt(2 * Math.PI)),
      laplace: (width * Math.exp(-Math.abs(value - mean) / meanAbsoluteDeviation)) / (2 * meanAbsoluteDeviation),
    };
  });
  // With discrete values a few bins tower above all: the axis follows the curves and the bulk, and those bins are cut.
  const sorted = Float64Array.from(histogram.counts).sort();
  const bulk = (sorted[Math.floor(binCount * 0.97)] ?? 0) / finite;
  const peak = fits.reduce((high, fit) => Math.max(high, fit.gaussian, fit.laplace), 0);
  const tallest = (sorted[binCount - 1] ?? 0) / finite;
  return {
    low,
    high,
    bins,
    fits,
    top: 1.04 * Math.max(peak, Math.min(tallest, 3 * Math.max(bulk, peak))),
    floor,
    zeroShare: histogram.zeros / finite,
    outsideShare: (histogram.below + histogram.above) / finite,
  };
}
