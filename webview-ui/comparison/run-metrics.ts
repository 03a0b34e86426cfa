import * as l10n from '@vscode/l10n';
import type { RunLayer } from '../../src/report/comparison';
import { fixed, limitPercent, NO_NUMBER } from '../../src/report/number-text';
import { cosineText } from './difference-text';

export type RunMetric = 'kurtosis' | 'limit' | 'cosineToPrevious' | 'cosineToFirst' | 'zeros';

/** A figure of a layer at a step. */
export interface RunMetricInfo {
  readonly id: RunMetric;
  readonly label: string;
  readonly of: (layer: RunLayer) => number | null;
  readonly text: (value: number) => string;
  /** Shades go by the logarithm: kurtoses of 3 and 30 share the map. */
  readonly logarithmic: boolean;
}

/** What the map of layers and steps can show. */
export const RUN_METRICS: readonly RunMetricInfo[] = [
  {
    id: 'kurtosis',
    label: l10n.t('Kurtosis'),
    of: ({ kurtosis }) => kurtosis,
    text: (value) => fixed(value, 2),
    logarithmic: true,
  },
  { id: 'limit', label: l10n.t('Limit'), of: ({ limit }) => limit, text: limitPercent, logarithmic: false },
  {
    id: 'cosineToPrevious',
    label: l10n.t('Cosine to the step before'),
    of: ({ cosineToPrevious }) => cosineToPrevious,
    text: cosineText,
    logarithmic: false,
  },
  {
    id: 'cosineToFirst',
    label: l10n.t('Cosine to the first step'),
    of: ({ cosineToFirst }) => cosineToFirst,
    text: cosineText,
    logarithmic: false,
  },
  {
    id: 'zeros',
    label: l10n.t('Zeros'),
    of: ({ zeroFraction }) => zeroFraction,
    text: limitPercent,
    logarithmic: false,
  },
];

/** The metric of this name. */
export function runMetric(id: RunMetric): RunMetricInfo {
  const metric = RUN_METRICS.find((known) => known.id === id);
  if (metric === undefined) throw new RangeError(`No metric ${id}`);
  return metric;
}

/** A metric's value as text. */
export function metricText({ text }: RunMetricInfo, value: number | null | undefined): string {
  return value === null || value === undefined ? NO_NUMBER : text(value);
}
