import { basename } from 'node:path';
import * as l10n from '@vscode/l10n';
import { measuredFigures } from '../limits/measured-figures';
import { largestEigenvalue, negativeMass, smallestEigenvalue, traceEstimate } from '../limits/spectrum-figures';
import { lastWithinLoss, type PruneThreshold } from '../limits/sweep-thresholds';
import { formatCount, formatNumber, formatPercent } from './format';
import { plainText, tableRow } from './markdown-text';
import type { Measurement } from './measurement';

/** The measurement on its own. */
export function measurementToMarkdown(measurement: Measurement): string {
  const title = l10n.t('Prunability of {0}', plainText(basename(measurement.model)));
  return `${[`# ${title}`, ...measurementMarkdown(measurement)].join('\n')}\n`;
}

/** The part of a report that tells what was measured with data: prediction, thresholds, orders of pruning, doubts. */
export function measurementMarkdown(measurement: Measurement): string[] {
  const { data, test, backend, loss, dense, complete, seconds } = measurement;
  const figures = measuredFigures(measurement, dense.epsilon, 'absolute');
  const { prediction, sublevel, onePoint, firstDrop, lastBetter, direct } = figures;
  const accuracy = dense.accuracy === undefined ? '' : `, ${l10n.t('accuracy {0}', formatPercent(dense.accuracy, 2))}`;
  const tested =
    test === undefined
      ? ''
      : l10n.t(', accuracy on {0} of {1}', formatCount(test.count), plainText(basename(test.path)));
  const rows: readonly (readonly [string, string])[] = [
    [l10n.t('Predicted by the curvature of the loss'), fraction(prediction?.prunedFraction)],
    [l10n.t('The same after half of the steps'), fraction(prediction?.half)],
    [l10n.t('Lower bound by the mean curvature (trace)'), fraction(prediction?.traceBound)],
    [l10n.t('Gradient and curvature towards each copy'), threshold(direct)],
    [l10n.t('Weights smaller than 0.001'), fraction(measurement.smallFraction)],
    [l10n.t('Measured (A3): loss at most ε higher'), threshold(sublevel)],
    ...(dense.accuracy === undefined
      ? []
      : ([
          [l10n.t('Measured (A4): accuracy at most 1 point lower'), threshold(onePoint)],
          [l10n.t('Measured (A2): accuracy first 0.1 points lower'), fraction(firstDrop)],
          [l10n.t('Measured (A1): accuracy last above the unpruned one'), threshold(lastBetter)],
        ] as const)),
  ];
  return [
    '',
    `## ${l10n.t('Measured with data')}`,
    '',
    `${l10n.t('{0} over {1} samples of {2}{3}', loss, formatCount(data.count), plainText(basename(data.path)), tested)} · ${backend.name} · ${seconds.toFixed(1)} s`,
    '',
    l10n.t(
      'Unpruned: loss {0}{1}. The loss may grow by ε = {2}.',
      formatNumber(dense.loss),
      accuracy,
      formatNumber(dense.epsilon),
    ),
    ...(complete ? [] : ['', `**${l10n.t('Partial: the measurement did not reach its end.')}**`]),
    '',
    tableRow(l10n.t('Limit'), l10n.t('Pruned')),
    '| --- | ---: |',
    ...rows.map(([name, figure]) => tableRow(name, figure)),
    ...criteria(measurement),
    ...curvature(measurement),
    ...sensitivity(measurement),
    ...remarks(l10n.t('Doubts about the prediction'), figures.warnings),
    ...remarks(l10n.t('Notes'), [backend.reason, ...measurement.notes]),
  ];
}

function criteria({ sweeps, dense: { loss, epsilon } }: Measurement): string[] {
  if (sweeps.length === 0) return [];
  return [
    '',
    tableRow(l10n.t('Order of pruning'), l10n.t('Loss at most ε higher up to'), l10n.t('Copies')),
    '| --- | ---: | ---: |',
    ...sweeps.map(({ criterion, points }) =>
      tableRow(`\`${criterion}\``, threshold(lastWithinLoss(points, loss, epsilon)), formatCount(points.length)),
    ),
  ];
}

function curvature({ spectrum, parameterCount }: Measurement): string[] {
  if (spectrum === undefined) return [];
  const { nodes, steps, probes, samples } = spectrum;
  return [
    '',
    l10n.t(
      'Hessian of the loss: λmax {0}, λmin {1}, trace {2}, {3} of the dimensions with negative curvature; {4} Lanczos steps, {5} probes, {6} samples.',
      formatNumber(largestEigenvalue(nodes)),
      formatNumber(smallestEigenvalue(nodes)),
      formatNumber(traceEstimate(nodes, parameterCount)),
      formatPercent(negativeMass(nodes)),
      steps,
      probes,
      formatCount(samples),
    ),
  ];
}

function sensitivity({ sensitivity: parameters, dense: { loss, epsilon } }: Measurement): string[] {
  if (parameters.length === 0) return [];
  return [
    '',
    tableRow(l10n.t('Pruned on its own'), l10n.t('Weights'), l10n.t('Loss at most ε higher up to')),
    '| --- | ---: | ---: |',
    ...parameters.map(({ name, count, points }) =>
      tableRow(plainText(name), formatCount(count), threshold(lastWithinLoss(points, loss, epsilon))),
    ),
  ];
}

function remarks(title: string, texts: readonly string[]): string[] {
  return texts.length === 0 ? [] : ['', `${title}:`, '', ...texts.map((text) => `- ${plainText(text)}`)];
}

function fraction(value: number | undefined): string {
  return formatPercent(value ?? null, 2);
}

/** Where nothing was measured beyond, the figure is a lower bound. */
function threshold(found: PruneThreshold | undefined): string {
  const open = found !== undefined && found.next === undefined && found.prunedFraction < 1;
  return `${open ? '≥ ' : ''}${fraction(found?.prunedFraction)}`;
}
