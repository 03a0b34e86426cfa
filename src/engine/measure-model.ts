import * as l10n from '@vscode/l10n';
import { prepareData } from '../data/guess';
import { DEFAULT_MEASURE_OPTIONS, measure, type MeasureObserver, type MeasureStage } from '../measurement/measure';
import { startedMeasurement, withPart } from '../measurement/measurement-part';
import { createNetworkObjective, parameterLayout, weightsOf } from '../network/network-objective';
import type { MeasureRequest, MeasurementEvent } from '../protocol/measurement';
import type { Measurement } from '../report/measurement';
import { openData, rememberData, USUAL_BATCH } from './open-data';
import type { RunningBackend } from './running-backend';

/** Curvature and sweep need no more samples: on a tenth of the digits the limit is the same to a tenth of a point. */
const USUAL_SAMPLES = 5_000;

/**
 * Measures a network on data, telling what is known after each step.
 * @throws {FormatError} if the model or the data cannot be read or do not fit
 * @throws {ComputationError} if there is nothing to compute with, or the network gives no usable numbers
 * @throws CancelledError
 */
export async function measureModel(
  request: MeasureRequest,
  backend: RunningBackend,
  report: (event: MeasurementEvent) => void,
  signal: AbortSignal,
): Promise<Measurement> {
  const started = performance.now();
  const stage = (text: string, done = 0, total = 0): void => {
    report({ type: 'stage', stage: { stage: text, done, total } });
  };
  stage(l10n.t('Starting'));
  const facts = await backend.start(request.backend, request.places);
  stage(l10n.t('Reading network and data'));
  const opened = await openData(request.model, request.data, signal);
  const { network, guessed, settings } = opened;
  try {
    const [normalisation] = opened.normalisations;
    if (normalisation === undefined) throw new Error('There is no way to normalise the values');
    if (request.remember) {
      await rememberData(request.model, { ...settings, normalisation: normalisation.normalisation });
    }
    const seed = settings.seed ?? DEFAULT_MEASURE_OPTIONS.seed;
    const choice = { count: settings.samples ?? USUAL_SAMPLES, seed };
    const { train, test } = await prepareData(guessed, normalisation.normalisation, choice, signal);
    const batch = settings.batch ?? USUAL_BATCH;
    const objective = createNetworkObjective(network, train, batch);
    let measurement: Measurement | undefined;
    const observer: MeasureObserver = {
      part: (part) => {
        if (part.kind === 'start') {
          const known = {
            model: request.model,
            data: { path: guessed.train.file, count: train.count },
            ...(test === undefined ? {} : { test: { path: guessed.test?.file ?? '', count: test.count } }),
            backend: facts,
            loss: objective.loss.kind,
            notes: [
              l10n.t('Values of the samples: {0}.', normalisation.label),
              ...network.notes,
              ...guessed.guess.warnings,
            ],
          };
          measurement = startedMeasurement(known, part.figures);
        } else if (measurement !== undefined) measurement = withPart(measurement, part);
        if (measurement === undefined) return;
        measurement = { ...measurement, seconds: (performance.now() - started) / 1000 };
        report({ type: 'measurement', measurement });
      },
      progress: (name, done, total) => {
        stage(STAGES[name], done, total);
      },
    };
    const options = { ...DEFAULT_MEASURE_OPTIONS, seed };
    const tested = test === undefined ? undefined : createNetworkObjective(network, test, batch);
    const layout = parameterLayout(network);
    await measure({ objective, test: tested, layout, weights: weightsOf(network), options }, observer, signal);
    if (measurement === undefined) throw new Error('The measurement has told nothing');
    return measurement;
  } finally {
    network.dispose();
  }
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
