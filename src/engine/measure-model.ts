import * as l10n from '@vscode/l10n';
import type { DataSet, Normalisation, PreparedSamples } from '../data/dataset';
import { guessData, prepareData, type GuessedData } from '../data/guess';
import type { DataSettings } from '../data/settings';
import { readSettings, settingsPath, writeSettings } from '../data/settings-file';
import { FormatError } from '../formats/errors';
import { DEFAULT_MEASURE_OPTIONS, measure, type MeasureObserver, type MeasureStage } from '../measurement/measure';
import { startedMeasurement, withPart } from '../measurement/measurement-part';
import { loadNetwork } from '../network/load-network';
import type { Network } from '../network/network';
import { createNetworkObjective, parameterLayout, weightsOf } from '../network/network-objective';
import { startBackend } from '../network/tensorflow/backends';
import type { BackendChoice, MeasureRequest, MeasurementEvent } from '../protocol/measurement';
import type { BackendFacts, Measurement } from '../report/measurement';

/** Curvature and sweep need no more samples: on a tenth of the digits the limit is the same to a tenth of a point. */
const USUAL_SAMPLES = 5_000;

/** Samples at a time: their activations, and those of the gradient, are in memory. */
const USUAL_BATCH = 256;

/** Samples by which the normalisations are told apart: a wrong one makes several times as many mistakes. */
const SAMPLES_PER_CANDIDATE = 512;

/** Mistakes (or losses) that are no more apart are as good as equal: a hundredth of the samples, a tenth of the others. */
const EQUAL_MISFIT = { factor: 1.1, points: 0.01 };

/** Where the files of the wasm backend are. */
export interface MeasurerPlace {
  readonly wasmFolder: string;
}

/** A network and the data that fit it, both read. */
export interface OpenedData {
  readonly network: Network;
  readonly guessed: GuessedData;
  readonly settings: DataSettings;
  /** The one that fits the network first. */
  readonly normalisations: GuessedData['guess']['normalisations'];
}

/** Starts what was chosen; for all of the process, where it has not been started before. */
export class Backends {
  private started: { readonly choice: BackendChoice; readonly facts: Promise<BackendFacts> } | undefined;

  constructor(private readonly place: MeasurerPlace) {}

  start(choice: BackendChoice): Promise<BackendFacts> {
    if (this.started?.choice === choice) return this.started.facts;
    const { wasmFolder } = this.place;
    const facts = startBackend(choice === 'auto' ? { wasmFolder } : { wasmFolder, backends: [choice] });
    const started = { choice, facts };
    this.started = started;
    // What could not be started may be tried again.
    facts.catch(() => {
      if (this.started === started) this.started = undefined;
    });
    return facts;
  }
}

/**
 * Reads a network and its data, and finds the normalisation that fits: the network itself knows best what it was trained on. What is given goes before what is remembered beside the model. The backend has to be started.
 * @throws {FormatError} if one of them cannot be read, or they do not fit
 */
export async function openData(model: string, given: DataSettings, signal: AbortSignal): Promise<OpenedData> {
  const settings = { ...(await readSettings(settingsPath(model))), ...given };
  if (settings.data === undefined) {
    throw new FormatError({
      file: model,
      reason: l10n.t('comes with no data: nothing is chosen, and there is no .prunability.json beside it'),
      remedy: l10n.t('Choose the data that the network was trained on.'),
    });
  }
  const network = await loadNetwork(model, signal);
  try {
    const guessed = await guessData(settings.data, network, settings, signal);
    const normalisations = await bestFirst(network, guessed, settings, signal);
    return { network, guessed, settings, normalisations };
  } catch (error) {
    network.dispose();
    throw error;
  }
}

/**
 * The candidates in their order, but with the first of those before all others that fit the network as well as any: its
 * accuracy (or, without classes, its loss) is hardly worse. The loss alone would not do: numbers that are too large make a
 * network more certain, and so its loss smaller.
 */
