import { basename } from 'node:path';
import { formatBytes, formatCount, formatNumber, formatPercent } from './format';
import type { LimitEstimate, LimitScope, ModelReport } from './report';

const SCOPES: Readonly<Record<LimitScope, string>> = {
  parameters: 'All parameters, as the paper counts',
  weights: 'Weights of ≥ 2 dimensions; biases and norms stay',
};

/** The report for people: facts, limits with their assumptions and sources, warnings, layers. */
export function reportToMarkdown(report: ModelReport): string {
  const { file, model } = report;
  const lines = [
    `# Prunability of ${text(basename(file.path))}`,
    '',
    `${file.formatLabel} · ${formatCount(model.count)} values, ${formatCount(model.prunableCount)} of them prunable · ${formatBytes(file.bytes)}`,
    ...(report.complete ? [] : ['', '**Partial: the analysis did not reach the last layer.**']),
    '',
    `Kurtosis (normal = 3): ${formatNumber(model.kurtosis)} over all parameters, ${formatNumber(model.kurtosisWeights)} over weights of ≥ 2 dimensions; kurtosis of the layers' kurtoses K2: ${formatNumber(model.kurtosisOfKurtoses)}.`,
    '',
    '## Limits',
    ...(['parameters', 'weights'] as const).flatMap((scope) => limitTable(scope, report.limits)),
    ...warningList(report),
    '',
    '## Layers',
    '',
    '| Layer | Shape | Type | Parameters | Kurtosis | Std | Zeros | Limit | Kept at the global limit |',
    '| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...report.tensors
      .filter(({ prunable }) => prunable)
      .map(
        (tensor) =>
          `| ${text(tensor.name)} | ${tensor.shape.join('×')} | ${tensor.storedDtype ?? tensor.dtype} | ${formatCount(tensor.count)} | ${formatNumber(tensor.kurtosis)} | ${formatNumber(tensor.std)} | ${formatCount(tensor.zeroCount)} | ${formatPercent(tensor.limit)} | ${formatPercent(tensor.survivingFraction)} |`,
      ),
  ];
  return `${lines.join('\n')}\n`;
}

function limitTable(scope: LimitScope, limits: readonly LimitEstimate[]): string[] {
  const rows = limits.filter((limit) => limit.scope === scope);
  if (rows.length === 0) return [];
  const sources = [...new Set(rows.map(({ reference }) => reference))];
  const assumptions = [...new Set(rows.flatMap((limit) => limit.assumptions))];
  return [
    '',
    `### ${SCOPES[scope]}`,
    '',
    '| Method | Pruned | Cosine | Threshold &#124;w&#124; | What it says |',
    '| --- | ---: | ---: | ---: | --- |',
    ...rows.map(
      (limit) =>
        `| \`${limit.method}\` | ${formatPercent(limit.prunedFraction, 2)} | ${formatNumber(limit.cosineSimilarity ?? null)} | ${formatNumber(limit.threshold ?? null)} | ${text(limit.verdict)} |`,
    ),
    '',
    'Assumptions:',
    '',
    ...assumptions.map((assumption) => `- ${text(assumption)}`),
    '',
    ...sources.map((source) => `Source: ${text(source)}`),
  ];
}

function warningList({ warnings }: ModelReport): string[] {
  if (warnings.length === 0) return [];
  return ['', '## Warnings', '', ...warnings.map(({ code, message }) => `- **${code}**: ${text(message)}`)];
}

/** Names come from strangers: nothing in them may act as markup, or leave the table's cell. */
function text(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/[\\`*[\]#|!]/g, '\\$&')
    .replace(/\s+/g, ' ');
}
