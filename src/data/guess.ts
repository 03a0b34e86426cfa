import * as l10n from '@vscode/l10n';
import { FormatError } from '../formats/errors';
import { arraysOf, type DataSet, type Normalisation, type SampleArray, type Samples, type Targets } from './dataset';
import { fitSamples, type Fit } from './fit';
import { fitTargets } from './fit-targets';
import type { ChannelLayout, DataKind, LoadedData, LoadedSamples } from './loaded-data';
import { shapeText, type NetworkInput, type NetworkShapes } from './network-shapes';
import { asTheyAre, normalisationCandidates, type NormalisationCandidate } from './normalisations';
import { prepareSamples, type SampleChoice } from './prepare';
import { isPicture, previews, type SamplePreview } from './preview';
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

/** What is given to one input of a network. Plain data. */
export interface GuessedInput {
  /** As the network calls it. */
  readonly name: string;
  /** Shape of a sample in the file. */
  readonly shape: readonly number[];
  readonly elements: 'uint8' | 'float32';
  readonly values: ValueStatistics;
  readonly fit: Fit;
}

/** What a data set is taken for, and how it is made to fit a network: what the first input is given, and all else. Plain data. */
export interface DataGuess extends GuessedInput {
  readonly kind: DataKind;
  /** Of a network with several inputs, in their order. */
  readonly further: readonly GuessedInput[];
  readonly targets:
    { readonly kind: 'classes'; readonly classes: number } | { readonly kind: 'values'; readonly size: number };
  readonly classNames?: readonly string[];
  readonly labelColumn?: string | number;
  readonly train: PartFacts;
  readonly test?: PartFacts;
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
  const [first, ...others] = network.inputs;
  const { notes, ...given } = guessInput(samples, first, layout, file, others.length > 0);
  const further = (samples.further ?? []).flatMap((array, index) => {
    const input = others[index];
    return input === undefined ? [] : [guessInput(array, input, layout, file, true)];
  });
  const trainTargets = fitTargets(samples.targets, network, labelsFileOf(data.train), settings.loss);
  const train = { samples, targets: trainTargets.targets, file };
  const test = data.test === undefined ? undefined : fittedTest(data.test, samples, network, settings);
  const inputs = [given, ...further];
  const warnings = [
    ...data.notes,
    ...notes,
    ...further.flatMap((input) => input.notes),
    ...trainTargets.notes,
    ...sameValueWarning(given.values),
    ...severalRealWarning(inputs, settings.normalisation),
  ];
  const guess: DataGuess = {
    kind: data.kind,
    ...given,
    further: further.map(({ name, shape, elements, values, fit }) => ({ name, shape, elements, values, fit })),
    targets: withoutNumbers(trainTargets.targets),
    ...names(data),
    train: partFacts(data.train, trainTargets.targets),
    ...(data.test === undefined || test === undefined ? {} : { test: partFacts(data.test, test.targets) }),
    normalisations: candidates(arraysOf(samples), inputs, settings.normalisation),
    warnings,
    samples: shownSamples(samples, inputs, data.classNames),
  };
  return test === undefined ? { guess, train } : { guess, train, test };
}

/** How an array becomes what an input takes. @throws {FormatError} if it does not fit */
function guessInput(
  array: SampleArray,
  input: NetworkInput,
  layout: ChannelLayout,
  file: string,
  isOneOfSeveral: boolean,
): GuessedInput & { readonly notes: readonly string[] } {
  const tensor = isOneOfSeveral ? input.name.slice(0, 100) : undefined;
  const { fit, notes } = fitSamples(array.shape, layout, input, file, tensor);
  const values = valueStatistics(array, file, tensor);
  if (input.whole) checkWhole(values, input, file);
  const elements = array.values instanceof Uint8Array ? 'uint8' : 'float32';
  return { name: input.name, shape: array.shape, elements, values, fit, notes };
}

/** Whole numbers up to here are the same in float32, in which they are carried. */
const MAX_WHOLE = 2 ** 24;

function checkWhole({ minimum, maximum, whole }: ValueStatistics, { name }: NetworkInput, file: string): void {
  if (whole && minimum >= -MAX_WHOLE && maximum <= MAX_WHOLE) return;
  throw new FormatError({
    file,
    reason: l10n.t(
      'the network takes whole numbers as "{0}", of {1} at most; the values go from {2} to {3}',
      name.slice(0, 100),
      MAX_WHOLE,
      minimum,
      maximum,
    ),
    remedy: l10n.t('Choose the data that the network was trained on.'),
  });
}

/** How each input of the network is made of what is in the file. */
export function fitsOf({ fit, further }: DataGuess): readonly Fit[] {
  return [fit, ...further.map((input) => input.fit)];
}

/** The pictures among the inputs, else what the first is given. */
function shownSamples(
  samples: Samples,
  inputs: readonly GuessedInput[],
  classNames: readonly string[] | undefined,
): SamplePreview[] {
  const arrays = arraysOf(samples);
  const picture = arrays.findIndex((array, index) => {
    const input = inputs[index];
    return input !== undefined && isPicture(array, input.fit);
  });
  const shown = Math.max(picture, 0);
  const [array, input] = [arrays[shown], inputs[shown]];
  if (array === undefined || input === undefined) return [];
  return previews({ ...array, targets: samples.targets }, input.values, input.fit, classNames);
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
    await prepareSamples(samples, targets, fitsOf(guess), normalisation, file, part, signal);
  const prepared = await prepare(train, choice);
  return test === undefined ? { train: prepared } : { train: prepared, test: await prepare(test) };
}

function fittedTest(
  part: LoadedSamples,
  trained: Samples,
  network: NetworkShapes,
  settings: DataSettings,
): FittedSamples {
  const { samples } = part;
  const file = fileOf(part);
  const arrays = arraysOf(samples);
  for (const [index, { shape }] of arraysOf(trained).entries()) {
    const own = arrays[index];
    if (own?.shape.join() !== shape.join()) {
      throw new FormatError({
        file,
        reason: l10n.t(
          'the samples for testing are {0}, those for training {1}',
          shapeText(own?.shape ?? []),
          shapeText(shape),
        ),
        remedy: l10n.t('Choose samples of the same kind.'),
      });
    }
    const input = network.inputs[index];
    const values = valueStatistics(own, file);
    if (input?.whole === true) checkWhole(values, input, file);
  }
  return { samples, targets: fitTargets(samples.targets, network, labelsFileOf(part), settings.loss).targets, file };
}

function candidates(
  arrays: readonly SampleArray[],
  inputs: readonly GuessedInput[],
  set: Normalisation | undefined,
): NormalisationCandidate[] {
  const real = inputs.flatMap((input, index) => {
    const array = arrays[index];
    return input.fit.whole === true || array === undefined ? [] : [{ ...input, array }];
  });
  const [one, ...others] = real;
  if (one === undefined) return [asTheyAre()];
  if (set !== undefined) return [{ id: 'set', label: l10n.t('as set in .prunability.json'), normalisation: set }];
  return others.length > 0 ? [asTheyAre()] : normalisationCandidates(one.array, one.values, one.fit);
}

/** Which of several inputs were prepared for training, and how, the network cannot tell. */
function severalRealWarning(inputs: readonly GuessedInput[], set: Normalisation | undefined): string[] {
  if (set !== undefined || inputs.filter(({ fit }) => fit.whole !== true).length < 2) return [];
  return [l10n.t('The values of all inputs are taken as they are: they have to be prepared as for training.')];
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
