import * as l10n from '@vscode/l10n';
import type { DataSet, PreparedSamples } from '../data/dataset';
import { prepareData } from '../data/guess';
import { FormatError } from '../formats/errors';
import { DEFAULT_MEASURE_OPTIONS, measure } from '../measurement/measure';
import type { MeasurementFacts } from '../measurement/measurement-part';
import { parameterLayout, weightsOf } from '../network/network-objective';
import { isOutOfMemory, outOfMemory } from '../network/out-of-memory';
import type { MeasureRequest, MeasurementEvent } from '../protocol/measurement';
import type { BackendFacts, Measurement } from '../report/measurement';
import { changedFiles, fileVersions } from './file-versions';
import { KeptMeasurements, type KeptMeasurement } from './kept-measurements';
import { measurementKey, type MeasurementIdentity } from './measurement-key';
import { MeasurementTeller, type MeasurementListener } from './measurement-teller';
import { openData, rememberData, USUAL_BATCH, type OpenedData } from './open-data';
import { openObjectives, type OpenedObjectives } from './open-objectives';
import type { RunningBackend } from './running-backend';
import { StageClock } from './stage-clock';
import { trainingLosses } from './training-losses';

/** Curvature and sweep need no more samples: on a tenth of the digits the limit is the same to a tenth of a point. */
const USUAL_SAMPLES = 5_000;

/**
 * Measures a network on data, telling what is known after each step. What is kept of the very same measurement, stopped before
 * its end, is not measured again.
 * @param program what identifies this version of the program: results of others are not gone on with
 * @throws {FormatError} if the model or the data cannot be read or do not fit
 * @throws {ComputationError} if there is nothing to compute with, or the network gives no usable numbers
 * @throws CancelledError
 */
export async function measureModel(
  request: MeasureRequest,
  backend: RunningBackend,
  report: (event: MeasurementEvent) => void,
  signal: AbortSignal,
  program = '',
): Promise<Measurement> {
  const started = performance.now();
  const clock = new StageClock();
  const stage = (text: string, done = 0, total = 0): void => {
    report({ type: 'stage', stage: { stage: text, done, total, remaining: clock.remaining(text, done, total) } });
  };
  stage(l10n.t('Starting'));
  const facts = await backend.start(request.backend, request.places);
  stage(l10n.t('Reading network and data'));
  const before = await fileVersions([request.model]);
  const opened = await openData(request.model, request.data, signal);
  try {
    if ((await changedFiles(before)).length > 0) throw changedMeanwhile(request.model);
    const run = { request, opened, facts, script: backend.script, program, started, stage, report };
    return await measureOpened(run, signal);
  } finally {
    await giveBack(() => {
      opened.network.dispose();
    });
  }
}

/** A measurement whose network and data are read. */
interface Run extends MeasurementListener {
  readonly request: MeasureRequest;
  readonly opened: OpenedData;
  readonly facts: BackendFacts;
  readonly script: string | undefined;
  readonly program: string;
  /** When it began, as performance.now() has it. */
  readonly started: number;
}

