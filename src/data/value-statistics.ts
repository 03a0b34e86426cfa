import * as l10n from '@vscode/l10n';
import { FormatError } from '../formats/errors';
import type { SampleArray } from './dataset';

/** What can be said about the values of some samples. */
export interface ValueStatistics {
  readonly minimum: number;
  readonly maximum: number;
  /** No value has a fractional part. */
  readonly whole: boolean;
}

/** Means and deviations of the places or the channels of samples. */
export interface GroupMoments {
  readonly mean: number[];
  /** Population standard deviation. */
  readonly std: number[];
}

/** @throws {FormatError} if a value is not finite */
export function valueStatistics({ values, count }: SampleArray, file: string, tensor?: string): ValueStatistics {
  let minimum = Infinity;
  let maximum = -Infinity;
  let whole = true;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (!Number.isFinite(value)) {
      throw new FormatError({
        file,
        tensor,
        reason: l10n.t('sample {0} holds {1}', Math.floor((i * count) / values.length), String(value)),
        remedy: l10n.t('Fill in what is missing, or leave such samples out.'),
      });
    }
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
    whole &&= Number.isInteger(value);
  }
  return { minimum, maximum, whole };
}

/**
 * Mean and standard deviation of each group of places, in double precision and two passes.
 * @param groupOf the group of each place of a sample
 */
export function groupMoments(
  { values, count }: SampleArray,
  groups: number,
  groupOf: (place: number) => number,
): GroupMoments {
  const size = values.length / count;
  const group = Int32Array.from({ length: size }, (_, place) => groupOf(place));
  const members = new Float64Array(groups);
  for (const each of group) members[each] = (members[each] ?? 0) + count;
  const mean = new Float64Array(groups);
  const variance = new Float64Array(groups);
  for (let i = 0; i < values.length; i++) {
    const g = group[i % size] ?? 0;
    mean[g] = (mean[g] ?? 0) + (values[i] ?? 0);
  }
  for (let g = 0; g < groups; g++) mean[g] = (mean[g] ?? 0) / (members[g] ?? 1);
  for (let i = 0; i < values.length; i++) {
    const g = group[i % size] ?? 0;
    const deviation = (values[i] ?? 0) - (mean[g] ?? 0);
    variance[g] = (variance[g] ?? 0) + deviation * deviation;
  }
  return { mean: [...mean], std: [...variance].map((sum, g) => Math.sqrt(sum / (members[g] ?? 1))) };
}
