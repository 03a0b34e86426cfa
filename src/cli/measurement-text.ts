import { basename } from 'node:path';
import { landscapeWarnings } from '../limits/landscape-warnings';
import { lossLandscapeLimit, traceBoundOfKept } from '../limits/loss-landscape';
import { largestEigenvalue, negativeMass, smallestEigenvalue, traceEstimate } from '../limits/spectrum-figures';
import {
  directTestLimit,
  firstBelowTolerance,
  lastAboveDense,
  lastWithinLoss,
  lastWithinOnePoint,
} from '../limits/sweep-thresholds';
import { formatCount, formatNumber, formatPercent } from '../report/format';
import type { CriterionSweep, Measurement, NegativeConvention } from '../report/measurement';
import { printable, textTable } from './text-table';

type Line = readonly [name: string, figure: string];

/** The measurement for a terminal. */
export function measurementToText(measurement: Measurement): string {
  const { model, data, test, backend, loss, dense, notes, seconds } = measurement;
  const tested = test === undefined ? '' : `, accuracy on ${formatCount(test.count)} others`;
  return [
    `${printable(basename(model))}: ${loss} over ${formatCount(data.count)} samples of ${printable(basename(data.path))}${tested}; ${seconds.toFixed(1)} s on ${backend.name}`,
    `${formatCount(measurement.parameterCount)} parameters, ${formatCount(measurement.prunableCount)} of them prunable; loss ${formatNumber(dense.loss)} ± ε = ${formatNumber(dense.epsilon)}${dense.accuracy === undefined ? '' : `, accuracy ${formatPercent(dense.accuracy)}`}`,
    `computed with ${printable(backend.reason)}`,
    '',
    ...table(['predicted', 'pruned'], predictions(measurement)),
    '',
    ...table(['measured (magnitude)', 'pruned'], thresholds(measurement)),
    '',
    ...table(['loss stays within ε, by criterion', 'pruned'], criteria(measurement)),
    ...(measurement.spectrum === undefined ? [] : ['', spectrumLine(measurement)]),
    ...[...landscapeWarnings(measurement, dense.epsilon), ...notes].map((text) => `! ${text}`),
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

function predictions({ spectrum, radii, dense: { epsilon }, directTest, smallFraction }: Measurement): Line[] {
  const lines: Line[] = [];
  if (spectrum !== undefined) {
    const conventions: readonly (readonly [NegativeConvention, string])[] = [
      ['absolute', 'loss landscape (statistical dimension)'],
      ['clip', '… negative curvature as flat'],
      ['drop', '… negative curvature left out'],
    ];
    for (const [convention, title] of conventions) {
      const limit = lossLandscapeLimit(spectrum.nodes, radii, epsilon, convention);
      lines.push([title, formatPercent(limit?.prunedFraction ?? null)]);
    }
    const limit = lossLandscapeLimit(spectrum.nodes, radii, epsilon);
    const kept = limit === undefined ? undefined : traceBoundOfKept(spectrum.nodes, limit.radius, epsilon);
    lines.push(['… at least, by the trace', formatPercent(kept === undefined ? null : 1 - kept)]);
  }
  lines.push([
    'gradient and curvature at each copy',
    formatPercent(directTestLimit(directTest, epsilon)?.prunedFraction ?? null),
  ]);
  lines.push(['weights smaller than 0.001', formatPercent(smallFraction)]);
  return lines;
}

function thresholds({ sweeps, dense: { loss, epsilon, accuracy } }: Measurement): Line[] {
  const points = sweeps.find(({ criterion }) => criterion === 'magnitude')?.points ?? [];
  const lines: Line[] = [
    ['loss at most ε higher', formatPercent(lastWithinLoss(points, loss, epsilon)?.prunedFraction ?? null)],
  ];
  if (accuracy === undefined) return lines;
  return [
    ...lines,
    ['accuracy at most 1 point lower', formatPercent(lastWithinOnePoint(points, accuracy)?.prunedFraction ?? null)],
    ['accuracy first 0.1 points lower', formatPercent(firstBelowTolerance(points, accuracy) ?? null)],
    ['accuracy last above unpruned', formatPercent(lastAboveDense(points, accuracy)?.prunedFraction ?? null)],
  ];
}

function criteria({ sweeps, dense: { loss, epsilon } }: Measurement): Line[] {
  const figure = ({ points }: CriterionSweep): string =>
    formatPercent(lastWithinLoss(points, loss, epsilon)?.prunedFraction ?? null);
  return sweeps.map((sweep) => [sweep.criterion, figure(sweep)]);
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
