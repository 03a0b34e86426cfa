import * as l10n from '@vscode/l10n';
import { MEASUREMENT_GLOSSARY } from '../measurement/measurement-glossary';

/** What a number on the panel is, for whoever asks. */
export interface GlossaryEntry {
  readonly title: string;
  readonly definition: string;
  /** What must hold, or what to beware of. */
  readonly notes: readonly string[];
  readonly source: string;
}

const COSINE_PAPER =
  'Mason-Williams & Dahlqvist, “What Makes a Good Prune? Maximal Unstructured Pruning for Maximal Cosine Similarity”, ICLR 2024.';

/** Definitions of the panel's terms. Estimates are not here: they carry their own assumptions and sources. */
export const GLOSSARY = {
  prunedFraction: {
    title: l10n.t('Pruned fraction'),
    definition: l10n.t(
      'The share of the scope’s values that is set to zero: the smallest |w| first, over all its layers at once, so that every layer has the same threshold.',
    ),
    notes: [
      l10n.t('Pruned values stay in the file as zeros: fewer bytes or operations need a sparse format or kernel.'),
    ],
    source: l10n.t('Global unstructured magnitude pruning, as in {0}', COSINE_PAPER),
  },
  cosine: {
    title: l10n.t('Cosine similarity'),
    definition: l10n.t(
      'The cosine of the angle between the weights and the pruned weights, taken as two long vectors: √(Σ kept w² ∕ Σ all w²). 1: nothing that matters is gone; 0: all is gone.',
    ),
    notes: [
      l10n.t('It is about the weights, not about the loss: networks with equal cosines may lose different accuracy.'),
      l10n.t('For a given number of pruned values no choice gives a higher cosine than the smallest |w|.'),
    ],
    source: COSINE_PAPER,
  },
  threshold: {
    title: l10n.t('Threshold'),
    definition: l10n.t('Values with |w| at or under it are set to zero; the vertical lines in the distributions.'),
    notes: [l10n.t('Computed from the distribution of |w| sent to the panel: within 10⁻⁴ in the cosine.')],
    source: l10n.t('The quantile of |w| at the pruned fraction.'),
  },
  kurtosis: {
    title: l10n.t('Kurtosis'),
    definition: l10n.t(
      'Pearson’s kurtosis m₄ ∕ m₂² about the mean, biased: 1.8 for a uniform distribution, 3 for a Gaussian, 6 for a Laplace. Heavier tails mean that fewer weights carry more of the norm, so more can go at the same cosine.',
    ),
    notes: [
      l10n.t(
        'Over all parameters it is dominated by a few normalisation weights near 1; the figure for tensors of two and more dimensions is the one to compare between networks.',
      ),
      l10n.t('It does not determine the limit: very few very large values raise it without bound.'),
    ],
    source: COSINE_PAPER,
  },
  std: {
    title: l10n.t('Standard deviation'),
    definition: l10n.t('Population standard deviation of the tensor’s finite values.'),
    notes: [],
    source: l10n.t('One pass in float64 (Pébay 2008, SAND2008-6212).'),
  },
  mean: {
    title: l10n.t('Mean'),
    definition: l10n.t('Mean of the tensor’s finite values.'),
    notes: [],
    source: l10n.t('One pass in float64 (Pébay 2008, SAND2008-6212).'),
  },
  skewness: {
    title: l10n.t('Skewness'),
    definition: l10n.t('m₃ ∕ m₂^1.5 about the mean, biased; 0 for a symmetric distribution.'),
    notes: [],
    source: l10n.t('One pass in float64 (Pébay 2008, SAND2008-6212).'),
  },
  zeros: {
    title: l10n.t('Zeros'),
    definition: l10n.t('Values that are exactly zero (either sign) in the file.'),
    notes: [
      l10n.t(
        'A large share means that the network has been pruned already; limits count these values as pruned first.',
      ),
    ],
    source: l10n.t('Counted.'),
  },
  norms: {
    title: l10n.t('Norms'),
    definition: l10n.t('L1: Σ|w|. L2: √Σw².'),
    notes: [],
    source: l10n.t('Over the tensor’s finite values.'),
  },
  range: {
    title: l10n.t('Smallest and largest value'),
    definition: l10n.t('Over the tensor’s finite values.'),
    notes: [],
    source: l10n.t('Counted.'),
  },
  limit: {
    title: l10n.t('Layer limit'),
    definition: l10n.t(
      'The best trade-off of this layer alone: the pruned fraction on the grid 0, 0.01 … 1 whose point on the layer’s own cosine curve is nearest to “cosine 1, everything pruned”.',
    ),
    notes: [
      l10n.t('A layer that the global threshold prunes beyond its own limit is where pruned networks break first.'),
      l10n.t('Small tensors have noisy limits.'),
    ],
    source: COSINE_PAPER,
  },
  kept: {
    title: l10n.t('Kept'),
    definition: l10n.t(
      'The share of the layer’s values above the global threshold at the pruned fraction that is set. The tick marks what would be kept if every layer gave the same share.',
    ),
    notes: [
      l10n.t('Computed in the panel from at most 512 cells a layer: within 0.1 percentage points for most layers.'),
    ],
    source: l10n.t('The layer’s distribution at the global threshold.'),
  },
  fits: {
    title: l10n.t('Fitted distributions'),
    definition: l10n.t(
      'Gaussian with the layer’s mean and standard deviation; Laplace with its mean and its mean absolute deviation as scale. They are drawn to judge the tails by; no limit depends on them.',
    ),
    notes: [],
    source: l10n.t(
      'Moments for the Gaussian; for the Laplace the deviation is taken about the mean instead of the median.',
    ),
  },
  scope: {
    title: l10n.t('What is counted and pruned'),
    definition: l10n.t(
      'Weights: prunable tensors of two or more dimensions; biases and normalisation parameters are kept. All parameters: those too, as the authors of the cosine method do.',
    ),
    notes: [
      l10n.t(
        'Normalisation weights are near 1 and dominate the norm of all parameters, which makes its limits look higher than those of the weights.',
      ),
      l10n.t('Buffers, constants, optimiser state and integer tensors are never counted. Tied tensors count once.'),
    ],
    source: COSINE_PAPER,
  },
  training: {
    title: l10n.t('Trained or at initialisation'),
    definition: l10n.t(
      'A tensor counts as initialised when its values cannot be told from a draw of a usual initialisation (uniform, or Gaussian with a known scale) within sampling error.',
    ),
    notes: [
      l10n.t(
        'Training that hardly changed the distribution, and initialisations that are not in the list, are not recognised.',
      ),
      l10n.t('Before training the distribution of the weights says nothing about what the network will need.'),
    ],
    source: l10n.t('Moments and extremes against their sampling errors.'),
  },
  ...MEASUREMENT_GLOSSARY,
} as const satisfies Readonly<Record<string, GlossaryEntry>>;

export type Term = keyof typeof GLOSSARY;
