import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { FormatError } from '../formats/errors';
import { withDataFile } from './data-file';
import { readIdx } from './idx';
import type { LoadedData, LoadedSamples } from './loaded-data';
import { testPartner } from './partner-names';
import { labelledSamples } from './targets';

/** `train-images-idx3-ubyte`, `t10k-labels.idx1-ubyte.gz`, … : what is before and after the word, and the number of dimensions. */
const IMAGES = /^(.*?)images([-._]?)(?:idx\d([-._]?.*))?$/i;

/**
 * Reads a pair of IDX files, and the pair for testing beside it if there is one.
 * @param images path of the file with the samples
 * @param siblings names of the files in its folder
 * @param labels path of the labels, where they are not found by their name
 * @throws {FormatError}
 */
export async function readIdxData(
  images: string,
  siblings: readonly string[],
  options: { readonly labels?: string; readonly firstLabel?: number },
  signal?: AbortSignal,
): Promise<LoadedData> {
  const labels = options.labels ?? labelsBeside(images, siblings);
  const train = await readPair(images, labels, options.firstLabel, signal);
  const testName = testPartner(path.basename(images), siblings);
  if (testName === undefined || options.labels !== undefined) return loaded(train);
  const testImages = path.join(path.dirname(images), testName);
  return loaded(train, await readPair(testImages, labelsBeside(testImages, siblings), options.firstLabel, signal));
}

/** Whether a file of this name holds labels rather than samples. */
export function isIdxLabels(name: string): boolean {
  return /labels[-._]?(?:idx1)?/i.test(name);
}

/** The name of the samples that labels of this name belong to, if it is among `names`. */
export function idxImagesFor(labels: string, names: readonly string[]): string | undefined {
  return names.find((name) => IMAGES.test(name) && labelsFor(name, [labels]) !== undefined);
}

function loaded(train: LoadedSamples, test?: LoadedSamples): LoadedData {
  return { kind: 'idx', layout: 'unknown', train, ...(test === undefined ? {} : { test }), notes: [] };
}

async function readPair(
  images: string,
  labels: string,
  firstLabel: number | undefined,
  signal: AbortSignal | undefined,
): Promise<LoadedSamples> {
  const samples = labelledSamples(await readFile(images, signal), await readFile(labels, signal), firstLabel);
  return { samples, paths: [images, labels] };
}

function readFile(file: string, signal: AbortSignal | undefined): ReturnType<typeof readIdx> {
  return withDataFile(file, (source) => readIdx(source, signal));
}

function labelsBeside(images: string, siblings: readonly string[]): string {
  const name = labelsFor(path.basename(images), siblings);
  if (name !== undefined) return path.join(path.dirname(images), name);
  throw new FormatError({
    file: images,
    reason: l10n.t('has no file of labels beside it'),
    remedy: l10n.t(
      'Put it there, named like the samples with "labels" in place of "images", or name it as "labels" in .prunability.json.',
    ),
  });
}

/** The labels are one-dimensional; whether they are compressed or named with dots is not the samples' business. */
function labelsFor(images: string, names: readonly string[]): string | undefined {
  const match = IMAGES.exec(images);
  if (match === null) return undefined;
  const prefix = match[1] ?? '';
  const fitting = names.filter((name) => {
    const rest = name.slice(prefix.length);
    return name.startsWith(prefix) && /^labels(?:[-._]?idx1[-._]?ubyte)?(?:\.[\w.]+)?$/i.test(rest);
  });
  return fitting.find((name) => name.endsWith('.gz') === images.endsWith('.gz')) ?? fitting[0];
}
