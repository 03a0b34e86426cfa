import * as l10n from '@vscode/l10n';
import { FormatError } from '../formats/errors';
import type { DataSet, Normalisation, Samples, Targets } from './dataset';
import { fitSamples, type Fit } from './fit';
import { fitTargets } from './fit-targets';
import type { ChannelLayout, DataKind, LoadedData, LoadedSamples } from './loaded-data';
import { shapeText, type NetworkShapes } from './network-shapes';
import { normalisationCandidates, type NormalisationCandidate } from './normalisations';
import { prepareSamples, type SampleChoice } from './prepare';
import { previews, type SamplePreview } from './preview';
import { readData } from './read-data';
import type { DataSettings } from './settings';
import { valueStatistics, type ValueStatistics } from './value-statistics';

/** One part of a data set, for people. Plain data. */
export interface PartFacts {
  readonly paths: readonly string[];
  readonly count: number;
  /** Samples a class, where the targets are classes. */
  readonly classCounts?: readonly number[];
}

/** What a data set is taken for, and how it is made to fit a network. Plain data. */
export interface DataGuess {
  readonly kind: DataKind;
  /** Shape of a sample in the file. */
  readonly shape: readonly number[];
  readonly elements: 'uint8' | 'float32';
  readonly values: ValueStatistics;
  readonly targets:
    { readonly kind: 'classes'; readonly classes: number } | { readonly kind: 'values'; readonly size: number };
  readonly classNames?: readonly string[];
  readonly labelColumn?: string | number;
  readonly train: PartFacts;
  readonly test?: PartFacts;
  readonly fit: Fit;
  /** The likeliest first; only the one that the person has set, if there is one. */
  readonly normalisations: readonly NormalisationCandidate[];
  /** What was guessed, and what does not look right. */
  readonly warnings: readonly string[];
  readonly samples: readonly SamplePreview[];
}

/** A data set in memory, with what it is taken for. */
export interface GuessedData {
  readonly guess: DataGuess;
  readonly train: FittedSamples;
  readonly test?: FittedSamples;
}

/** Samples as they are in the file, with targets that fit the network. */
export interface FittedSamples {
  readonly samples: Samples;
  readonly targets: Targets;
  /** Absolute path of the samples, for messages. */
  readonly file: string;
}

/**
 * Reads what a person has chosen as the data of a network, and finds out how it fits.
 * @param chosen path of a file or a folder
 * @throws {FormatError} that says what does not fit, or why it cannot be read
 */
export async function guessData(
  chosen: string,
  network: NetworkShapes,
  settings: DataSettings,
  signal?: AbortSignal,
): Promise<GuessedData> {
  const data = await readData(chosen, network, settings, signal);
  const layout: ChannelLayout = settings.layout ?? data.layout;
  const { samples } = data.train;
  const file = fileOf(data.train);
  const { fit, notes } = fitSamples(samples.shape, layout, network, file);
  const trainTargets = fitTargets(samples.targets, network, labelsFileOf(data.train), settings.loss);
  const values = valueStatistics(samples, file);
  const train = { samples, targets: trainTargets.targets, file };
  const test = data.test === undefined ? undefined : fittedTest(data.test, samples, network, settings);
  const warnings = [...data.notes, ...notes, ...trainTargets.notes, ...sameValueWarning(values)];
  const guess: DataGuess = {
    kind: data.kind,
    shape: samples.shape,
    elements: samples.values instanceof Uint8Array ? 'uint8' : 'float32',
    values,
    targets: withoutNumbers(trainTargets.targets),
    ...names(data),
    train: partFacts(data.train, trainTargets.targets),
    ...(data.test === undefined || test === undefined ? {} : { test: partFacts(data.test, test.targets) }),
    fit,
    normalisations: candidates(samples, values, fit, settings.normalisation),
    warnings,
    samples: previews(samples, values, fit, data.classNames),
  };
  return test === undefined ? { guess, train } : { guess, train, test };
}

/**
 * The data set that a network is measured on.
 * @param choice which of the samples for training are taken; those for testing are all used
 * @throws {FormatError} if the normalisation does not fit
 */
export async function prepareData(
  { guess, train, test }: GuessedData,
  normalisation: Normalisation,
  choice?: SampleChoice,
  signal?: AbortSignal,
): Promise<DataSet> {
  const prepare = async (
    { samples, targets, file }: FittedSamples,
    part?: SampleChoice,
  ): ReturnType<typeof prepareSamples> =>
    await prepareSamples(samples, targets, guess.fit, normalisation, file, part, signal);
  const prepared = await prepare(train, choice);
  return test === undefined ? { train: prepared } : { train: prepared, test: await prepare(test) };
}

function fittedTest(
  part: LoadedSamples,
  { shape }: Samples,
  network: NetworkShapes,
  settings: DataSettings,
): FittedSamples {
  const { samples } = part;
  const file = fileOf(part);
  if (samples.shape.join() !== shape.join()) {
    throw new FormatError({
      file,
      reason: l10n.t(
        'the samples for testing are {0}, those for training {1}',
        shapeText(samples.shape),
        shapeText(shape),
      ),
      remedy: l10n.t('Choose samples of the same kind.'),
    });
  }
  valueStatistics(samples, file);
  return { samples, targets: fitTargets(samples.targets, network, labelsFileOf(part), settings.loss).targets, file };
}

function candidates(
  samples: Samples,
  values: ValueStatistics,
  fit: Fit,
  set: Normalisation | undefined,
): NormalisationCandidate[] {
  if (set !== undefined) return [{ id: 'set', label: l10n.t('as set in .prunability.json'), normalisation: set }];
  return normalisationCandidates(samples, values, fit);
}

function sameValueWarning({ minimum, maximum }: ValueStatistics): string[] {
  return minimum === maximum ? [l10n.t('All values are the same ({0}).', minimum)] : [];
}

function partFacts({ paths, samples }: LoadedSamples, targets: Targets): PartFacts {
  if (targets.kind !== 'classes') return { paths, count: samples.count };
  const classCounts = new Array<number>(targets.classes).fill(0);
  for (const label of targets.labels) classCounts[label] = (classCounts[label] ?? 0) + 1;
  return { paths, count: samples.count, classCounts };
}

function withoutNumbers(targets: Targets): DataGuess['targets'] {
  return targets.kind === 'classes'
    ? { kind: 'classes', classes: targets.classes }
    : { kind: 'values', size: targets.size };
}

function names({ classNames, labelColumn }: LoadedData): Pick<DataGuess, 'classNames' | 'labelColumn'> {
  return {
    ...(classNames === undefined ? {} : { classNames }),
    ...(labelColumn === undefined ? {} : { labelColumn }),
  };
}

function fileOf({ paths }: LoadedSamples): string {
  return paths[0] ?? '';
}

/** The labels are in the last of the files. */
function labelsFileOf({ paths }: LoadedSamples): string {
  return paths.at(-1) ?? '';
}
