import * as l10n from '@vscode/l10n';
import type { LimitEstimate, LimitMethod, LimitScope } from '../report/report';
import type { Moments } from '../sketch/moments';
import type { CosineCurve } from './cosine-curve';
import { cosineLevel } from './cosine-level';
import { cosineUtopia, cosineUtopiaOnGrid, roundHalfToEven, type PrunePoint } from './cosine-utopia';
import { kurtosisOfKurtoses, safePruneModifier } from './kurtosis';
import type { LayerwiseCurve } from './layerwise';
import { randomLevel, rawKurtosis } from './random-baseline';

/** What the limits of one scope are computed from: the scope's tensors, each once, over their finite values. */
export interface ScopeSummary {
  readonly scope: LimitScope;
  /** Curve of all values taken as one vector. */
  readonly curve: CosineCurve;
  /** The same tensors, each pruned by its own magnitudes. */
  readonly layerwise: LayerwiseCurve;
  /** Moments of all (signed) values taken as one vector. */
  readonly moments: Moments;
  /** Pearson kurtosis of each tensor; null for a constant one. */
  readonly kurtoses: readonly (number | null)[];
}

/**
 * All data-free limits of a scope, in the order in which they are listed. Empty if the scope has no values or all are
 * zero; without `cosine-safe` where K2 is undefined or 1.
 */
export function limitEstimates(summary: ScopeSummary): readonly LimitEstimate[] {
  const { curve, layerwise } = summary;
  const grid = cosineUtopiaOnGrid(curve);
  const exact = cosineUtopia(curve);
  if (grid === undefined || exact === undefined) return [];
  const local = layerwise.optimum();
  return [
    gridEstimate(summary, grid),
    exactEstimate(summary, exact),
    ...(local === undefined ? [] : [layerwiseEstimate(summary, local)]),
    ...safeEstimate(summary, grid),
    ...levelEstimate(summary, 'cosine-0.99', 0.99),
    ...levelEstimate(summary, 'cosine-0.95', 0.95),
    ...randomEstimate(summary),
  ];
}

const PAPER =
  'Mason-Williams & Dahlqvist, What Makes a Good Prune? Maximal Unstructured Pruning for Maximal Cosine Similarity, ICLR 2024';

const TRAINED = l10n.t(
  'The network has been trained: at initialisation the size of a weight says nothing about its use.',
);
const DATA_FREE = l10n.t(
  'Only the weights are looked at; loss, data and activations are not, so a weight counts by its size alone.',
);
const GLOBAL = l10n.t('The smallest magnitudes of all counted tensors go, whichever layer they are in.');
const EQUAL_TRADE = l10n.t('One per cent of pruned weights is worth one per cent of cosine.');
const FINE_TUNED = l10n.t('The pruned network is fine-tuned afterwards (the authors: one epoch).');

/** What a scope counts, as an assumption. */
export const SCOPE: Readonly<Record<LimitScope, string>> = {
  parameters: l10n.t('Biases and normalisation parameters are counted and pruned with the weights, as the authors do.'),
  weights: l10n.t(
    'Only tensors of two or more dimensions are counted and pruned; biases and normalisation parameters stay.',
  ),
};

function gridEstimate({ scope, curve }: ScopeSummary, point: PrunePoint): LimitEstimate {
  return {
    method: 'cosine-utopia-grid',
    scope,
    ...pruneOf(curve, point),
    inputs: 'weights',
    assumptions: [TRAINED, DATA_FREE, GLOBAL, SCOPE[scope], EQUAL_TRADE, FINE_TUNED],
    verdict: l10n.t(
      "Pruning {0} keeps a cosine of {1}: the authors' best trade, for a network that you fine-tune afterwards.",
      ...figures(point),
    ),
    reference: l10n.t('{0}: the optimum, nearest to (cosine, pruned fraction) = (1, 1) in steps of 1 %', PAPER),
  };
}

function exactEstimate({ scope, curve }: ScopeSummary, point: PrunePoint): LimitEstimate {
  return {
    method: 'cosine-utopia',
    scope,
    ...pruneOf(curve, point),
    inputs: 'weights',
    assumptions: [TRAINED, DATA_FREE, GLOBAL, SCOPE[scope], EQUAL_TRADE, FINE_TUNED],
    verdict: l10n.t(
      'Pruning {0} keeps a cosine of {1}: the same trade found among all numbers of weights instead of steps of 1 %.',
      ...figures(point),
    ),
    reference: l10n.t('{0}: the optimum; over every k instead of 101 points is our own derivation', PAPER),
  };
}

function layerwiseEstimate({ scope }: ScopeSummary, point: PrunePoint): LimitEstimate {
  return {
    method: 'cosine-utopia-layerwise',
    scope,
    prunedFraction: point.prunedFraction,
    prunedCount: point.prunedCount,
    cosineSimilarity: point.cosineSimilarity,
    inputs: 'weights',
    assumptions: [
      TRAINED,
      DATA_FREE,
      l10n.t('Every tensor loses the same fraction of its own smallest magnitudes, so no layer is emptied.'),
      SCOPE[scope],
      EQUAL_TRADE,
      FINE_TUNED,
    ],
    verdict: l10n.t(
      'Pruning {0} keeps a cosine of {1} if every layer gives the same share: the choice where a global prune would empty layers.',
      ...figures(point),
    ),
    reference: l10n.t(
      "{0}: layer-wise pruning where the layers' kurtoses are unequal; the optimum over the sum of layers is our own derivation",
      PAPER,
    ),
  };
}

