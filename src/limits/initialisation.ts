import * as l10n from '@vscode/l10n';
import { initialisationScales } from './initialisation-scales';

/** The numbers of a tensor that its verdict rests on, over its finite values; `null` where undefined. */
export interface InitialisationFacts {
  readonly name: string;
  readonly shape: readonly number[];
  /** Number of finite values. */
  readonly count: number;
  readonly mean: number | null;
  /** Population standard deviation. */
  readonly std: number | null;
  /** Pearson's, biased. */
  readonly kurtosis: number | null;
  readonly min: number | null;
  readonly max: number | null;
}

/** Whether a tensor's values still look as they were drawn. */
export type TensorInitialisation =
  | {
      readonly state: 'as-initialised';
      readonly distribution: 'uniform' | 'normal' | 'truncated-normal';
      /** Name of the scheme whose standard deviation it has, where one is known. */
      readonly scheme: string | undefined;
    }
  | { readonly state: 'changed' }
  /** Constant, of one dimension, or too small to tell. */
  | { readonly state: 'undecided' };

/** The same for a model. */
export interface ModelInitialisation {
  /**
   * `at-initialisation`: all but {@link TOLERATED_FRACTION} of the weights that can be judged are as they were drawn;
   * `trained`: at most that fraction is; `mixed`: in between; `unknown`: none can be judged.
   */
  readonly state: 'at-initialisation' | 'trained' | 'mixed' | 'unknown';
  /** Of the weights that can be judged, the fraction that is as it was drawn; 0 if none can be. */
  readonly initialisedFraction: number;
  /** Number of weights that can be judged. */
  readonly judgedCount: number;
  /** Tensors that are as they were drawn, in the order of the input. */
  readonly initialisedTensors: readonly { readonly name: string; readonly description: string }[];
}

/**
 * Judges one tensor. Training does not keep the exact shapes that initialisers draw: the kurtosis of a uniform
 * distribution (9/5) with its sharp edge at √3 standard deviations, the edge of a normal distribution cut at two, or a
 * kurtosis of 3 together with precisely a standard deviation that a scheme prescribes for this shape. "As initialised"
 * needs all of these, and a mean of zero, within sampling error.
 *
 * What it cannot see: orthogonal, constant, spectral and pretrained-like initialisations; normal ones of a scale not in
 * the list; training so short that it moved the weights by less than sampling error (a few per cent of their spread in
 * a layer of some thousands, less in larger ones); layers of under {@link MIN_COUNT} values; and a trained layer that
 * happens to be normal with a known scale. Small tensors that look normal, trained or not, are left undecided.
 */
export function tensorInitialisation(facts: InitialisationFacts): TensorInitialisation {
  const { count, mean, std, kurtosis, min, max, shape } = facts;
  if (shape.length < 2 || count < MIN_COUNT) return { state: 'undecided' };
  if (mean === null || std === null || kurtosis === null || min === null || max === null || !(std > 0)) {
    return { state: 'undecided' };
  }
  const sample: Sample = { count, kurtosis, mean: mean / std, edge: Math.max(-min, max) / std };
  for (const distribution of ['uniform', 'truncated-normal', 'normal'] as const) {
    const family = FAMILIES[distribution];
    if (!fits(sample, family)) continue;
    const tolerance = SAMPLING_DEVIATIONS * relativeStdError(count, family);
    const scales = initialisationScales(shape, distribution);
    const scheme = scales.find((scale) => Math.abs(std / scale.std - 1) <= tolerance)?.name();
    if (distribution === 'normal' && scheme === undefined) continue;
    return count < family.minCount ? { state: 'undecided' } : { state: 'as-initialised', distribution, scheme };
  }
  return { state: 'changed' };
}

const DISTRIBUTIONS = {
  uniform: l10n.t('uniform distribution'),
  normal: l10n.t('normal distribution'),
  'truncated-normal': l10n.t('truncated-normal distribution'),
} as const;

/** Judges a model by its weights; pass the prunable tensors, shared memory once. */
export function modelInitialisation(tensors: readonly InitialisationFacts[]): ModelInitialisation {
  const initialisedTensors: { name: string; description: string }[] = [];
  let judgedCount = 0;
  let initialisedCount = 0;
  for (const facts of tensors) {
    const verdict = tensorInitialisation(facts);
    if (verdict.state === 'undecided') continue;
    judgedCount += facts.count;
    if (verdict.state === 'changed') continue;
    initialisedCount += facts.count;
    initialisedTensors.push({
      name: facts.name,
      description: verdict.scheme ?? DISTRIBUTIONS[verdict.distribution],
    });
  }
  const initialisedFraction = judgedCount === 0 ? 0 : initialisedCount / judgedCount;
  return { state: modelState(judgedCount, initialisedFraction), initialisedFraction, judgedCount, initialisedTensors };
}

function modelState(judgedCount: number, initialisedFraction: number): ModelInitialisation['state'] {
  if (judgedCount === 0) return 'unknown';
  if (initialisedFraction >= 1 - TOLERATED_FRACTION) return 'at-initialisation';
  return initialisedFraction <= TOLERATED_FRACTION ? 'trained' : 'mixed';
}

