import { basename } from 'node:path';
import type {
  ComparedModel,
  ComparisonReport,
  PruningComparison,
  RuleAgreement,
  TensorChange,
  TensorComparison,
} from '../report/comparison';
import { formatCount, formatNumber, formatPercent } from '../report/format';
import type { TensorReport } from '../report/report';
import { printable, textTable, type TextColumn } from './text-table';

const COLUMNS: readonly TextColumn<TensorComparison>[] = [
  ['layer', 'left', ({ name }) => printable(name)],
  ['shape', 'left', (tensor) => sides(tensor, ({ shape }) => shape.join('×'))],
  ['cosine', 'right', ({ pair }) => formatNumber(pair?.cosineSimilarity ?? null)],
  ['change', 'right', ({ pair }) => formatPercent(pair?.relativeChange ?? null)],
  ['KS', 'right', ({ shift }) => formatNumber(shift?.kolmogorovSmirnov ?? null)],
  ['kurtosis', 'right', (tensor) => sides(tensor, ({ kurtosis }) => formatNumber(kurtosis))],
  ['limit', 'right', (tensor) => sides(tensor, ({ limit }) => formatPercent(limit, 0))],
  ['zeros', 'right', (tensor) => sides(tensor, ({ zeroCount, count }) => formatPercent(share(zeroCount, count)))],
];

interface ModelRow {
  readonly title: string;
  readonly cell: (model: ComparedModel) => string;
}

const MODEL_ROWS: readonly ModelRow[] = [
  { title: 'format', cell: ({ file }) => file.formatLabel },
  { title: 'prunable values', cell: ({ model }) => formatCount(model.prunableCount) },
  { title: 'kurtosis, weights of ≥ 2 dimensions', cell: ({ model }) => formatNumber(model.kurtosisWeights) },
  { title: 'limit', cell: ({ limit }) => formatPercent(limit, 0) },
  { title: 'zeros', cell: ({ zeroFraction }) => formatPercent(zeroFraction) },
];

const CHANGES: readonly TensorChange[] = ['common', 'added', 'removed', 'reshaped'];

/** The comparison for a terminal. */
export function comparisonToText(report: ComparisonReport): string {
  const { before, after, tensors, pair, pruning } = report;
  const shown = tensors.filter((tensor) => (tensor.before ?? tensor.after)?.prunable === true);
  const counts = CHANGES.map((change) => ({
    change,
    count: tensors.filter((tensor) => tensor.change === change).length,
  }))
    .filter(({ count }) => count > 0)
    .map(({ change, count }) => `${formatCount(count)} ${change}`);
  const lines = [
    `${label(before)} → ${label(after)}: tensors ${counts.join(', ')}; ${report.seconds.toFixed(2)} s`,
    ...(pair === null
      ? []
      : [
          `cosine similarity ${formatNumber(pair.cosineSimilarity)}, relative change ${formatPercent(pair.relativeChange)}, largest change ${formatNumber(pair.maxChange)}, ${formatCount(pair.equalCount)} of ${formatCount(pair.count)} values equal`,
        ]),
    '',
    ...textTable<ModelRow>(
      [
        ['', 'left', ({ title }) => title],
        ['before', 'right', ({ cell }) => cell(before)],
        ['after', 'right', ({ cell }) => cell(after)],
      ],
      MODEL_ROWS,
    ),
    '',
    ...textTable(COLUMNS, shown),
    ...notListed(tensors.length - shown.length),
    ...(pruning === null ? [] : ['', ...pruningLines(pruning)]),
  ];
  for (const { message } of report.warnings) lines.push('', `Warning: ${printable(message)}`);
  return `${lines.join('\n')}\n\n`;
}

function label({ file }: ComparedModel): string {
  return printable(basename(file.path));
}

/** One cell where both sides say the same, `before → after` else; a plus or minus where there is one side only. */
function sides({ before, after }: TensorComparison, cell: (tensor: TensorReport) => string): string {
  if (before === null) return after === null ? '' : `+ ${cell(after)}`;
  if (after === null) return `− ${cell(before)}`;
  const [left, right] = [cell(before), cell(after)];
  return left === right ? left : `${left} → ${right}`;
}

function notListed(rest: number): string[] {
  return rest === 0 ? [] : [`and ${formatCount(rest)} more that are not pruned (buffers, constants, optimiser state)`];
}

function pruningLines(pruning: PruningComparison): string[] {
  const { prunedCount, revivedCount, prunedFraction, unchangedFraction, globalMagnitude, layerwiseMagnitude } = pruning;
  return [
    `Pruned: ${formatPercent(prunedFraction, 2)} are zero, ${formatCount(prunedCount)} of them newly; ${formatCount(revivedCount)} are zero no more; ${formatPercent(unchangedFraction)} of the survivors are unchanged.`,
    ...(globalMagnitude === null ? [] : [`  one magnitude threshold for all   ${agreement(globalMagnitude)}`]),
    `  a threshold for each tensor       ${agreement(layerwiseMagnitude)}`,
  ];
}

function agreement({ interval: [low, high], same }: RuleAgreement): string {
  if (same) return 'would have chosen the same';
  const [from, to] = [formatPercent(low, 2), formatPercent(high, 2)];
  return `would have chosen ${from === to ? from : `${from} to ${to}`} of the same`;
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
