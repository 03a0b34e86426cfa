import * as l10n from '@vscode/l10n';
import { FormatError } from '../formats/errors';
import type { DataArray, SampleValues } from './data-array';
import { MAX_CLASSES } from './data-limits';
import type { Samples, Targets } from './dataset';

/**
 * What labels mean: whole numbers from 0 are classes, and so are rows with a single 1 among zeros (one-hot); all other
 * numbers are values.
 * @param firstLabel number that the file gives to the first class
 * @throws {FormatError} if there are not as many as there are samples
 */
export function targetsOf(labels: DataArray, count: number, firstLabel = 0): Targets {
  const { file, shape, values } = labels;
  const rows = shape[0] ?? 0;
  if (rows !== count || shape.length === 0) {
    throw new FormatError({
      file,
      reason: l10n.t('has {0} labels for {1} samples', rows, count),
      remedy: l10n.t('Choose the labels that belong to these samples.'),
    });
  }
  const size = count === 0 ? 1 : values.length / count;
  if (size === 1) return classTargets(values, file, firstLabel) ?? { kind: 'values', size, values: asFloat32(values) };
  return oneHotTargets(values, count, size) ?? { kind: 'values', size, values: asFloat32(values) };
}

/** An array of samples with their labels. @throws {FormatError} if they do not belong together */
export function labelledSamples(inputs: DataArray, labels: DataArray, firstLabel?: number): Samples {
  const [count = 0, ...shape] = inputs.shape;
  checkNotEmpty(inputs.file, inputs.values.length === 0 ? 0 : count);
  return { shape, count, values: inputs.values, targets: targetsOf(labels, count, firstLabel) };
}

/** @throws {FormatError} if there are no samples, or there is nothing in them */
export function checkNotEmpty(file: string, count: number): void {
  if (count > 0) return;
  throw new FormatError({ file, reason: l10n.t('holds no samples'), remedy: l10n.t('Choose another data set.') });
}

function classTargets(values: SampleValues, file: string, firstLabel: number): Targets | undefined {
  const labels = new Int32Array(values.length);
  let most = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = (values[i] ?? 0) - firstLabel;
    if (!Number.isInteger(label) || label >= MAX_CLASSES) return undefined;
    if (label < 0) {
      if (firstLabel === 0) return undefined;
      throw new FormatError({
        file,
        reason: l10n.t(
          'has the label {0} (sample {1}), but the first is said to be {2}',
          values[i] ?? 0,
          i,
          firstLabel,
        ),
        remedy: l10n.t('Correct "firstLabel" in .prunability.json.'),
      });
    }
    labels[i] = label;
    if (label > most) most = label;
  }
  return { kind: 'classes', classes: most + 1, labels };
}

function oneHotTargets(values: SampleValues, count: number, size: number): Targets | undefined {
  if (size > MAX_CLASSES) return undefined;
  const labels = new Int32Array(count).fill(-1);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === 0) continue;
    const row = Math.floor(i / size);
    if (value !== 1 || labels[row] !== -1) return undefined;
    labels[row] = i % size;
  }
  return labels.includes(-1) ? undefined : { kind: 'classes', classes: size, labels };
}

function asFloat32(values: SampleValues): Float32Array {
  return values instanceof Float32Array ? values : Float32Array.from(values);
}
