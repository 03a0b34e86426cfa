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
    title: 'Pruned fraction',
    definition:
      'The share of the scope’s values that is set to zero: the smallest |w| first, over all its layers at once, so that every layer has the same threshold.',
    notes: ['Pruned values stay in the file as zeros: fewer bytes or operations need a sparse format or kernel.'],
    source: `Global unstructured magnitude pruning, as in ${COSINE_PAPER}`,
  },
  cosine: {
    title: 'Cosine similarity',
    definition:
      'The cosine of the angle between the weights and the pruned weights, taken as two long vectors: √(Σ kept w² ∕ Σ all w²). 1: nothing that matters is gone; 0: all is gone.',
    notes: [
      'It is about the weights, not about the loss: networks with equal cosines may lose different accuracy.',
      'For a given number of pruned values no choice gives a higher cosine than the smallest |w|.',
    ],
    source: COSINE_PAPER,
  },
  threshold: {
    title: 'Threshold',
    definition: 'Values with |w| at or under it are set to zero; the vertical lines in the distributions.',
    notes: ['Computed from the distribution of |w| sent to the panel: within 10⁻⁴ in the cosine.'],
    source: 'The quantile of |w| at the pruned fraction.',
  },
  kurtosis: {
    title: 'Kurtosis',
    definition:
      'Pearson’s kurtosis m₄ ∕ m₂² about the mean, biased: 1.8 for a uniform distribution, 3 for a Gaussian, 6 for a Laplace. Heavier tails mean that fewer weights carry more of the norm, so more can go at the same cosine.',
    notes: [
      'Over all parameters it is dominated by a few normalisation weights near 1; the figure for tensors of two and more dimensions is the one to compare between networks.',
      'It does not determine the limit: very few very large values raise it without bound.',
    ],
    source: COSINE_PAPER,
  },
  std: {
    title: 'Standard deviation',
    definition: 'Population standard deviation of the tensor’s finite values.',
    notes: [],
    source: 'One pass in float64 (Pébay 2008, SAND2008-6212).',
  },
  mean: {
    title: 'Mean',
    definition: 'Mean of the tensor’s finite values.',
    notes: [],
    source: 'One pass in float64 (Pébay 2008, SAND2008-6212).',
  },
  skewness: {
    title: 'Skewness',
    definition: 'm₃ ∕ m₂^1.5 about the mean, biased; 0 for a symmetric distribution.',
    notes: [],
    source: 'One pass in float64 (Pébay 2008, SAND2008-6212).',
  },
  zeros: {
    title: 'Zeros',
    definition: 'Values that are exactly zero (either sign) in the file.',
    notes: ['A large share means that the network has been pruned already; limits count these values as pruned first.'],
    source: 'Counted.',
  },
  norms: {
    title: 'Norms',
    definition: 'L1: Σ|w|. L2: √Σw².',
    notes: [],
    source: 'Over the tensor’s finite values.',
  },
  range: {
    title: 'Smallest and largest value',
    definition: 'Over the tensor’s finite values.',
    notes: [],
    source: 'Counted.',
  },
  limit: {
    title: 'Layer limit',
    definition:
      'The best trade-off of this layer alone: the pruned fraction on the grid 0, 0.01 … 1 whose point on the layer’s own cosine curve is nearest to “cosine 1, everything pruned”.',
    notes: [
      'A layer that the global threshold prunes beyond its own limit is where pruned networks break first.',
      'Small tensors have noisy limits.',
    ],
    source: COSINE_PAPER,
  },
  kept: {
    title: 'Kept',
    definition:
      'The share of the layer’s values above the global threshold at the pruned fraction that is set. The tick marks what would be kept if every layer gave the same share.',
    notes: ['Computed in the panel from at most 512 cells a layer: within 0.1 percentage points for most layers.'],
    source: 'The layer’s distribution at the global threshold.',
  },
  fits: {
    title: 'Fitted distributions',
    definition:
      'Gaussian with the layer’s mean and standard deviation; Laplace with its mean and its mean absolute deviation as scale. They are drawn to judge the tails by; no limit depends on them.',
    notes: [],
    source: 'Moments for the Gaussian; for the Laplace the deviation is taken about the mean instead of the median.',
  },
  scope: {
    title: 'What is counted and pruned',
    definition:
      'Weights: prunable tensors of two or more dimensions; biases and normalisation parameters are kept. All parameters: those too, as the authors of the cosine method do.',
    notes: [
      'Normalisation weights are near 1 and dominate the norm of all parameters, which makes its limits look higher than those of the weights.',
      'Buffers, constants, optimiser state and integer tensors are never counted. Tied tensors count once.',
    ],
    source: COSINE_PAPER,
  },
  training: {
    title: 'Trained or at initialisation',
    definition:
      'A tensor counts as initialised when its values cannot be told from a draw of a usual initialisation (uniform, or Gaussian with a known scale) within sampling error.',
    notes: [
      'Training that hardly changed the distribution, and initialisations that are not in the list, are not recognised.',
      'Before training the distribution of the weights says nothing about what the network will need.',
    ],
    source: 'Moments and extremes against their sampling errors.',
  },
} as const satisfies Readonly<Record<string, GlossaryEntry>>;

export type Term = keyof typeof GLOSSARY;
