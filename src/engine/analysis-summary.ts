import type { AnalysisEvent, ModelUpdate } from '../protocol/analysis';
import type { AnalysisSummary, SummaryHistogram } from '../protocol/description';
import type { LimitMethod, LimitScope, ModelReport } from '../report/report';
import { histogramOf } from '../sketch/cell-histogram';
import type { MagnitudeCells, ValueCells } from '../sketch/cells';

/** As many bars as a picture of 240 pixels shows. */
const BINS = 60;

/** The bins reach to this quantile of |w|: a few outliers would press all else into one bin. */
const QUANTILE = 0.999;

/** A card shows few warnings, and no long ones. */
const MAX_WARNINGS = 5;
const MAX_WARNING_LENGTH = 300;

/** The few numbers of a report that a card, a tooltip or a list shows. */
export function analysisSummary(
  report: ModelReport,
  events: readonly AnalysisEvent[],
  analyzedAt: number,
): AnalysisSummary {
  const { model } = report;
  const scope: LimitScope = model.weightCount > 0 ? 'weights' : 'parameters';
  const own = report.tensors.filter(({ prunable, aliasOf }) => prunable && aliasOf === undefined);
  const zeros = own.reduce((sum, { zeroCount }) => sum + zeroCount, 0);
  const limit = (method: LimitMethod): number | null =>
    report.limits.find((estimate) => estimate.method === method && estimate.scope === scope)?.prunedFraction ?? null;
  return {
    analyzedAt,
    limit: limit('cosine-utopia-grid'),
    limitWithoutTuning: limit('cosine-0.99'),
    kurtosis: scope === 'weights' ? model.kurtosisWeights : model.kurtosis,
    zeroFraction: model.prunableCount === 0 ? 0 : zeros / model.prunableCount,
    initialisation: model.initialisation,
    warnings: report.warnings.slice(0, MAX_WARNINGS).map(({ message }) => message.slice(0, MAX_WARNING_LENGTH)),
    histogram: summaryHistogram(events, scope),
  };
}

function summaryHistogram(events: readonly AnalysisEvent[], scope: LimitScope): SummaryHistogram | null {
  const cells: ValueCells[] = [];
  let update: ModelUpdate | undefined;
  let counted: readonly boolean[] = [];
  for (const event of events) {
    if (event.type === 'opened') {
      counted = event.tensors.map(
        ({ prunable, aliasOf, shape }) =>
          prunable && aliasOf === undefined && (scope === 'parameters' || shape.length >= 2),
      );
    } else if (event.type === 'layers') {
      for (const layer of event.layers) if (counted[layer.index] === true) cells.push(layer.cells);
    } else update = event.update;
  }
  const reach = update === undefined ? 0 : quantile(update.magnitudes[scope], QUANTILE);
  const counts = new Float64Array(BINS);
  if (!(reach > 0)) return null;
  for (const layer of cells) {
    const histogram = histogramOf(layer, -reach, reach, BINS);
    for (let bin = 0; bin < BINS; bin++) counts[bin] = (counts[bin] ?? 0) + (histogram.counts[bin] ?? 0);
    // An even number of bins: zero is the lower edge of the upper half's first.
    counts[BINS / 2] = (counts[BINS / 2] ?? 0) + histogram.zeros;
    counts[0] = (counts[0] ?? 0) + histogram.below;
    counts[BINS - 1] = (counts[BINS - 1] ?? 0) + histogram.above;
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  return total === 0 ? null : { low: -reach, high: reach, fractions: Array.from(counts, (count) => count / total) };
}

/** Upper edge of the cell in which the quantile of |w| lies. */
function quantile({ high, count }: MagnitudeCells, fraction: number): number {
  const total = count.reduce((sum, cell) => sum + cell, 0);
  let below = 0;
  for (let cell = 0; cell < count.length; cell++) {
    below += count[cell] ?? 0;
    if (below >= fraction * total && below > 0) return high[cell] ?? 0;
  }
  return 0;
}
