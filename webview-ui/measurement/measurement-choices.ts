import { PRUNING_CRITERIA, type NegativeConvention, type PruningCriterion } from '../../src/report/measurement';

/** Parts of the section of which one is shown at a time. */
export const MEASUREMENT_TABS = ['prediction', 'sensitivity', 'facts'] as const;
export type MeasurementTab = (typeof MEASUREMENT_TABS)[number];

export const NEGATIVE_CONVENTIONS = ['absolute', 'clip', 'drop'] as const satisfies readonly NegativeConvention[];

/** What the reader has chosen about the measurement. */
export interface MeasurementChoices {
  /** Absent: the rule of the measurement (spread of the batches' losses). */
  readonly epsilon?: number | undefined;
  readonly negative: NegativeConvention;
  /** Shown beside pruning by magnitude, which always is. */
  readonly criteria: readonly PruningCriterion[];
  readonly tab: MeasurementTab;
  /** The chart of the loss shows the pruned fractions about the limits alone. */
  readonly near: boolean;
}

export const INITIAL_CHOICES: MeasurementChoices = {
  negative: 'absolute',
  criteria: ['random'],
  tab: 'prediction',
  near: false,
};

/** Stored choices, every field checked: they may be of another version of the extension. */
export function restoreChoices(stored: unknown): MeasurementChoices {
  if (typeof stored !== 'object' || stored === null) return INITIAL_CHOICES;
  const { epsilon, negative, criteria, tab, near } = stored as Readonly<Record<string, unknown>>;
  return {
    ...(typeof epsilon === 'number' && epsilon > 0 && Number.isFinite(epsilon) ? { epsilon } : {}),
    negative: NEGATIVE_CONVENTIONS.find((known) => known === negative) ?? INITIAL_CHOICES.negative,
    criteria: Array.isArray(criteria)
      ? PRUNING_CRITERIA.filter((known) => criteria.includes(known))
      : INITIAL_CHOICES.criteria,
    tab: MEASUREMENT_TABS.find((known) => known === tab) ?? INITIAL_CHOICES.tab,
    near: near === true,
  };
}