async function bestFirst(
  network: Network,
  guessed: GuessedData,
  settings: DataSettings,
  signal: AbortSignal,
): Promise<OpenedData['normalisations']> {
  const { normalisations } = guessed.guess;
  if (normalisations.length < 2) return normalisations;
  const choice = { count: SAMPLES_PER_CANDIDATE, seed: settings.seed ?? DEFAULT_MEASURE_OPTIONS.seed };
  const weights = weightsOf(network);
  const batch = settings.batch ?? USUAL_BATCH;
  const tried: { readonly candidate: (typeof normalisations)[number]; readonly misfit: number }[] = [];
  for (const candidate of normalisations) {
    const { train } = await prepareData(guessed, candidate.normalisation, choice, signal);
    const { loss, accuracy } = await createNetworkObjective(network, train, batch).evaluate(weights, signal);
    const misfit = accuracy === undefined ? loss : 1 - accuracy;
    tried.push({ candidate, misfit: Number.isFinite(loss) ? misfit : Infinity });
  }
  const least = Math.min(...tried.map(({ misfit }) => misfit));
  const best = tried.find(({ misfit }) => misfit <= EQUAL_MISFIT.factor * least + EQUAL_MISFIT.points)?.candidate;
  return best === undefined ? normalisations : [best, ...normalisations.filter((candidate) => candidate !== best)];
}

/**
 * Measures a network on data, telling what is known after each step.
 * @throws {FormatError} if the model or the data cannot be read or do not fit
 * @throws {ComputationError} if there is nothing to compute with, or the network gives no usable numbers
 * @throws CancelledError
 */
export async function measureModel(
  request: MeasureRequest,
  backends: Backends,
  report: (event: MeasurementEvent) => void,
  signal: AbortSignal,
): Promise<Measurement> {
  const started = performance.now();
  const stage = (text: string, done = 0, total = 0): void => {
    report({ type: 'stage', stage: { stage: text, done, total } });
  };
  stage(l10n.t('Starting'));
  const backend = await backends.start(request.backend);
  stage(l10n.t('Reading network and data'));
  const opened = await openData(request.model, request.data, signal);
  const { network, guessed, settings } = opened;
  try {
    const [normalisation] = opened.normalisations;
    if (normalisation === undefined) throw new Error('There is no way to normalise the values');
    if (request.remember) {
      await writeSettings(settingsPath(request.model), { ...settings, normalisation: normalisation.normalisation });
    }
    const { train, test } = await prepared(guessed, normalisation.normalisation, settings, signal);
    const batch = settings.batch ?? USUAL_BATCH;
    const objective = createNetworkObjective(network, train, batch);
    let measurement: Measurement | undefined;
    const observer: MeasureObserver = {
      part: (part) => {
        if (part.kind === 'start') {
          const facts = {
            model: request.model,
            data: { path: guessed.train.file, count: train.count },
            ...(test === undefined ? {} : { test: { path: guessed.test?.file ?? '', count: test.count } }),
            backend,
            loss: objective.loss.kind,
            notes: [
              l10n.t('Values of the samples: {0}.', normalisation.label),
              ...network.notes,
              ...guessed.guess.warnings,
            ],
          };
          measurement = startedMeasurement(facts, part.figures);
        } else if (measurement !== undefined) measurement = withPart(measurement, part);
        if (measurement === undefined) return;
        measurement = { ...measurement, seconds: (performance.now() - started) / 1000 };
        report({ type: 'measurement', measurement });
      },
      progress: (name, done, total) => {
        stage(STAGES[name], done, total);
      },
    };
    const options = { ...DEFAULT_MEASURE_OPTIONS, seed: settings.seed ?? DEFAULT_MEASURE_OPTIONS.seed };
    const tested = test === undefined ? undefined : createNetworkObjective(network, test, batch);
    const layout = parameterLayout(network);
    await measure({ objective, test: tested, layout, weights: weightsOf(network), options }, observer, signal);
    if (measurement === undefined) throw new Error('The measurement has told nothing');
    return measurement;
  } finally {
    network.dispose();
  }
}

async function prepared(
  guessed: GuessedData,
  normalisation: Normalisation,
  settings: DataSettings,
  signal: AbortSignal,
): Promise<{ readonly train: PreparedSamples; readonly test: PreparedSamples | undefined }> {
  const choice = {
    count: settings.samples ?? USUAL_SAMPLES,
    seed: settings.seed ?? DEFAULT_MEASURE_OPTIONS.seed,
  };
  const { train, test }: DataSet = await prepareData(guessed, normalisation, choice, signal);
  return { train, test };
}

/** What is done in each stage, for people. */
const STAGES: Readonly<Record<MeasureStage, string>> = {
  dense: l10n.t('Loss of the unpruned network'),
  sweep: l10n.t('Pruned copies, by magnitude'),
  spectrum: l10n.t('Curvature'),
  'direct-test': l10n.t('Second-order test'),
  criteria: l10n.t('Pruned copies, by other criteria'),
  sensitivity: l10n.t('Sensitivity of each layer'),
};