async function measureOpened(run: Run, signal: AbortSignal): Promise<Measurement> {
  const { request, opened, facts, script, program } = run;
  const { network, guessed, settings } = opened;
  const { model } = request;
  const [chosen] = opened.normalisations;
  if (chosen === undefined) throw new Error('There is no way to normalise the values');
  const { normalisation } = chosen;
  if (request.remember) await rememberData(model, { ...settings, normalisation });
  const seed = settings.seed ?? DEFAULT_MEASURE_OPTIONS.seed;
  const batch = settings.batch ?? USUAL_BATCH;
  const { train: trained, test: tested } = guessed.guess;
  const versions = await fileVersions([model, ...trained.paths, ...(tested?.paths ?? [])]);
  const choice = { count: settings.samples ?? USUAL_SAMPLES, seed };
  const data = await prepareData(guessed, normalisation, choice, signal);
  const { train, test } = data;
  const wanted = { script, backend: facts.name, model, network, train, test, batch };
  const objectives = await openObjectives(wanted, signal);
  try {
    const { objective, threads } = objectives;
    const options = { ...DEFAULT_MEASURE_OPTIONS, seed };
    const layout = parameterLayout(network);
    const weights = weightsOf(network);
    const loss = objectives.loss.kind;
    const identity = { model, program, layout, weights, data, loss, batch, options, backend: facts, threads };
    const kept = await keptMeasurement(request, identity, signal);
    const seconds = (): number => kept?.seconds ?? (performance.now() - run.started) / 1000;
    const teller = new MeasurementTeller(knownOf(run, data, objectives, chosen.label, kept), seconds, run);
    // Where a person has said how many samples are to be used, that holds for all.
    const more = settings.samples === undefined && guessed.train.samples.count > train.count;
    const lossesOf = (samples: PreparedSamples, raised: AbortSignal): Promise<Float32Array> =>
      objectives.losses(samples, weights, raised);
    const all = { lossesOf, guessed, normalisation, seed, batch };
    const losses = more ? (raised: AbortSignal) => trainingLosses(all, raised) : undefined;
    const fixed = { objective, test: objectives.test, layout, weights, options };
    try {
      await measure({ ...fixed, trainingLosses: losses, kept, isFatal: isOutOfMemory }, teller, signal);
      await kept?.remove();
    } catch (error) {
      await kept?.flush();
      throw isOutOfMemory(error) ? outOfMemory(batch) : error;
    }
    for (const note of await changeNotes(versions)) teller.part({ kind: 'note', note });
    if (teller.measurement === undefined) throw new Error('The measurement has told nothing');
    return teller.measurement;
  } finally {
    await giveBack(() => objectives.dispose());
  }
}

/** What is known before anything is measured. */
function knownOf(
  { request, opened, facts }: Run,
  { train, test }: DataSet,
  { loss, threads }: OpenedObjectives,
  normalisation: string,
  kept: KeptMeasurement | undefined,
): MeasurementFacts {
  const { network, guessed } = opened;
  const reason = threads === 1 ? facts.reason : l10n.t('{0}; {1} threads', facts.reason, threads);
  return {
    model: request.model,
    data: { path: guessed.train.file, count: train.count },
    ...(test === undefined ? {} : { test: { path: guessed.test?.file ?? '', count: test.count } }),
    backend: { ...facts, reason },
    loss: loss.kind,
    notes: [
      ...(request.keep?.earlier === 'continue' && kept?.resumed === 0 ? [NOTHING_KEPT] : []),
      l10n.t('Values of the samples: {0}.', normalisation),
      ...network.notes,
      ...guessed.guess.warnings,
    ],
  };
}

/** Where the memory was not enough, the backend may not even be able to give some back: what has led to it is to be told. */
async function giveBack(dispose: () => Promise<void> | void): Promise<void> {
  try {
    await dispose();
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
  }
}

const NOTHING_KEPT = l10n.t(
  'There was nothing to continue (model, data, settings, machine or program are not the same, or the measurement was complete): all was measured anew.',
);

/** Undefined if nothing is to be kept. */
async function keptMeasurement(
  { keep, model }: MeasureRequest,
  identity: MeasurementIdentity,
  signal: AbortSignal,
): Promise<KeptMeasurement | undefined> {
  if (keep === undefined) return undefined;
  const key = await measurementKey(identity, signal);
  return new KeptMeasurements(keep.folder).open(key, keep.earlier !== 'forget', (error) => {
    process.stderr.write(`What is measured of ${model} cannot be kept: ${String(error)}\n`);
  });
}

function changedMeanwhile(file: string): FormatError {
  return new FormatError({
    file,
    reason: l10n.t('was changed while it was read'),
    remedy: l10n.t('Another program is writing it: try again once that is done.'),
  });
}

/** What was read before a file changed is what was measured: that is to be said. */
async function changeNotes(versions: ReadonlyMap<string, string>): Promise<string[]> {
  return (await changedFiles(versions)).map((path) =>
    l10n.t('{0} has changed since it was read: what was measured is as it was before.', path),
  );
}
