import { basename } from 'node:path';
import { formatBytes, formatCount, formatNumber, formatPercent } from '../report/format';
import type { LimitScope, ModelReport, TensorReport } from '../report/report';
import { printable, textTable, type TextColumn } from './text-table';

const COLUMNS: readonly TextColumn<TensorReport>[] = [
  ['layer', 'left', (tensor) => printable(tensor.name)],
  ['shape', 'left', (tensor) => tensor.shape.join('×')],
  ['type', 'left', (tensor) => tensor.storedDtype ?? tensor.dtype],
  ['parameters', 'right', (tensor) => formatCount(tensor.count)],
  ['kurtosis', 'right', (tensor) => formatNumber(tensor.kurtosis)],
  ['std', 'right', (tensor) => formatNumber(tensor.std)],
  ['zeros', 'right', (tensor) => formatCount(tensor.zeroCount)],
  ['limit', 'right', (tensor) => formatPercent(tensor.limit, 0)],
  ['kept', 'right', (tensor) => formatPercent(tensor.survivingFraction)],
];

const SCOPES: Readonly<Record<LimitScope, string>> = {
  parameters: 'all parameters (as the paper counts)',
  weights: 'weights of ≥ 2 dimensions',
};

/** The report for a terminal. */
export function reportToText(report: ModelReport): string {
  const { file, model } = report;
  const lines = [
    `${printable(basename(file.path))}: ${file.formatLabel}, ${formatCount(model.prunableCount)} prunable of ${formatCount(model.count)} values, ${formatBytes(file.bytes)}, ${report.seconds.toFixed(2)} s`,
    `kurtosis ${formatNumber(model.kurtosis)} (all parameters), ${formatNumber(model.kurtosisWeights)} (weights of ≥ 2 dimensions); normal = 3`,
    '',
    ...textTable(
      COLUMNS,
      report.tensors.filter(({ prunable }) => prunable),
    ),
    ...notListed(report.tensors),
  ];
  for (const scope of ['parameters', 'weights'] as const) {
    const limits = report.limits.filter((limit) => limit.scope === scope);
    if (limits.length === 0) continue;
    lines.push('', `Limits, ${SCOPES[scope]}:`);
    for (const { method, prunedFraction, verdict, inputFile } of limits) {
      const from = inputFile === undefined ? '' : ` From ${inputFile}.`;
      lines.push(`  ${method.padEnd(24)} ${formatPercent(prunedFraction).padStart(7)}  ${verdict}${from}`);
    }
  }
  for (const { message } of report.warnings) lines.push('', `Warning: ${printable(message)}`);
  return `${lines.join('\n')}\n\n`;
}

/** Constants, buffers and optimiser state would bury what can be pruned; the JSON and CSV reports have them all. */
function notListed(tensors: readonly TensorReport[]): string[] {
  const rest = tensors.filter(({ prunable }) => !prunable).length;
  return rest === 0 ? [] : [`and ${formatCount(rest)} more that are not pruned (buffers, constants, optimiser state)`];
}