function safeEstimate({ scope, curve, kurtoses }: ScopeSummary, optimum: PrunePoint): LimitEstimate[] {
  const k2 = kurtosisOfKurtoses(kurtoses).strict;
  const modifier = safePruneModifier(k2);
  if (k2 === null || modifier === undefined) return [];
  const prunedFraction = optimum.prunedFraction * modifier;
  const prunedCount = roundHalfToEven(prunedFraction * curve.count);
  const point = { prunedFraction, prunedCount, cosineSimilarity: curve.cosine(prunedCount) };
  const verdict =
    modifier < 1
      ? l10n.t(
          'Pruning {0} keeps a cosine of {1}: the best trade times {2}, because the layers differ (K2 = {3}).',
          ...figures(point),
          modifier.toFixed(2),
          k2.toFixed(2),
        )
      : l10n.t(
          'Pruning {0} keeps a cosine of {1}: the best trade itself, because the layers are alike (K2 = {2}).',
          ...figures(point),
          k2.toFixed(2),
        );
  return [
    {
      method: 'cosine-safe',
      scope,
      ...pruneOf(curve, point),
      inputs: 'weights',
      assumptions: [
        TRAINED,
        DATA_FREE,
        GLOBAL,
        SCOPE[scope],
        l10n.t(
          "The spread of the tensors' kurtoses tells how much the layers differ; the kurtosis of a tensor of few values is mostly noise.",
        ),
        l10n.t('A factor over 1 is taken as 1: safe is never more than the optimum.'),
      ],
      verdict,
      reference: l10n.t(
        "{0}: safe prune, optimum × 1/ln(K2), as in the authors' code; limited to the optimum here",
        PAPER,
      ),
    },
  ];
}

function levelEstimate({ scope, curve }: ScopeSummary, method: LimitMethod, level: 0.99 | 0.95): LimitEstimate[] {
  const point = cosineLevel(curve, level);
  if (point === undefined) return [];
  const pruned = percent(point.prunedFraction);
  return [
    {
      method,
      scope,
      ...pruneOf(curve, point),
      interval: point.interval,
      inputs: 'weights',
      assumptions: [
        TRAINED,
        DATA_FREE,
        GLOBAL,
        SCOPE[scope],
        l10n.t('A cosine of {0} is near enough to the original.', level),
      ],
      verdict:
        level === 0.99
          ? l10n.t(
              '{0} can go before the cosine falls under {1}: what the authors advise for a network that will not be fine-tuned.',
              pruned,
              level,
            )
          : l10n.t(
              '{0} can go before the cosine falls under {1}: a middle way, for a network that is fine-tuned a little.',
              pruned,
              level,
            ),
      reference:
        level === 0.99
          ? l10n.t('{0}: a high cosine, such as 0.99, if no fine-tuning follows', PAPER)
          : l10n.t('{0}: the cosine curve; the level of 0.95 is our own choice', PAPER),
    },
  ];
}

function randomEstimate({ scope, curve, moments }: ScopeSummary): LimitEstimate[] {
  const raw = rawKurtosis(moments);
  if (raw === undefined) return [];
  const { prunedFraction, interval } = randomLevel(0.99, curve.count, raw);
  const prunedCount = roundHalfToEven(prunedFraction * curve.count);
  return [
    {
      method: 'random-0.99',
      scope,
      prunedFraction,
      prunedCount,
      cosineSimilarity: 0.99,
      interval,
      inputs: 'weights',
      assumptions: [
        l10n.t('The weights to prune are chosen at random, each with the same chance: a baseline, not advice.'),
        l10n.t(
          'The interval holds 95 % of the random choices; the expected squared cosine is 1 − p for every network.',
        ),
        SCOPE[scope],
      ],
      verdict: l10n.t(
        'Pruning at random reaches a cosine of 0.99 at {0} already: what choosing by magnitude gains is the distance to it.',
        percent(prunedFraction),
      ),
      reference: l10n.t(
        '{0}: random pruning as the baseline; mean and variance of the squared cosine are our own derivation',
        PAPER,
      ),
    },
  ];
}

/** The fields of an estimate that a global prune by magnitude has. */
export function pruneOf(
  curve: CosineCurve,
  point: Pick<PrunePoint, 'prunedFraction' | 'prunedCount' | 'cosineSimilarity'>,
): Pick<LimitEstimate, 'prunedFraction' | 'prunedCount' | 'cosineSimilarity' | 'threshold'> {
  const { prunedFraction, prunedCount, cosineSimilarity } = point;
  const fields = { prunedFraction, prunedCount, cosineSimilarity };
  // Nothing pruned has no threshold: even 0 would prune the zeros.
  return prunedCount === 0 ? fields : { ...fields, threshold: curve.threshold(prunedCount).magnitude };
}

/** What is pruned and the cosine that is kept, as verdicts give them. */
function figures({
  prunedFraction,
  cosineSimilarity,
}: Pick<PrunePoint, 'prunedFraction' | 'cosineSimilarity'>): [pruned: string, cosine: string] {
  return [percent(prunedFraction), cosineSimilarity.toFixed(3)];
}

/** A fraction for people, `83 %`, `63.2 %`; with more digits where it would else read as 0 or 100 % without being it. */
export function percent(fraction: number): string {
  let text = '';
  for (let digits = 1; digits <= 6; digits++) {
    text = String(Number((100 * fraction).toFixed(digits)));
    if ((text !== '0' && text !== '100') || fraction === 0 || fraction === 1) break;
  }
  return `${text} %`;
}
