import * as l10n from '@vscode/l10n';

const PAPER =
  'Zhang, Zhang, Sun & Liu, “How Sparse Can We Prune a Deep Network: A Fundamental Limit Perspective”, NeurIPS 2024, arXiv 2306.05857.';
const LANCZOS =
  'Ghorbani, Krishnan & Xiao, ICML 2019, arXiv 1901.10159; Yao et al. (PyHessian), 2020, arXiv 1912.07145.';

/** Definitions of the terms of a measurement with data. */
export const MEASUREMENT_GLOSSARY = {
  curvatureLimit: {
    title: l10n.t('Predicted from the curvature'),
    definition: l10n.t(
      'The pruned fraction s at which s = mean of rᵢ² ∕ (R(s)² + rᵢ²), where rᵢ² = 2ε ∕ |λᵢ| are the squared semi-axes of the region in which the loss is within ε, λᵢ the eigenvalues of its Hessian, and R(s) the norm of the smallest weights that make up the fraction s. Nothing is pruned to find it.',
    ),
    notes: [
      l10n.t(
        'The loss is taken to be quadratic about the weights, its gradient zero, the directions of its curvature random to the weights.',
      ),
      l10n.t(
        'That it meets what one-shot pruning reaches is an observation on networks that were trained with an L1 penalty; for others it is usually too high.',
      ),
      l10n.t('Negative eigenvalues have no semi-axis; what they count as is a choice.'),
    ],
    source: PAPER,
  },
  sublevelLimit: {
    title: l10n.t('The loss stays within ε'),
    definition: l10n.t(
      'The largest pruned fraction at which the loss of the network without its smallest weights is at most ε above that of the unpruned network, measured. The theory speaks of this limit (A3).',
    ),
    notes: [l10n.t('As fine as the steps of the measured curve.')],
    source: PAPER,
  },
  onePointLimit: {
    title: l10n.t('Accuracy falls by one point'),
    definition: l10n.t(
      'The largest measured pruned fraction at which the accuracy is no more than one percentage point below that of the unpruned network (A4).',
    ),
    notes: [l10n.t('On the test samples where there are any, else on those that the loss is measured on.')],
    source: l10n.t('Measured.'),
  },
  directLimit: {
    title: l10n.t('Direct test'),
    definition: l10n.t(
      'The largest pruned fraction at which gᵀd + ½ dᵀHd is at most ε: gradient g and Hessian H at the weights, d what pruning takes away. One Hessian-vector product a point, and no assumption about directions.',
    ),
    notes: [l10n.t('The loss is taken to be quadratic; higher orders are left out.')],
    source: l10n.t('Second-order Taylor polynomial of the loss.'),
  },
  traceLimit: {
    title: l10n.t('Bound from the trace'),
    definition: l10n.t(
      'The same limit with every eigenvalue replaced by the mean of |λ|: never above the prediction (Jensen), and far below it where few directions are steep.',
    ),
    notes: [l10n.t('Valid but loose: it knows nothing of how uneven the spectrum is.')],
    source: PAPER,
  },
  epsilon: {
    title: 'ε',
    definition: l10n.t(
      'By how much the loss may grow. The rule of the authors: the standard deviation of the mean losses of shuffled batches, which is the noise of a training step.',
    ),
    notes: [
      l10n.t('Prediction, measured limit and direct test are computed anew for another ε; nothing is run again.'),
    ],
    source: PAPER,
  },
  crossing: {
    title: l10n.t('Crossing curves'),
    definition: l10n.t(
      'Falling: G(R), the fraction that the curvature lets go when weights of norm R are removed. Rising: s(R), the fraction of weights whose norm is R, smallest first. Where they cross is the prediction.',
    ),
    notes: [],
    source: PAPER,
  },
  spectrum: {
    title: l10n.t('Spectrum of the Hessian'),
    definition: l10n.t(
      'Nodes of the quadrature: each stands for a share of the parameters (height) with eigenvalues about it. Steep directions are far right, flat ones in the middle, negative curvature left.',
    ),
    notes: [
      l10n.t('Stochastic Lanczos quadrature with random signs; the ends are exact sooner than the middle.'),
      l10n.t('Eigenvalues far under λmax ∕ steps² are not told apart: the node nearest to 0 stands for all of them.'),
    ],
    source: LANCZOS,
  },
  sensitivity: {
    title: l10n.t('Sensitivity of each parameter'),
    definition: l10n.t(
      'By how much the loss grows, in units of ε, when this parameter alone loses the given fraction of its weights, smallest first.',
    ),
    notes: [l10n.t('Parameters that are pruned together do each other more harm than the sum.')],
    source: l10n.t('Measured.'),
  },
} as const;

export type MeasurementTerm = keyof typeof MEASUREMENT_GLOSSARY;
