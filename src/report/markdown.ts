import { basename } from 'node:path';
import * as l10n from '@vscode/l10n';
import { formatBytes, formatCount, formatNumber, formatPercent } from './format';
import { plainText, tableRow } from './markdown-text';
import { measurementMarkdown } from './measurement-markdown';
import type { LimitEstimate, LimitScope, ModelReport } from './report';

/** The report for people: facts, limits with their assumptions and sources, warnings, layers. */
export function reportToMarkdown(report: ModelReport): string {
  const { file, model } = report;
  const lines = [
    `# ${l10n.t('Prunability of {0}', plainText(basename(file.path)))}`,
    '',
    `${file.formatLabel} · ${l10n.t('{0} values, {1} of them prunable', formatCount(model.count), formatCount(model.prunableCount))} · ${formatBytes(file.bytes)}`,
    ...(report.complete ? [] : ['', `**${l10n.t('Partial: the analysis did not reach the last layer.')}**`]),
    '',
    l10n.t(
      "Kurtosis (normal = 3): {0} over all parameters, {1} over weights of ≥ 2 dimensions; kurtosis of the layers' kurtoses K2: {2}.",
      formatNumber(model.kurtosis),
      formatNumber(model.kurtosisWeights),
      formatNumber(model.kurtosisOfKurtoses),
    ),
    '',
    `## ${l10n.t('Limits')}`,
    ...(['parameters', 'weights'] as const).flatMap((scope) => limitTable(scope, report.limits)),
    ...(report.measurement === undefined ? [] : measurementMarkdown(report.measurement)),
    ...warningList(report),
    '',
    `## ${l10n.t('Layers')}`,
    '',
    tableRow(
      l10n.t('Layer'),
      l10n.t('Shape'),
      l10n.t('Type'),
      l10n.t('Parameters'),
      l10n.t('Kurtosis'),
      l10n.t('Std'),
      l10n.t('Zeros'),
      l10n.t('Limit'),
      l10n.t('Kept at the global limit'),
    ),
    '| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...report.tensors
      .filter(({ prunable }) => prunable)
      .map((tensor) =>
        tableRow(
          plainText(tensor.name),
          tensor.shape.join('×'),
          tensor.storedDtype ?? tensor.dtype,
          formatCount(tensor.count),
          formatNumber(tensor.kurtosis),
          formatNumber(tensor.std),
          formatCount(tensor.zeroCount),
          formatPercent(tensor.limit),
          formatPercent(tensor.survivingFraction),
        ),
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
    `### ${scopeTitle(scope)}`,
    '',
    tableRow(
      l10n.t('Method'),
      l10n.t('Pruned'),
      l10n.t('Cosine'),
      `${l10n.t('Threshold')} &#124;w&#124;`,
      l10n.t('What it says'),
    ),
    '| --- | ---: | ---: | ---: | --- |',
    ...rows.map((limit) =>
      tableRow(
        `\`${limit.method}\`${limit.inputFile === undefined ? '' : ` (${plainText(limit.inputFile)})`}`,
        formatPercent(limit.prunedFraction, 2),
        formatNumber(limit.cosineSimilarity ?? null),
        formatNumber(limit.threshold ?? null),
        plainText(limit.verdict),
      ),
    ),
    '',
    l10n.t('Assumptions:'),
    '',
    ...assumptions.map((assumption) => `- ${plainText(assumption)}`),
    '',
    ...sources.map((source) => l10n.t('Source: {0}', plainText(source))),
  ];
}

function warningList({ warnings }: ModelReport): string[] {
  if (warnings.length === 0) return [];
  return [
    '',
    `## ${l10n.t('Warnings')}`,
    '',
    ...warnings.map(({ code, message }) => `- **${code}**: ${plainText(message)}`),
  ];
}

function scopeTitle(scope: LimitScope): string {
  return scope === 'parameters'
    ? l10n.t('All parameters, as the paper counts')
    : l10n.t('Weights of ≥ 2 dimensions; biases and norms stay');
}