/**
 * Smallest tensor that is judged, and that may pass for a uniform draw: of 128 normal or Laplace values under 1 % do
 * (measured in the tests).
 */
export const MIN_COUNT = 128;

/** Smallest tensor that may pass for a truncated normal draw: in smaller ones trained weights reach no further than two deviations now and then. */
const MIN_TRUNCATED_COUNT = 1024;

/** Smallest tensor that may pass for a normal draw, which has no edge: its standard deviation is held to 4.4 % of a scheme's. */
const MIN_NORMAL_COUNT = 4096;

/** Fraction of weights that may contradict the verdict on a model: single layers that chance or freezing puts aside. */
const TOLERATED_FRACTION = 0.02;

/** Standard deviations of a sample that count as sampling error; 6e-5 of fresh tensors miss it, of those with a few hundred values three in a thousand. */
const SAMPLING_DEVIATIONS = 4;

/** Rounding to bfloat16 moves the largest value by up to 2⁻⁹ of it, and with it the edge; twice that. */
const EDGE_ROUNDING = 2 ** -8;

interface Sample {
  readonly count: number;
  readonly kurtosis: number;
  /** Mean and largest magnitude, in standard deviations. */
  readonly mean: number;
  readonly edge: number;
}

interface Family {
  readonly minCount: number;
  readonly kurtosis: number;
  /**
   * n × variance of the sample kurtosis, by the delta method μ₈ − μ₄² − 4μ₄μ₆ + 4μ₄³ in standardised moments of a
   * symmetric distribution (normal: 24).
   */
  readonly kurtosisVariance: number;
  /** Largest possible magnitude in standard deviations; Infinity if there is none. */
  readonly edge: number;
  /** Density of |x|/std just under the edge: how near the largest of n values comes to it. */
  readonly edgeDensity: number;
}

const FAMILIES: Readonly<Record<'uniform' | 'normal' | 'truncated-normal', Family>> = {
  uniform: family(MIN_COUNT, 9 / 5, 27 / 7, 9, Math.sqrt(3), 1 / Math.sqrt(3)),
  normal: family(MIN_NORMAL_COUNT, 3, 15, 105, Infinity, 0),
  'truncated-normal': truncatedNormal(2),
};

function family(minCount: number, mu4: number, mu6: number, mu8: number, edge: number, edgeDensity: number): Family {
  const kurtosisVariance = mu8 - mu4 ** 2 - 4 * mu4 * mu6 + 4 * mu4 ** 3;
  return { minCount, kurtosis: mu4, kurtosisVariance, edge, edgeDensity };
}

/** A normal distribution cut at ± `cut` of its own standard deviations, as TensorFlow, Keras and Flax draw it. */
function truncatedNormal(cut: number): Family {
  const density = Math.exp((-cut * cut) / 2) / Math.sqrt(2 * Math.PI);
  const inside = normalMassWithin(cut);
  // ∫ x^m φ = (m − 1) ∫ x^(m−2) φ − 2 cut^(m−1) φ(cut), over [−cut, cut].
  const moments = [inside];
  for (let m = 2; m <= 8; m += 2) {
    moments.push((m - 1) * (moments.at(-1) ?? 0) - 2 * cut ** (m - 1) * density);
  }
  const [, second, fourth, sixth, eighth] = moments.map((moment) => moment / inside) as [number, ...number[]];
  const variance = second ?? 1;
  const std = Math.sqrt(variance);
  return family(
    MIN_TRUNCATED_COUNT,
    (fourth ?? 0) / variance ** 2,
    (sixth ?? 0) / variance ** 3,
    (eighth ?? 0) / variance ** 4,
    cut / std,
    (2 * density * std) / inside,
  );
}

/** P(|x| ≤ cut) of a standard normal x, by the series of its distribution function. */
function normalMassWithin(cut: number): number {
  let term = cut;
  let sum = cut;
  for (let i = 1; i < 200; i++) {
    term *= (cut * cut) / (2 * i + 1);
    sum += term;
  }
  return 2 * sum * (Math.exp((-cut * cut) / 2) / Math.sqrt(2 * Math.PI));
}

function fits({ count, kurtosis, mean, edge }: Sample, family: Family): boolean {
  const error = SAMPLING_DEVIATIONS / Math.sqrt(count);
  if (Math.abs(mean) > error) return false;
  if (Math.abs(kurtosis - family.kurtosis) > error * Math.sqrt(family.kurtosisVariance)) return false;
  if (family.edge === Infinity) return true;
  // The largest of n falls short of the edge by an exponential variable of mean 1 / (n × density).
  const shortfall = -Math.log(EDGE_MISS_PROBABILITY) / (count * family.edgeDensity);
  const tolerance = SAMPLING_DEVIATIONS * relativeStdError(count, family) + EDGE_ROUNDING;
  return edge <= family.edge * (1 + tolerance) && edge >= family.edge * (1 - tolerance) - shortfall;
}

/** Chance that a fresh tensor's largest value is further from the edge; that of {@link SAMPLING_DEVIATIONS}. */
const EDGE_MISS_PROBABILITY = 6e-5;

/** Relative standard error of a standard deviation estimated from n values. */
function relativeStdError(count: number, { kurtosis }: Family): number {
  return Math.sqrt((kurtosis - 1) / (4 * count));
}
