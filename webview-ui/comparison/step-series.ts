import * as l10n from '@vscode/l10n';
import type { RunStep } from '../../src/report/comparison';
import { nameText } from '../../src/report/name-text';
import { fixed, limitPercent, NO_NUMBER } from '../../src/report/number-text';
import { cosineText } from './difference-text';
import { stepKurtosis } from './run-answer';

/** A figure of the whole model at a step, as vega reads it. */
export interface StepPoint {
  readonly step: number;
  /** Absolute path of the checkpoint. */
  readonly path: string;
  readonly series: 'first' | 'second';
  readonly value: number | null;
  readonly text: string;
  /** Lines of its tooltip. */
  readonly tip: readonly string[];
}

/** A checkpoint that could not be read. */
export interface StepGap {
  readonly step: number;
  readonly path: string;
  /** Lines of its tooltip. */
  readonly tip: readonly string[];
}

export type StepChartId = 'limit' | 'kurtosis' | 'zeros' | 'cosine';

/** One chart over the steps of a run. */
export interface StepChart {
  readonly id: StepChartId;
  readonly title: string;
  /** Names of the one or two series. */
  readonly series: readonly string[];
  readonly points: readonly StepPoint[];
  /** Ends of the figure's axis. */
  readonly lowest: number;
  readonly highest: number;
  readonly percentage: boolean;
}

interface Series {
  readonly name: string;
  readonly of: (step: RunStep) => number | null;
}

interface ChartPlan {
  readonly id: StepChartId;
  readonly title: string;
  readonly series: readonly Series[];
  readonly text: (value: number) => string;
  readonly percentage: boolean;
  /** Values that the axis does not go beyond. */
  readonly bounds: readonly [low: number, high: number];
}

const PLANS: readonly ChartPlan[] = [
  {
    id: 'limit',
    title: l10n.t('Predicted limit'),
    series: [{ name: l10n.t('Limit'), of: ({ limit }) => limit }],
    text: limitPercent,
    percentage: true,
    bounds: [0, 1],
  },
  {
    id: 'kurtosis',
    title: l10n.t('Kurtosis'),
    series: [{ name: l10n.t('Kurtosis'), of: stepKurtosis }],
    text: (value) => fixed(value, 2),
    percentage: false,
    bounds: [0, Infinity],
  },
  {
    id: 'zeros',
    title: l10n.t('Zeros'),
    series: [{ name: l10n.t('Zeros'), of: ({ zeroFraction }) => zeroFraction }],
    text: limitPercent,
    percentage: true,
    bounds: [0, 1],
  },
  {
    id: 'cosine',
    title: l10n.t('Cosine similarity'),
    series: [
      { name: l10n.t('to the step before'), of: ({ toPrevious }) => toPrevious?.cosineSimilarity ?? null },
      { name: l10n.t('to the first step'), of: ({ toFirst }) => toFirst?.cosineSimilarity ?? null },
    ],
    text: cosineText,
    percentage: false,
    bounds: [-1, 1],
  },
];

/** Share of the range that is left free above and below the points. */
const MARGIN = 0.08;
/** A figure that hardly changes is not made to look as if it did: the axis covers at least this much of it. */
const LEAST_RANGE = 0.02;

/** The charts of a run. */
export function stepCharts(steps: readonly RunStep[]): readonly StepChart[] {
  return PLANS.map(({ id, title, series, text, percentage, bounds }) => {
    const points = series.flatMap(({ name, of }, at) =>
      steps.map((step): StepPoint => {
        const value = step.unreadable === undefined ? of(step) : null;
        const shown = value === null ? NO_NUMBER : text(value);
        return {
          step: step.step,
          path: step.file.path,
          series: at === 0 ? 'first' : 'second',
          value,
          text: shown,
          tip: [l10n.t('step: {0}', String(step.step)), l10n.t('{0}: {1}', name, shown)],
        };
      }),
    );
    return { id, title, series: series.map(({ name }) => name), points, percentage, ...axisEnds(points, bounds) };
  });
}

/** The checkpoints that could not be read, with the reasons. */
export function stepGaps(steps: readonly RunStep[]): readonly StepGap[] {
  return steps.flatMap(({ step, file, unreadable }): readonly StepGap[] =>
    unreadable === undefined
      ? []
      : [
          {
            step,
            path: file.path,
            tip: [l10n.t('step: {0}', String(step)), l10n.t('not readable: {0}', nameText(unreadable))],
          },
        ],
  );
}

function axisEnds(
  points: readonly StepPoint[],
  [least, most]: readonly [number, number],
): { readonly lowest: number; readonly highest: number } {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  const low = values.reduce((smallest, value) => Math.min(smallest, value), Infinity);
  const high = values.reduce((largest, value) => Math.max(largest, value), -Infinity);
  if (low > high) return { lowest: 0, highest: 1 };
  const range = Math.max(high - low, LEAST_RANGE * Math.max(1, Math.abs(high)));
  const spare = range - (high - low);
  return {
    lowest: Math.max(least, low - spare / 2 - MARGIN * range),
    highest: Math.min(most + MARGIN * range, high + spare / 2 + MARGIN * range),
  };
}
