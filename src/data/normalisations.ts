import * as l10n from '@vscode/l10n';
import type { Normalisation, SampleArray } from './dataset';
import type { Fit } from './fit';
import { groupMoments, type ValueStatistics } from './value-statistics';

/** A way in which the values may have been prepared for training. Plain data. */
export interface NormalisationCandidate {
  readonly id: string;
  /** For people. */
  readonly label: string;
  readonly normalisation: Normalisation;
}

/** Brightest value of an image of 8 bits a channel. */
const WHITE = 255;

/** Values of a few grey levels, as scikit-learn's digits have them (0 … 16), are no 8-bit images. */
const FEW_LEVELS = 32;

/** Vectors of more numbers are images or spectra, whose places are not standardised one by one. */
const MAX_STANDARDISED_PLACES = 4096;

/** Statistics of known training sets after division by 255, as PyTorch's and timm's examples have them. */
const KNOWN: readonly {
  readonly id: string;
  readonly name: string;
  readonly channels: number;
  readonly pixels?: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}[] = [
  { id: 'mnist', name: 'MNIST', channels: 1, pixels: 784, mean: [0.1307], std: [0.3081] },
  { id: 'fashion-mnist', name: 'Fashion-MNIST', channels: 1, pixels: 784, mean: [0.286], std: [0.353] },
  {
    id: 'cifar10',
    name: 'CIFAR-10',
    channels: 3,
    pixels: 1024,
    mean: [0.4914, 0.4822, 0.4465],
    std: [0.247, 0.2435, 0.2616],
  },
  {
    id: 'cifar10-batch-std',
    name: 'CIFAR-10 (0.2023, 0.1994, 0.2010)',
    channels: 3,
    pixels: 1024,
    mean: [0.4914, 0.4822, 0.4465],
    std: [0.2023, 0.1994, 0.201],
  },
  {
    id: 'cifar100',
    name: 'CIFAR-100',
    channels: 3,
    pixels: 1024,
    mean: [0.5071, 0.4865, 0.4409],
    std: [0.2673, 0.2564, 0.2762],
  },
  { id: 'imagenet', name: 'ImageNet', channels: 3, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
];

/**
 * Ways in which the values may have been prepared for training, the likeliest first: the one that gives the lowest loss is
 * probably the right one.
 */
export function normalisationCandidates(
  samples: SampleArray,
  statistics: ValueStatistics,
  fit: Fit,
): NormalisationCandidate[] {
  const { minimum, maximum, whole } = statistics;
  const asIs = asTheyAre();
  const standardised = standardise(samples, fit);
  if (minimum < 0) {
    const centred = minimum >= -1 && maximum <= 1;
    const halved = candidate('from-minus-one', l10n.t('from −1 … 1 to 0 … 1'), 0.5, [-0.5]);
    return centred ? [asIs, halved, ...standardised] : [asIs, ...standardised];
  }
  if (maximum <= 1) return [asIs, ...unitCandidates(samples, fit, 1, minimum < maximum), ...standardised];
  if (whole && maximum <= FEW_LEVELS) {
    const byMaximum = candidate('by-maximum', l10n.t('divided by {0}', maximum), 1 / maximum);
    return [byMaximum, asIs, ...standardised];
  }
  const isImage = whole && maximum <= WHITE;
  if (!isImage || (fit.layout === 'none' && samples.values instanceof Float32Array && maximum < WHITE / 2)) {
    return [asIs, ...standardised];
  }
  const byWhite = candidate('by-255', l10n.t('divided by {0}', WHITE), 1 / WHITE);
  return [byWhite, ...unitCandidates(samples, fit, 1 / WHITE, true), asIs, ...standardised];
}

/** Values that the network takes as they are in the file. */
export function asTheyAre(): NormalisationCandidate {
  return candidate('none', l10n.t('as they are'), 1);
}

/** What people do with values from 0 to 1. @param scale that brings the values there */
function unitCandidates(samples: SampleArray, fit: Fit, scale: number, known: boolean): NormalisationCandidate[] {
  if (!known) return [];
  const pixels = samples.values.length / samples.count / fit.channels;
  const statistics = KNOWN.filter(
    (set) => set.channels === fit.channels && (set.pixels === undefined || set.pixels === pixels),
  ).map(({ id, name, mean, std }) => candidate(id, l10n.t('mean and deviation of {0}', name), scale, mean, std));
  const centred = candidate('minus-one-to-one', l10n.t('from −1 to 1'), scale, [0.5], [0.5]);
  return [...statistics, centred];
}

/** Mean 0 and deviation 1: of each place of short vectors, of each channel of images, of all values otherwise. */
function standardise(samples: SampleArray, fit: Fit): NormalisationCandidate[] {
  const size = samples.values.length / samples.count;
  const isVector = samples.shape.length <= 1 && fit.channels === 1 && size <= MAX_STANDARDISED_PLACES;
  const groups = isVector ? size : fit.channels;
  const groupOf = isVector ? (place: number) => place : channelOf(fit, size);
  const { mean, std } = groupMoments(samples, groups, groupOf);
  // Where all values are the same there is nothing to divide by.
  const divisors = std.map((each) => (each > 0 ? each : 1));
  return std.some((each) => each > 0)
    ? [candidate('standardised', l10n.t('mean 0 and deviation 1 over these samples'), 1, mean, divisors)]
    : [];
}

/** The channel of each place of a sample as it is in the file. */
export function channelOf({ layout, channels }: Fit, size: number): (place: number) => number {
  if (layout === 'none' || channels === 1) return () => 0;
  if (layout === 'last') return (place) => place % channels;
  const plane = size / channels;
  return (place) => Math.floor(place / plane);
}

function candidate(
  id: string,
  label: string,
  scale: number,
  mean: readonly number[] = [0],
  std: readonly number[] = [1],
): NormalisationCandidate {
  return { id, label, normalisation: { scale, mean, std } };
}
