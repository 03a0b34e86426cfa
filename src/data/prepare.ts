import * as l10n from '@vscode/l10n';
import { setImmediate } from 'node:timers/promises';
import { FormatError, throwIfCancelled } from '../formats/errors';
import { MAX_VALUE_BYTES } from './data-limits';
import {
  arraysOf,
  type Normalisation,
  type PreparedInput,
  type PreparedSamples,
  type SampleArray,
  type Samples,
  type Targets,
} from './dataset';
import type { Fit } from './fit';
import { channelOf } from './normalisations';
import { chosenSamples } from './random-order';

/** Which of the samples are taken. */
export interface SampleChoice {
  /** At most so many; all if there are not more. */
  readonly count: number;
  /** Of the choice: the same seed gives the same samples. */
  readonly seed: number;
  /** Of those that are chosen, only these: from the first to before the second number. */
  readonly between?: readonly [first: number, end: number];
}

/** Values after which others get their turn, and it is asked whether the samples are still wanted. */
const VALUES_AT_A_TIME = 1 << 22;

/**
 * Samples as the network takes them: (value · scale − mean) / std in double precision, rounded once, in the network's order of
 * dimensions.
 * @param targets of all the samples, fitted to the network
 * @param fits one for each input; those of whole numbers are not normalised
 * @param file path for messages
 * @throws {FormatError} if the normalisation does not fit the samples, or they take too much memory
 */
export async function prepareSamples(
  samples: Samples,
  targets: Targets,
  fits: readonly Fit[],
  normalisation: Normalisation,
  file: string,
  choice?: SampleChoice,
  signal?: AbortSignal,
): Promise<PreparedSamples> {
  const arrays = arraysOf(samples);
  const size = arrays.reduce((sum, { values, count }) => sum + values.length / count, 0);
  const all = chosenSamples(samples.count, choice?.count ?? samples.count, choice?.seed ?? 0);
  const chosen = all.subarray(...(choice?.between ?? []));
  if (4 * size * chosen.length > MAX_VALUE_BYTES) {
    throw new FormatError({
      file,
      reason: l10n.t(
        'takes {0} bytes once it is prepared; at most {1} are used',
        4 * size * chosen.length,
        MAX_VALUE_BYTES,
      ),
      remedy: l10n.t('Set "samples" in .prunability.json: some thousands are enough for a measurement.'),
    });
  }
  const inputs: PreparedInput[] = [];
  for (const [index, array] of arrays.entries()) {
    const fit = fits[index];
    if (fit === undefined) throw new Error(`How input ${index} fits is not known`);
    inputs.push(await prepareInput(array, fit, fit.whole ? AS_THEY_ARE : normalisation, chosen, file, signal));
  }
  return { count: chosen.length, inputs, targets: takeTargets(targets, chosen) };
}

/** What whole numbers become. */
const AS_THEY_ARE: Normalisation = { scale: 1, mean: [0], std: [1] };

async function prepareInput(
  array: SampleArray,
  fit: Fit,
  normalisation: Normalisation,
  chosen: Int32Array,
  file: string,
  signal: AbortSignal | undefined,
): Promise<PreparedInput> {
  const size = array.values.length / array.count;
  const { means, stds } = perPlace(normalisation, fit, size, file);
  const to = destinations(fit, size);
  const { scale } = normalisation;
  const values = new Float32Array(size * chosen.length);
  const atATime = Math.max(1, Math.floor(VALUES_AT_A_TIME / size));
  for (const [index, sample] of chosen.entries()) {
    if (index % atATime === 0) {
      await setImmediate();
      throwIfCancelled(signal);
    }
    const from = sample * size;
    const start = index * size;
    for (let place = 0; place < size; place++) {
      const value = array.values[from + place] ?? 0;
      values[start + (to[place] ?? 0)] = (value * scale - (means[place] ?? 0)) / (stds[place] ?? 1);
    }
  }
  return { shape: fit.shape, values };
}

/** Where each place of a sample goes. */
function destinations({ order, channels }: Fit, size: number): Int32Array {
  const plane = size / channels;
  return Int32Array.from({ length: size }, (_, place) => {
    if (order === 'channels-to-front') return (place % channels) * plane + Math.floor(place / channels);
    if (order === 'channels-to-back') return (place % plane) * channels + Math.floor(place / plane);
    return place;
  });
}

function perPlace(
  { scale, mean, std }: Normalisation,
  fit: Fit,
  size: number,
  file: string,
): { readonly means: Float64Array; readonly stds: Float64Array } {
  const channel = channelOf(fit, size);
  const spread = (numbers: readonly number[]): Float64Array => {
    if (numbers.length !== 1 && numbers.length !== fit.channels && numbers.length !== size) {
      throw wrongNormalisation(
        file,
        l10n.t(
          'the normalization has {0} numbers; the samples have {1} channels and {2} values',
          numbers.length,
          fit.channels,
          size,
        ),
      );
    }
    return Float64Array.from({ length: size }, (_, place) => {
      if (numbers.length === 1) return numbers[0] ?? 0;
      return numbers[numbers.length === fit.channels ? channel(place) : place] ?? 0;
    });
  };
  const means = spread(mean);
  const stds = spread(std);
  if (
    !Number.isFinite(scale) ||
    !means.every(Number.isFinite) ||
    !stds.every((each) => Number.isFinite(each) && each > 0)
  ) {
    throw wrongNormalisation(
      file,
      l10n.t('the normalization has a deviation that is not positive, or numbers that are not finite'),
    );
  }
  return { means, stds };
}

function wrongNormalisation(file: string, reason: string): FormatError {
  return new FormatError({ file, reason, remedy: l10n.t('Correct "normalization" in .prunability.json.') });
}

function takeTargets(targets: Targets, chosen: Int32Array): Targets {
  if (targets.kind === 'classes') {
    const labels = Int32Array.from(chosen, (sample) => targets.labels[sample] ?? 0);
    return { ...targets, labels };
  }
  const { size } = targets;
  const values = new Float32Array(size * chosen.length);
  chosen.forEach((sample, index) => {
    values.set(targets.values.subarray(sample * size, (sample + 1) * size), index * size);
  });
  return { ...targets, values };
}
