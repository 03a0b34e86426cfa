import { basename } from 'node:path';
import * as l10n from '@vscode/l10n';
import type { DataGuess, GuessedInput } from '../data/guess';
import { shapeText, type NetworkInput, type NetworkShapes } from '../data/network-shapes';
import type { DataPreview, PreviewRequest } from '../protocol/measurement';
import { formatCount, formatNumber } from '../report/format';
import { openData } from './open-data';
import type { RunningBackend } from './running-backend';

/** Classes whose numbers of samples are told one by one. */
const MAX_LISTED_CLASSES = 12;

/**
 * Reads the data that a person has chosen for a network, for them to see whether it is the right one.
 * @throws {FormatError} if network or data cannot be read, or do not fit
 */
export async function previewData(
  { model, data }: PreviewRequest,
  backend: RunningBackend,
  signal: AbortSignal,
): Promise<DataPreview> {
  await backend.start('auto');
  const { network, guessed, normalisations } = await openData(model, data, signal);
  try {
    const { guess } = guessed;
    return {
      facts: facts(guess, network),
      warnings: [...network.notes, ...guess.warnings],
      normalisations: normalisations.map(({ label, normalisation }) => ({ label, normalisation })),
      samples: guess.samples.map((sample) =>
        sample.kind === 'text'
          ? { label: sample.target, text: sample.text }
          : { label: sample.target, picture: { ...sample, pixels: Uint8Array.from(sample.pixels) } },
      ),
    };
  } finally {
    network.dispose();
  }
}

function facts(guess: DataGuess, network: NetworkShapes): DataPreview['facts'] {
  const { train, test, targets } = guess;
  const found = [
    {
      title: l10n.t('{0} samples', formatCount(train.count)),
      detail: train.paths.map((path) => basename(path)).join(', '),
    },
    ...(guess.further.length === 0
      ? inputFacts(guess, network.inputs[0])
      : [guess, ...guess.further].flatMap((input, index) => namedFact(input, network.inputs[index]))),
    targets.kind === 'classes'
      ? { title: l10n.t('{0} classes', targets.classes), detail: classText(guess) }
      : { title: l10n.t('{0} numbers to be predicted', targets.size), detail: '' },
  ];
  if (test === undefined) return found;
  const detail = test.paths.map((path) => basename(path)).join(', ');
  return [...found, { title: l10n.t('{0} samples for the accuracy', formatCount(test.count)), detail }];
}

function inputFacts({ shape, values, elements }: GuessedInput, input: NetworkInput): DataPreview['facts'] {
  return [
    {
      title: l10n.t('Shape {0}', shapeText(shape)),
      detail: l10n.t('the network takes {0}', shapeText(input.shape)),
    },
    { title: rangeText(values), detail: elements },
  ];
}

/** One of several inputs. */
function namedFact({ name, shape, values }: GuessedInput, input: NetworkInput | undefined): DataPreview['facts'] {
  if (input === undefined) return [];
  const taken = input.whole
    ? l10n.t('the network takes {0} whole numbers', shapeText(input.shape))
    : l10n.t('the network takes {0}', shapeText(input.shape));
  return [{ title: `${name}: ${shapeText(shape)}`, detail: `${rangeText(values)}; ${taken}` }];
}

function rangeText({ minimum, maximum }: GuessedInput['values']): string {
  return l10n.t('Values from {0} to {1}', formatNumber(minimum), formatNumber(maximum));
}

function classText({ train, classNames }: DataGuess): string {
  const counts = train.classCounts ?? [];
  const listed = counts
    .slice(0, MAX_LISTED_CLASSES)
    .map((count, index) => `${classNames?.[index] ?? index}: ${formatCount(count)}`);
  return listed.join(', ') + (counts.length > MAX_LISTED_CLASSES ? ', …' : '');
}
