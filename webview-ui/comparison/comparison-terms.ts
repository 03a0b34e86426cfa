import * as l10n from '@vscode/l10n';

/** What a figure of a comparison is. */
export interface TermEntry {
  readonly title: string;
  readonly definition: string;
  /** What must hold, or what to beware of. */
  readonly notes: readonly string[];
}

const MATCHED = l10n.t(
  'Over the positions where both sides are finite, in tensors of the same name and shape, values taken as float32.',
);

/** Definitions of the figures that only a comparison has, and of those that it shares with the analysis of one file. */
export const COMPARISON_TERMS = {
  limit: {
    title: l10n.t('Predicted limit'),
    definition: l10n.t(
      'The pruned fraction, in steps of 1 %, nearest to the ideal “cosine 1, everything pruned”, over the weights of two and more dimensions; of a tensor, over its own values.',
    ),
    notes: [
      l10n.t('Predicted from the weights alone; it means nothing before training.'),
      l10n.t('Mason-Williams & Dahlqvist, “What Makes a Good Prune?”, ICLR 2024.'),
    ],
  },
  kurtosis: {
    title: l10n.t('Kurtosis'),
    definition: l10n.t(
      'Pearson’s kurtosis about the mean: 1.8 for a uniform distribution, 3 for a Gaussian, 6 for a Laplace. Heavier tails mean that more can go at the same cosine.',
    ),
    notes: [],
  },
  zeros: {
    title: l10n.t('Zeros'),
    definition: l10n.t('Share of the prunable values that are exactly zero (either sign).'),
    notes: [l10n.t('After pruning, this is the actual pruned fraction.')],
  },
  cosine: {
    title: l10n.t('Cosine similarity'),
    definition: l10n.t('a·b ∕ (‖a‖ ‖b‖) of the two weight vectors: 1 for the same direction, 0 for unrelated ones.'),
    notes: [MATCHED, l10n.t('It does not see a common factor: doubled weights have cosine 1.')],
  },
  relativeChange: {
    title: l10n.t('Relative change'),
    definition: l10n.t('‖b − a‖ ∕ ‖a‖: the length of the difference in units of the length before.'),
    notes: [MATCHED],
  },
  maskOverlap: {
    title: l10n.t('Mask overlap'),
    definition: l10n.t(
      'Jaccard index of the two sets of zeros: positions that are zero on both sides over positions that are zero on either.',
    ),
    notes: [MATCHED],
  },
  kolmogorovSmirnov: {
    title: l10n.t('Kolmogorov–Smirnov shift'),
    definition: l10n.t('Largest difference between the two distribution functions, from 0 to 1.'),
    notes: [l10n.t('It compares distributions: which position has which value does not matter.')],
  },
  wasserstein: {
    title: l10n.t('Wasserstein shift'),
    definition: l10n.t(
      'How far values move on average to turn one distribution into the other, in standard deviations before.',
    ),
    notes: [l10n.t('It compares distributions: which position has which value does not matter.')],
  },
  globalRule: {
    title: l10n.t('L1 rule, one threshold'),
    definition: l10n.t(
      'Of the positions that were pruned, the share that would also have been taken by pruning as many of the smallest magnitudes of the whole model.',
    ),
    notes: [
      l10n.t('A range where the exact share is not known; equal magnitudes at the threshold count as agreement.'),
    ],
  },
  layerRule: {
    title: l10n.t('L1 rule, a threshold for each tensor'),
    definition: l10n.t(
      'The same with a threshold for each tensor, each pruned as much as it was: the choice of layerwise magnitude pruning.',
    ),
    notes: [
      l10n.t('A range where the exact share is not known; equal magnitudes at the threshold count as agreement.'),
    ],
  },
} as const satisfies Readonly<Record<string, TermEntry>>;

export type ComparisonTerm = keyof typeof COMPARISON_TERMS;
