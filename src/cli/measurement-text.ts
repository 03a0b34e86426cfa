import { basename } from 'node:path';
import { measuredFigures, type MeasuredFigures } from '../limits/measured-figures';
import { largestEigenvalue, negativeMass, smallestEigenvalue, traceEstimate } from '../limits/spectrum-figures';
import { lastWithinLoss } from '../limits/sweep-thresholds';
import { formatCount, formatNumber, formatPercent } from '../report/format';
import type { Measurement } from '../report/measurement';
import { printable, textTable } from './text-table';

type Line = readonly [name: string, figure: string];

/** The measurement for a terminal. */
export function measurementToText(measurement: Measurement): string {
  const { model, data, test, backend, loss, dense, notes, seconds } = measurement;
  const figures = measuredFigures(measurement, dense.epsilon, 'absolute');
  const tested = test === undefined ? '' : `, accuracy on ${formatCount(test.count)} others`;
  return [
    `${printable(basename(model))}: ${loss} over ${formatCount(data.count)} samples of ${printable(basename(data.path))}${tested}; ${seconds.toFixed(1)} s on ${backend.name}`,
    `${formatCount(measurement.parameterCount)} parameters, ${formatCount(measurement.prunableCount)} of them prunable; loss ${formatNumber(dense.loss)} ± ε = ${formatNumber(dense.epsilon)}${dense.accuracy === undefined ? '' : `, accuracy ${formatPercent(dense.accuracy)}`}`,
    `computed with ${printable(backend.reason)}`,
    '',
    ...table(['predicted', 'pruned'], predictions(measurement, figures)),
    '',
    ...table(['measured (magnitude)', 'pruned'], thresholds(figures, dense.accuracy !== undefined)),
    '',
    ...table(['loss stays within ε, by criterion', 'pruned'], criteria(measurement)),
    ...(measurement.spectrum === undefined ? [] : ['', spectrumLine(measurement)]),
    ...[...figures.warnings, ...notes].map((text) => `! ${text}`),
    '',
  ].join('\n');
}

function table(titles: readonly [string, string], lines: readonly Line[]): string[] {
  return textTable<Line>(
    [
      [titles[0], 'left', ([name]) => name],
      [titles[1], 'right', ([, figure]) => figure],
    ],
    lines,
  );
}

function predictions(measurement: Measurement, { epsilon, prediction, direct }: MeasuredFigures): Line[] {
  const lines: Line[] = [];
  if (measurement.spectrum !== undefined) {
    const otherwise = (negative: 'clip' | 'drop'): number | undefined =>
      measuredFigures(measurement, epsilon, negative).prediction?.prunedFraction;
    lines.push(
      fraction('loss landscape (statistical dimension)', prediction?.prunedFraction),
      fraction('… negative curvature as flat', otherwise('clip')),
      fraction('… negative curvature left out', otherwise('drop')),
      fraction('… at least, by the trace', prediction?.traceBound),
    );
  }
  return [
    ...lines,
    fraction('gradient and curvature at each copy', direct?.prunedFraction),
    fraction('weights smaller than 0.001', measurement.smallFraction),
  ];
}

function thresholds({ sublevel, onePoint, firstDrop, lastBetter }: MeasuredFigures, withAccuracy: boolean): Line[] {
  const lines = [fraction('loss at most ε higher', sublevel?.prunedFraction)];
  if (!withAccuracy) return lines;
  return [
    ...lines,
    fraction('accuracy at most 1 point lower', onePoint?.prunedFraction),
    fraction('accuracy first 0.1 points lower', firstDrop),
    fraction('accuracy last above unpruned', lastBetter?.prunedFraction),
  ];
}

function fraction(name: string, value: number | undefined): Line {
  return [name, formatPercent(value ?? null)];
}

function criteria({ sweeps, dense: { loss, epsilon } }: Measurement): Line[] {
  return sweeps.map(({ criterion, points }) =>
    fraction(criterion, lastWithinLoss(points, loss, epsilon)?.prunedFraction),
  );
}

function spectrumLine({ spectrum, parameterCount }: Measurement): string {
  const nodes = spectrum?.nodes ?? [];
  return [
    `Hessian: λmax ${formatNumber(largestEigenvalue(nodes))}`,
    `λmin ${formatNumber(smallestEigenvalue(nodes))}`,
    `trace ${formatNumber(traceEstimate(nodes, parameterCount))}`,
    `negative ${formatPercent(negativeMass(nodes))}`,
    `${spectrum?.steps ?? 0} Lanczos steps over ${formatCount(spectrum?.samples ?? 0)} samples`,
  ].join(', ');
}
