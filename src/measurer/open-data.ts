import * as l10n from '@vscode/l10n';
import { guessData, prepareData, type GuessedData } from '../data/guess';
import type { DataSettings } from '../data/settings';
import { readSettings, settingsPath, writeSettings } from '../data/settings-file';
import { FormatError } from '../formats/errors';
import { DEFAULT_MEASURE_OPTIONS } from '../measurement/measure';
import { loadNetwork } from '../network/load-network';
import type { Network } from '../network/network';
import { createNetworkObjective, weightsOf } from '../network/network-objective';

/** Samples at a time: their activations, and those of the gradient, are in memory. */
export const USUAL_BATCH = 256;

/** Samples by which the normalisations are told apart: a wrong one makes several times as many mistakes. */
const SAMPLES_PER_CANDIDATE = 512;

/** Losses that are no more apart are as good as equal. */
const EQUAL_LOSS = { factor: 1.1, more: 0.01 };

/** Settings that are about the network, whatever the data. */
const NETWORK_SETTINGS: readonly string[] = ['loss', 'batch', 'seed', 'samples'] satisfies (keyof DataSettings)[];

/** A network and the data that fit it, both read. */
export interface OpenedData {
  readonly network: Network;
  readonly guessed: GuessedData;
  readonly settings: DataSettings;
  /** The one that fits the network first. */
  readonly normalisations: GuessedData['guess']['normalisations'];
}

/**
 * Reads a network and its data, and finds the normalisation that fits: the network itself knows best what it was trained on.
 * What is given goes before what is remembered beside the model. The backend has to be started.
 * @throws {FormatError} if one of them cannot be read, or they do not fit
 */
export async function openData(model: string, given: DataSettings, signal: AbortSignal): Promise<OpenedData> {
  const settings = withRemembered(given, await readSettings(settingsPath(model)));
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

/** Of other data than the remembered ones, only what is said of the network still holds. */
function withRemembered(given: DataSettings, remembered: DataSettings): DataSettings {
  if (given.data === undefined || given.data === remembered.data) return { ...remembered, ...given };
  const kept = Object.entries(remembered).filter(([key]) => NETWORK_SETTINGS.includes(key));
  return { ...(Object.fromEntries(kept) as DataSettings), ...given };
}

/** Writes the settings that a network was opened with beside the model: all of them, and none that were there before. */
export async function rememberData(model: string, settings: DataSettings): Promise<void> {
  const file = settingsPath(model);
  const former = Object.fromEntries(Object.keys(await readSettings(file)).map((key) => [key, undefined]));
  await writeSettings(file, { ...former, ...settings });
}

/** How badly a network fits samples: mistakes where there are classes, else its loss. */
interface Misfit {
  readonly mistakes: number | undefined;
  readonly loss: number;
}

/**
 * Those that fit as well as any. Mistakes may differ by luck: by two deviations of their number, and by one. The loss alone would
 * not do where there are classes: numbers that are too large make a network more certain, and so its loss smaller.
 */
export function fittingBest<Candidate extends Misfit>(candidates: readonly Candidate[]): readonly Candidate[] {
  const usable = candidates.filter(({ loss }) => Number.isFinite(loss));
  const least = Math.min(...usable.map(({ mistakes, loss }) => mistakes ?? loss));
  return usable.filter(({ mistakes, loss }) =>
    mistakes === undefined
      ? loss <= EQUAL_LOSS.factor * least + EQUAL_LOSS.more
      : mistakes <= least + 2 * Math.sqrt(least) + 1,
  );
}

/** The candidates in their order, but with the first of those before all others that fit the network as well as any. */
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
  const tried: (Misfit & { readonly candidate: (typeof normalisations)[number] })[] = [];
  for (const candidate of normalisations) {
    const { train } = await prepareData(guessed, candidate.normalisation, choice, signal);
    const { loss, accuracy } = await createNetworkObjective(network, train, batch).evaluate(weights, signal);
    const mistakes = accuracy === undefined ? undefined : Math.round((1 - accuracy) * train.count);
    tried.push({ candidate, mistakes, loss });
  }
  const best = fittingBest(tried)[0]?.candidate;
  return best === undefined ? normalisations : [best, ...normalisations.filter((candidate) => candidate !== best)];
}
